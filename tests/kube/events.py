"""Events: what the API takes (events.k8s.io/v1), and the older view of them that kubectl reads."""

import re

from .store import ApiProblem

EVENTS, CORE = ("events.k8s.io", "events"), ("", "events")
MICRO_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def check(event, namespace, command):
    """What validation refuses, as far as a client of the newer group can meet it."""
    if command == "PATCH":
        _require(set(event) == {"series"}, "only the series may change")
        _check_series(event["series"])
        return
    _require(re.fullmatch(MICRO_TIME, event.get("eventTime") or ""), "eventTime")
    _require(event.get("type") in ("Normal", "Warning"), "type")
    _require(re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9_.]{0,62}", event.get("reportingController") or ""),
             "reportingController")
    for name in ("reportingInstance", "action", "reason"):
        _require(0 < len((event.get(name) or "").encode()) <= 128, name)
    _require(len((event.get("note") or "").encode()) <= 1024, "note")
    regarding = event.get("regarding") or {}
    _require(regarding.get("namespace") == namespace == event["metadata"].get("namespace"), "regarding.namespace")
    if "series" in event:
        _check_series(event["series"])


def _check_series(series):
    _require(series["count"] > 1 and re.fullmatch(MICRO_TIME, series["lastObservedTime"]), "series")


def _require(good, what):
    if not good:
        raise ApiProblem(422, "Invalid", f"Event is invalid: {what}")


def as_core(event):
    """The same Event as core/v1 has it."""
    core = {"kind": "Event", "apiVersion": "v1", "metadata": event["metadata"], "involvedObject": event["regarding"],
            "message": event["note"], "reportingComponent": event["reportingController"],
            "source": {}, "firstTimestamp": None, "lastTimestamp": None}
    core.update({name: event[name] for name in ("reason", "type", "action", "eventTime", "reportingInstance", "series")
                 if name in event})
    return core


def selects(selector, event):
    """Field selectors as `kubectl describe` sends them."""
    for part in filter(None, selector.split(",")):
        path, value = re.split(r"==?", part, maxsplit=1)
        found = event
        for key in path.split("."):
            found = (found or {}).get(key)
        if (found or "") != value:
            return False
    return True

"""The files of dashboards/ as the tests read them."""

import glob
import json
import os
import re

import yaml     # Debian's python3-yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "dashboards")
RULES = os.path.join(FOLDER, "alerts", "rollcall.yaml")
RULE_TESTS = sorted(glob.glob(os.path.join(FOLDER, "alerts", "*_test.yaml")))
ALERTMANAGER = os.path.join(FOLDER, "alertmanager", "alertmanager.yaml")
RUNBOOKS = os.path.join(FOLDER, "runbooks")
METRICS_PAGE = os.path.join(ROOT, "daemon", "sinks", "README.md")

_DURATION = re.compile(r"(\d+)([smhd])\b")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def text(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def rules():
    """All rules of the rule file, as dicts."""
    return [rule for group in yaml.safe_load(text(RULES))["groups"] for rule in group["rules"]]


def alerts():
    return [rule for rule in rules() if "alert" in rule]


def runbook_of(url):
    """The file of dashboards/runbooks that a runbook_url leads to, wherever its base is."""
    return os.path.join(RUNBOOKS, url.rpartition("/")[2])


def hurried(source, factor):
    """The rule file's text with every duration, those of `for:` and of [windows], divided by `factor`.

    Numbers that are no durations stay. Whole seconds, one at least."""
    def shorter(match):
        seconds = int(match[1]) * _SECONDS[match[2]] / factor
        return f"{max(1, round(seconds))}s"

    def line(one):
        where = r"^(\s*for: )(\d+[smhd])$" if one.lstrip().startswith("for:") else r"(\[|offset )(\d+[smhd])(?=\]|\s|$)"
        return re.sub(where, lambda match: match[1] + _DURATION.sub(shorter, match[2]), one)
    return "\n".join(line(one) for one in source.split("\n"))


def dashboards():
    """{file name: dashboard}"""
    return {os.path.basename(path): json.loads(text(path))
            for path in sorted(glob.glob(os.path.join(FOLDER, "grafana", "*.json")))}


def panels(dashboard):
    """All panels that show something; rows left out, what they hold included."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def queries(dashboard):
    """(panel, expression) of every query."""
    return [(panel, target["expr"]) for panel in panels(dashboard) for target in panel["targets"]]


def may_be_empty(panel):
    """Whether the panel says that it shows nothing in a healthy site."""
    return "Empty while" in panel["description"]

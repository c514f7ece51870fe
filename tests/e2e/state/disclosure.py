"""Nothing the daemon shows, logs, sends or is started with holds a secret or the address of what is not published."""

from lab.common import LabError, wait_until
from support import webhook_receiver

from .schedule import after

_DRAFT = "planted-draft-of-nobodys-business"
_LATE = "planted-surprise-of-tomorrow"
_INJECTED = "planted-code-injection"


def play(stage):
    draft = stage.api(1).create_post("Planted draft", slug=_DRAFT, status="draft")
    late = stage.api(1).schedule_post("Planted and late", after(7200), slug=_LATE)
    stage.lab.sql(f"UPDATE posts SET published_at = UTC_TIMESTAMP() - INTERVAL 1 HOUR WHERE id = '{late['id']}'")
    stage.api(1).edit_settings(codeinjection_head=f"<!-- {_INJECTED} -->")
    try:
        wait_until(lambda: speaks_of(stage, late), 60, "the daemon did not say what could give something away")
        problems = told(stage)
    except LabError as error:
        problems = [str(error)]
    stage.outcome.row("disclosure: page, report, metrics, log, webhook and arguments tell no secret and no draft",
                      stage.lab, problems=problems)
    stage.api(1).edit_settings(codeinjection_head="")
    for post in (draft, late):
        stage.api(1).delete_post(post["id"])
    stage.restart()


def speaks_of(stage, late):
    """A post that is overdue, and settings that differ; the webhook was told of both."""
    findings = stage.daemon.report()["findings"]
    overdue = any((each["resource"] or {}).get("id") == late["id"] for each in findings)
    differs = any(each["check"] == "settings" for each in findings)
    told = {message.json["finding"]["check"] for message in list(stage.receiver.messages)
            if message.event == "started"}
    return overdue and differs and {"schedule", "settings"} <= told


def told(stage):
    """Which planted text stands where."""
    state = stage.lab.state
    planted = {"the database's password": state["database"]["password"],
               "Ghost's password of the database": state["database"]["ghost_password"],
               "the Admin API key": state["admin_api_key"].partition(":")[2],
               "the Content API key": state["content_api_key"],
               "the webhook's address": webhook_receiver.TOKEN, "the webhook's secret": webhook_receiver.SECRET,
               "the owner's password": state["owner"]["password"],
               "the code injection": _INJECTED, "the draft's slug": _DRAFT, "the scheduled post's slug": _LATE}
    texts = {path: stage.daemon.get(path)[1] for path in ("/", "/api/v1/report", "/api/v1/verdict", "/metrics")}
    with open(stage.daemon.log, encoding="utf-8", errors="replace") as log:
        texts["the log"] = log.read()
    texts["the webhook"] = "\n".join(message.body.decode() for message in list(stage.receiver.messages))
    texts["the arguments"] = stage.daemon.arguments()
    texts["config show"] = stage.rollcall.config_show(stage.webhook())
    empty = [f"{where} is empty" for where, text in texts.items() if not text]
    return empty + [f"{where} tells {what}" for where, text in texts.items() for what, secret in planted.items()
                    if secret in text]

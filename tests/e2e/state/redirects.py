"""Redirects and offers' links: uploaded or made through pod 1, the others keep theirs in memory."""

import json


_ON_2_AND_3 = {("RC551", "pod-2"), ("RC551", "pod-3")}


def play(stage):
    if stage.version < (5,):
        return
    uploaded(stage)
    changed_target(stage)
    removed(stage)
    offer(stage)


def upload(stage, rules, *numbers):
    for number in numbers:
        stage.api(number).upload_redirects(rules)


def rule(source, target, permanent=True):
    return {"from": source, "to": target, "permanent": permanent}


def leads(stage, path):
    """Where each pod leads readers who ask for `path`."""
    return [stage.lab.get(number, path).getheader("Location") for number in (1, 2, 3)]


def staff_key(stage):
    """The environment that gives rollcall the owner's staff access token."""
    key = stage.api(1).call("GET", "users/me/token/", as_owner=True)["apiKey"]
    secret = key["secret"] if ":" in key["secret"] else f"{key['id']}:{key['secret']}"
    return {"ROLLCALL_ADMIN_API_KEY": secret}


def uploaded(stage):
    upload(stage, [rule("/old", "/coming-soon/"), rule("^/temporary/?$", "https://example.org/x?y=1", False),
                   rule("^/archive/(.*)", "/tag/$1")], 1)
    stage.require(leads(stage, "/old") == ["/coming-soon/", "/old/", "/old/"],
                  "redirects were to be known to pod 1 only")
    stage.judge("redirects: uploaded through pod 1", _ON_2_AND_3)
    without = stage.flags(content=False)
    stage.judge("redirects: uploaded, nobody may read them", set(), flags=without)
    stage.judge("redirects: uploaded, an integration's key", set(), flags=without, env=stage.admin_key())
    stage.judge("redirects: uploaded, a staff access token", _ON_2_AND_3, flags=without, env=staff_key(stage))
    upload(stage, json.loads(read(stage)), 2, 3)
    stage.judge("redirects: uploaded, healed by the same upload through pods 2 and 3", set())


def read(stage):
    with open(f"{stage.lab.state['content_dir']}/data/redirects.json", encoding="utf-8") as source:
        return source.read()


def changed_target(stage):
    upload(stage, [rule("/old", "/about/"), rule("/keep", "/coming-soon/")], 1, 2, 3)
    upload(stage, [rule("/old", "/coming-soon/", False), rule("/keep", "/coming-soon/")], 1)
    stage.require(leads(stage, "/old") == ["/coming-soon/", "/about/", "/about/"],
                  "the old target was to stay on pods 2 and 3")
    stage.judge("redirects: changed target", {("RC552", "pod-2"), ("RC552", "pod-3")})
    stage.restart(2, 3)
    stage.judge("redirects: changed target, healed by a restart", set())


def removed(stage):
    """Only the daemon can know of a rule that is gone."""
    upload(stage, [rule("/keep", "/coming-soon/")], 1)
    stage.require(leads(stage, "/old") == ["/old/", "/coming-soon/", "/coming-soon/"],
                  "the removed rule was to stay on pods 2 and 3")
    stage.settle()
    problems = stage.daemon_problems({("RC553", "pod-2"), ("RC553", "pod-3")}, 40) if stage.daemon else []
    stage.outcome.row("redirects: a rule was removed, by the daemon", stage.lab, problems=problems)
    upload(stage, [rule("/keep", "/coming-soon/")], 2, 3)
    stage.judge("redirects: a rule was removed, healed by the same upload through pods 2 and 3", set())


def offer(stage):
    paid = [tier for tier in stage.api(1).call("GET", "tiers/")["tiers"] if tier["type"] == "paid"]
    made = {"name": "Spring", "code": "spring-26", "display_title": "", "display_description": "", "type": "percent",
            "cadence": "month", "amount": 10, "duration": "once", "duration_in_months": None,
            "currency_restriction": False, "currency": None, "status": "active", "tier": {"id": paid[0]["id"]}}
    stage.api(1).call("POST", "offers/", {"offers": [made]})
    stage.require("/portal/offers/" in (leads(stage, "/spring-26")[0] or "")
                  and leads(stage, "/spring-26")[1:] == ["/spring-26/", "/spring-26/"],
                  "the offer's link was to be known to pod 1 only")
    found = {("RC556", "pod-2"), ("RC556", "pod-3")}
    stage.judge("redirects: an offer was made", found)
    stage.judge("redirects: an offer was made, without the content folder", found, flags=stage.flags(content=False))
    stage.judge("redirects: an offer was made, no right to read offers", set(), flags=stage.flags(few_rights=True))
    stage.restart(2, 3)
    stage.judge("redirects: an offer was made, healed by a restart", set())

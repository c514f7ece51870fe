"""Tiers renamed, made, priced and archived through one pod."""

import json

_STALE = {("RC521", "pod-2"), ("RC521", "pod-3")}


def play(stage):
    free = next(each for each in tiers(stage) if each["type"] == "free")
    renamed = {**free, "name": "Gratis 😀", "description": "For everyone"}
    row(stage, "rename", lambda: save(stage, 1, renamed))
    stage.judge("tiers: rename, without the right to read the table", set(), flags=stage.flags(few_rights=True))
    save(stage, 2, renamed)
    save(stage, 3, renamed)
    stage.judge("tiers: rename, healed", set())

    stage.lab.sql("UPDATE products SET yearly_price = 1 WHERE type = 'paid'")
    stage.judge("tiers: changed in the database", {("RC522", "")})
    stage.lab.sql("UPDATE products SET yearly_price = 5000 WHERE type = 'paid'")
    stage.judge("tiers: changed in the database, and back", set())

    row(stage, "a new one", lambda: make(stage))
    no_prices(stage)
    stage.judge("tiers: a new one, healed", set())

    made = next(each for each in tiers(stage) if each["slug"] == "gold")
    blanks(stage, made)
    row(stage, "another price", lambda: save(stage, 1, {**made, "monthly_price": 700, "trial_days": 3}))
    stage.restart(2, 3)
    stage.judge("tiers: another price, healed", set())

    row(stage, "archived", lambda: save(stage, 1, {**made, "active": False}))
    save(stage, 1, free)
    stage.restart(2, 3)
    stage.judge("tiers: archived, healed", set())


def no_prices(stage):
    """Pods that boot give a paid tier that has no price in the database one of their own."""
    stage.lab.sql("UPDATE products SET monthly_price = NULL, yearly_price = 0 WHERE slug = 'gold'")
    stage.restart(2, 3)
    gold = [next(each for each in shown(stage, pod) if each["slug"] == "gold") for pod in (2, 3)]
    stage.require(all((each["monthly_price"], each["yearly_price"]) == (500, 5000) for each in gold),
                  "pods 2 and 3 were to show prices of their own, but do not")


def blanks(stage, made):
    """The table has a name trimmed, the memory of the pod that saved it does not."""
    save(stage, 1, {**made, "name": "Gold \u3000"})
    stage.require(any(each["name"] == "Gold \u3000" for each in shown(stage, 1))
                  and all(each["name"] != "Gold \u3000" for each in shown(stage, 2)),
                  "pod 1 was to show the name as it was typed, but does not")
    stage.judge("tiers: a name with white space after it", set())


def row(stage, name, change):
    old = [shown(stage, pod) for pod in (2, 3)]
    change()
    stage.require(shown(stage, 1) != old[0] and [shown(stage, pod) for pod in (2, 3)] == old,
                  f"pods 2 and 3 were to miss the tier ({name}), but do not")
    stage.judge(f"tiers: {name}", _STALE)


def tiers(stage):
    return stage.api(1).call("GET", "tiers/", as_owner=True)["tiers"]


def save(stage, pod, tier):
    stage.api(pod).call("PUT", f"tiers/{tier['id']}/", {"tiers": [tier]}, as_owner=True)


def make(stage):
    stage.api(1).call("POST", "tiers/", {"tiers": [{
        "name": "Gold", "description": "", "monthly_price": 500, "yearly_price": 5000, "currency": "eur",
        "visibility": "none", "benefits": ["A", "B"], "welcome_page_url": stage.lab.state["site"]["url"] + "/welcome/",
        "trial_days": 7}]}, as_owner=True)


def shown(stage, pod):
    """The tiers of one pod, without the dates that differ anyway."""
    answer = stage.lab.get(pod, f"/ghost/api/content/tiers/?key={stage.lab.state['content_api_key']}")
    return [{**tier, "created_at": None, "updated_at": None} for tier in json.loads(answer.content)["tiers"]]

"""Settings changed through one pod: title, description, navigation, code injection, time zone, announcement."""

import json

_STALE = {("RC501", "pod-2"), ("RC501", "pod-3")}
_NO_PICTURES = {("RC832", "")}      # the odd values name some that are nowhere


def play(stage):
    before = stage.api(1).read_settings()
    rows = {
        "title": {"title": "Ünïcode & 😀"},
        "description": {"description": ""},
        "navigation": {"navigation": json.dumps([{"label": "Ä", "url": "/ä/"}, {"label": "X", "url": "https://x.org/"}]),
                       "secondary_navigation": "[]"},
        "code injection": {"codeinjection_head": "<style>p { color: #123 }</style>\n", "codeinjection_foot": "<i></i>"},
        "timezone": {"timezone": "Pacific/Auckland"},
        "announcement bar": {"announcement_content": "<p>Hello 😀</p>", "announcement_background": "accent",
                             "announcement_visibility": json.dumps(["visitors"])},
    }
    for name, changes in rows.items():
        change(stage, name, changes)
        if name == "title":
            fewer_ways_to_look(stage)
        if name == "timezone":
            stage.restart(2, 3)
        else:
            save_there_and_back(stage, changes)
        stage.judge(f"settings: {name}, healed", set())

    in_the_database(stage)
    odd_values(stage)
    restore(stage, before, {key for changes in rows.values() for key in changes} | set(odd(stage)))
    stage.judge("settings: as they were", set())


def change(stage, name, changes):
    """Changes settings through pod 1, which the others miss."""
    old = [shown(stage, pod) for pod in (2, 3)]
    stage.api(1).edit_settings(**changes)
    stage.require(shown(stage, 1) != old[0] and [shown(stage, pod) for pod in (2, 3)] == old,
                  f"pods 2 and 3 were to keep their {name}, but do not")
    check = stage.judge(f"settings: {name}", _STALE)
    for finding in check.findings("settings"):
        told = set(finding["evidence"]["keys"].split(","))
        stage.require(told <= set(changes), f"{finding['pod']} was to differ in {sorted(changes)}, not in {told}")
        stage.require(not any(value in json.dumps(finding, ensure_ascii=False) for key, value in changes.items()
                              if key.startswith("codeinjection")), "a finding tells code injection")


def fewer_ways_to_look(stage):
    """The account without its optional rights finds no key: the title shows without one."""
    stage.judge("settings: title, without a Content API key", _STALE, flags=stage.flags(few_rights=True))
    stage.judge("settings: title, without the content folder", _STALE, flags=stage.flags(content=False))


def save_there_and_back(stage, changes):
    """The remedy that needs no restart: another value, and back, through each stale pod."""
    for pod in (2, 3):
        for key, value in changes.items():
            stage.api(pod).edit_settings(**{key: another(key)})
            stage.api(pod).edit_settings(**{key: value})


def another(key):
    """A value that no row has."""
    if key == "announcement_visibility":
        return json.dumps(["free_members"])
    if key == "announcement_background":
        return "light"
    return json.dumps([{"label": "Other", "url": "/other/"}]) if "navigation" in key else "Other"


def in_the_database(stage):
    """A change that went through no pod is every pod's."""
    stage.lab.sql("UPDATE settings SET value = 'By hand', updated_at = UTC_TIMESTAMP() WHERE `key` = 'meta_title'")
    stage.judge("settings: changed in the database", {("RC502", "")})
    stage.lab.sql("UPDATE settings SET value = NULL, updated_at = UTC_TIMESTAMP() WHERE `key` = 'meta_title'")
    stage.judge("settings: changed in the database, and back", set())


def odd(stage):
    """Values that Ghost stores in one way and shows in another."""
    url = stage.lab.state["site"]["url"]
    return {
        "title": '"Quoted" <b>&amp;</b> 日本', "description": None, "logo": "/content/images/2026/01/logo.png",
        "icon": url + "/content/images/2026/01/icon.png", "cover_image": "content/images/cover.png",
        "og_image": "https://other.example/x.png", "twitter_image": "//cdn.example/y.png", "facebook": "",
        "meta_title": "123", "meta_description": "false", "og_title": "null", "og_description": "[1,2]",
        "twitter_title": "  padded ", "twitter_description": "one\r\ntwo\tthree", "accent_color": "#abcdef",
        "navigation": json.dumps([{"label": "Abs", "url": url + "/abs/"}, {"label": "Rel", "url": "/rel/"}]),
        "codeinjection_head": '<script>var a = "\\u0041 😀"</script>\n', "codeinjection_foot": None, "locale": "de",
        "portal_plans": json.dumps(["free", "monthly"]), "portal_button": True, "portal_name": False,
        "portal_button_icon": url + "/content/images/p.png", "portal_button_signup_text": "",
        "comments_enabled": "paid", "outbound_link_tagging": False, "announcement_visibility": "[]",
    }


def odd_values(stage):
    """Pod 1 took them, pods 2 and 3 read them when they boot: all right on all."""
    stage.api(1).edit_settings(**odd(stage))
    check = stage.judge("settings: odd values", _STALE | _NO_PICTURES)
    told = set(check.findings("settings")[0]["evidence"]["keys"].split(","))
    stage.require(told >= {"logo", "icon", "navigation", "portal_plans", "portal_button", "locale"},
                  f"pod-2 was to differ in more than {sorted(told)}")
    stage.restart(2, 3)
    stage.judge("settings: odd values, healed", _NO_PICTURES)
    stage.restart(1)
    stage.judge("settings: odd values, after a restart of all", _NO_PICTURES)


def restore(stage, before, keys):
    stage.api(1).edit_settings(**{key: before[key] for key in keys})
    stage.restart(2, 3)


def shown(stage, pod):
    """What a pod shows to the public: its settings and its announcement."""
    key = stage.lab.state["content_api_key"]
    return [json.loads(stage.lab.get(pod, path).content)
            for path in (f"/ghost/api/content/settings/?key={key}", "/members/api/announcement/")]

"""The theme: in the content folder, and as each pod serves and renders it."""

import os
import re
import shutil
import zipfile

from lab.common import copy_tree, remove_tree

_STALE = ("pod-2", "pod-3")
_MARK = "rollcall-mark"


def play(stage):
    first = theme_of(stage)
    quiet(stage)
    rolling(stage)
    other_theme(stage, "casper" if first == "source" else "source")
    uploaded_theme(stage, first)
    overwritten(stage)
    custom_setting(stage, first)
    hidden(stage)
    stage.api(1).activate_theme(first)
    stage.restart()
    remove_tree(themes(stage, "rolled"))
    stage.judge("theme: all as before", set())


def quiet(stage):
    """What makes pages differ between healthy pods, or differ for another reason than the theme."""
    for number in (1, 2, 3):
        stage.api(number).create_post(f"Theme news by pod {number}", tags=["Theme news"], featured=number == 2)
    stage.api(1).create_post("Theme news for members", visibility="members")
    row(stage, "theme: new posts that pods may not know", stage.rollcall.check(), set())
    stage.restart()
    stage.judge("theme: new posts, one for members", set())
    kept = stage.api(1).read_settings()
    changed = {"title": "Another title", "navigation": '[{"label":"Elsewhere","url":"/elsewhere/"}]',
               "codeinjection_head": "<style>.mine{color:red}</style><aside class='mine'>injected</aside>",
               "announcement_content": "<p>News</p>", "announcement_visibility": '["visitors"]',
               "members_signup_access": "none", "locale": "de", "timezone": "Pacific/Auckland"}
    stage.api(1).edit_settings(**changed)
    stage.settle()
    check = stage.rollcall.check()
    stage.require(title(stage, 1) != title(stage, 2), "pod-2 was to keep its old settings")
    row(stage, "theme: other settings on pods 2 and 3 are not its business", check, set())
    stage.api(1).edit_settings(**{key: kept[key] for key in changed})
    stage.restart()
    stage.judge("theme: the settings are back", set())


def rolling(stage):
    """Pods that go and come, one after the other, while Rollcall looks."""
    seen = set()
    for number in (2, 3):
        stage.lab.stop_pod(number)
        seen |= theme_claims(stage.rollcall.check())
        stage.lab.start_pod(number, wait=False)
        for _ in range(3):
            check = stage.rollcall.check()
            seen |= theme_claims(check)
        stage.restart(number)
    stage.outcome.row("theme: a rolling restart", stage.lab, check, set(), seen, check.problems())
    stage.judge("theme: after the rolling restart", set())


def other_theme(stage, name):
    before = theme_of(stage)
    stage.api(1).activate_theme(name)
    stage.require(stylesheet(stage, 1) != stylesheet(stage, 2), "pod-2 was to keep its old theme")
    expected = {("RC543", pod) for pod in _STALE}
    check = stage.judge("theme: another one activated", expected)
    stage.require(all(before in each["message"] for each in check.findings("theme")), "the old theme is not named")
    stage.judge("theme: another one activated, without the content folder", {("RC544", "")},
                flags=stage.flags(content=False))
    stage.judge("theme: another one activated, few rights", expected, flags=stage.flags(few_rights=True))
    stage.restart(2)
    stage.judge("theme: another one activated, pod-2 restarted", {("RC543", "pod-3")})
    stage.restart(3)
    stage.judge("theme: another one activated, healed", set())


def uploaded_theme(stage, base):
    folder = variant(stage, base, "rolled", {"post.hbs": ("</article>", "</article><p>First edition</p>"),
                                             "assets/built/screen.css": ("", "/* rolled */")})
    stage.api(1).upload_theme(folder)
    stage.api(1).activate_theme("rolled")
    stage.require(stylesheet(stage, 1) != stylesheet(stage, 3), "pod-3 was to keep its old theme")
    expected = {("RC543", pod) for pod in _STALE}
    stage.judge("theme: a new one uploaded and activated", expected)
    stage.judge("theme: a new one uploaded, without the content folder", {("RC544", "")},
                flags=stage.flags(content=False))
    stage.restart(2, 3)
    stage.judge("theme: a new one uploaded, healed", set())


def overwritten(stage):
    """The same name, other templates: the same assets on all pods."""
    for page, file, old in (("/coming-soon/", "post.hbs", "</article>"), ("/", "default.hbs", "{{ghost_foot}}")):
        text = f"<p class=\"{_MARK}-{file[:-4]}\">Second edition of {file}</p>"
        source = variant(stage, "rolled", "rolled", {file: (old, old + text)})
        stage.api(1).upload_theme(source)
        stage.require([text.encode() in stage.lab.get(number, page).content for number in (1, 2, 3)] ==
                      [True, False, False], f"pods 2 and 3 were to keep the old {file}")
        expected = {("RC545", pod) for pod in _STALE}
        stage.judge(f"theme: {file} replaced", expected)
        stage.judge(f"theme: {file} replaced, without the content folder", {("RC546", "")},
                    flags=stage.flags(content=False))
        stage.restart(2, 3)
        stage.judge(f"theme: {file} replaced, healed", set())


def custom_setting(stage, name):
    stage.api(1).activate_theme(name)
    stage.restart()
    token = {"ROLLCALL_ADMIN_API_KEY": staff_token(stage)}
    for key, value, known in custom_changes(stage):
        set_custom(stage, 1, key, value)
        page = stage.lab.get(1, "/coming-soon/").content, stage.lab.get(2, "/coming-soon/").content
        stage.require(plain(page[0]) != plain(page[1]), f"pod-2 was to keep the old {key}")
        named = {("RC547", pod) for pod in _STALE}
        stage.judge(f"theme: custom setting {key}", named if known else {("RC546", "")})
        stage.judge(f"theme: custom setting {key}, staff token", named, env=token)
        stage.judge(f"theme: custom setting {key}, without the content folder",
                    named if known else {("RC546", "")}, flags=stage.flags(content=False))
        stage.restart(2, 3)
        stage.judge(f"theme: custom setting {key}, healed", set())


def hidden(stage):
    """An empty volume over the themes, and a link to nowhere: running pods go on without styles."""
    # A pod reads a template when it is first asked for: one it never read would be a page that fails, rightly told.
    for number in (1, 2, 3):
        for page in ("/", "/coming-soon/", "/about/"):
            stage.lab.get(number, page)
    there, kept = themes(stage, "").rstrip("/"), os.path.join(stage.lab.dir, "themes-kept")
    os.rename(there, kept)
    os.mkdir(there)
    try:
        check = stage.judge("theme: the themes are hidden by an empty volume", {("RC541", "")})
        stage.require("init container" in check.findings("theme")[0]["remedy"], "the remedy names no init container")
        os.symlink("nowhere", themes(stage, theme_of(stage)))
        stage.judge("theme: a link to nowhere", {("RC541", "")})
    finally:
        remove_tree(there)
        os.rename(kept, there)
    stage.judge("theme: the themes are back", set())
    post = themes(stage, os.path.join(theme_of(stage), "post.hbs"))
    os.rename(post, post + ".kept")
    try:
        stage.judge("theme: post.hbs is gone", {("RC542", "")})
    finally:
        os.rename(post + ".kept", post)
    stage.judge("theme: post.hbs is back", set())


# What rows need

def row(stage, name, check, expected):
    stage.outcome.row(name, stage.lab, check, expected, theme_claims(check), check.problems())


def theme_claims(check):
    return {(each["code"], each["pod"] or "") for each in check.findings("theme")}


def themes(stage, name):
    return os.path.join(stage.lab.state["content_dir"], "themes", name)


def theme_of(stage):
    return stage.lab.sql("SELECT value FROM settings WHERE `key`='active_theme'")[0][0]


def stylesheet(stage, number):
    answer = stage.lab.get(number, "/assets/built/screen.css")
    return answer.status, len(answer.content)


def title(stage, number):
    return re.search(b"<title>(.*?)</title>", stage.lab.get(number, "/").content, re.S)[1]


def plain(page):
    return re.sub(rb"\?v=\w+|href=\"[^\"]*\"|<script.*?</script>", b"", page, flags=re.S)


def variant(stage, base, name, changes):
    """A zip of the theme `base` as it is in the content folder, under another name; {file: (old, new)}."""
    folder = os.path.join(stage.lab.dir, "theme-source", name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    copy_tree(themes(stage, base), folder)
    for file, (old, new) in {**changes, "package.json": (f'"name": "{base}"', f'"name": "{name}"')}.items():
        path = os.path.join(folder, file)
        with open(path, encoding="utf-8") as source:
            text = source.read()
        stage.require(old in text, f"{file} of {base} has no {old}")
        with open(path, "w", encoding="utf-8") as target:
            target.write(text.replace(old, new, 1))
    return zipped(folder, os.path.join(stage.lab.dir, "theme-source", name + ".zip"), name)


def zipped(folder, path, name):
    """Packs a folder as `name` into the archive `path`, without maps of sources; returns the path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for root, _, files in os.walk(folder):
            for file in files:
                full = os.path.join(root, file)
                if not file.endswith(".map"):
                    archive.write(full, os.path.join(name, os.path.relpath(full, folder)))
    return path


def staff_token(stage):
    user = stage.api(1).call("GET", "users/me/", as_owner=True)["users"][0]["id"]
    key = stage.api(1).call("PUT", f"users/{user}/token/", {}, as_owner=True)["apiKey"]
    return f"{key['id']}:{key['secret']}"


def custom_changes(stage):
    """(key, value, whether the value itself shows on the page) of the default themes."""
    if theme_of(stage) == "source":
        return (("site_background_color", "#123457", True), ("navigation_layout", "Stacked", False))
    return (("navigation_layout", "Stacked", False),)


def set_custom(stage, number, key, value):
    api = stage.api(number)
    settings = api.call("GET", "custom_theme_settings/", as_owner=True)["custom_theme_settings"]
    for each in settings:
        if each["key"] == key:
            each["value"] = value
    api.call("PUT", "custom_theme_settings/", {"custom_theme_settings": settings}, as_owner=True)

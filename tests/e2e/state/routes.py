"""routes.yaml, uploaded through pod 1: the others route by what they read before."""

import os

_DEFAULTS = """routes:

collections:
  /:
    permalink: /{slug}/
    template: index

taxonomies:
  tag: /tag/{slug}/
  author: /author/{slug}/
"""
_BLOG = """routes:
  /features/:
    template: index

collections:
  /blog/:
    permalink: /blog/{slug}/
    template: index

taxonomies:
  tag: /tag/{slug}/
  author: /author/{slug}/
"""
_ROUTE = _DEFAULTS.replace("routes:\n", "routes:\n  /features/:\n    template: index\n")
_LAZY = (6, 57)


def play(stage):
    if stage.version < (5,):
        return
    collection(stage)
    route(stage)
    by_hand(stage)


def upload(stage, yaml, *numbers):
    for number in numbers:
        stage.api(number).upload_routes(yaml)


def statuses(stage, path):
    return [stage.lab.get(number, path).status for number in (1, 2, 3)]


def on_2_and_3(*codes):
    return {(code, pod) for code in codes for pod in ("pod-2", "pod-3")}


def collection(stage):
    """What the checks posts and sitemap find has the same cause, and each is right."""
    upload(stage, _BLOG, 1)
    stage.require(statuses(stage, "/blog/coming-soon/")[0] == 200
                  and 200 not in statuses(stage, "/blog/coming-soon/")[1:]
                  and statuses(stage, "/coming-soon/")[1:] == [200, 200],
                  "pods 2 and 3 were to route by the old routes.yaml")
    lists = ["RC401", "RC402"] if stage.version >= _LAZY else []
    found = on_2_and_3("RC561", "RC201", *lists)
    stage.judge("routes: a collection and a route through pod 1", found)
    without = stage.flags(content=False)
    stage.judge("routes: an Admin API key instead of the content folder", found, flags=without,
                env=stage.admin_key())
    unknown = {("RC563", "")}
    stage.judge("routes: nobody knows the file", unknown, flags=without, gaps={"posts"})
    upload(stage, _BLOG, 2, 3)
    stage.judge("routes: healed by the same upload through pods 2 and 3", set())
    upload(stage, _DEFAULTS, 1, 2, 3)
    stage.judge("routes: the defaults again, uploaded through all pods", set())


def route(stage):
    upload(stage, _ROUTE, 1)
    stage.require(statuses(stage, "/features/")[0] == 200 and 200 not in statuses(stage, "/features/")[1:],
                  "pods 2 and 3 were not to know the route")
    stage.judge("routes: a route through pod 1", on_2_and_3("RC561"))
    stage.judge("routes: a route, nobody knows the file", {("RC563", "")}, flags=stage.flags(content=False))
    stage.restart(2, 3)
    stage.judge("routes: a route, healed by a restart", set())


def by_hand(stage):
    """The file is changed on the volume, and no pod reads it."""
    path = os.path.join(stage.lab.state["content_dir"], "settings", "routes.yaml")
    with open(path, "w", encoding="utf-8") as target:
        target.write(_DEFAULTS)
    found = {("RC562", "")} | ({("RC412", "")} if stage.version >= _LAZY else set())
    stage.judge("routes: changed by hand", found)
    stage.restart(1, 2, 3)
    stage.judge("routes: changed by hand, healed by restarting all pods", set())
    if stage.version < (6, 55):
        with open(path, "w", encoding="utf-8") as target:
            target.write(_DEFAULTS.replace("template: index", "template: default"))
        stage.judge("routes: a template changed by hand", {("RC565", "")})
        with open(path, "w", encoding="utf-8") as target:
            target.write(_DEFAULTS)
        stage.judge("routes: the template as it was", set())

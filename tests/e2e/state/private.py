"""Private mode, switched on and off through one pod."""

import os

# Of a pod that redirects everything to /private/ these cannot tell anything.
_BLIND = {"archives", "posts", "routes", "sitemap"}


def play(stage):
    switch(stage, True)
    stage.require([shows(stage, pod) for pod in (1, 2, 3)] == [False, True, True],
                  "pods 2 and 3 were to stay public, but do not")
    stage.judge("private mode on: a leak", {("RC511", "pod-2"), ("RC511", "pod-3")})
    stage.judge("private mode on, without a database", {("RC513", "")},
                flags=["--url", stage.lab.state["site"]["url"], *stage.rollcall.pod_flags()], gaps={"routes"})
    stage.restart(2, 3)
    stage.judge("private mode on, healed", set())

    switch(stage, False)
    stage.require([shows(stage, pod) for pod in (1, 2, 3)] == [True, False, False],
                  "pods 2 and 3 were to stay private, but do not")
    stage.judge("private mode off", {("RC512", "pod-2"), ("RC512", "pod-3")}, gaps=_BLIND)
    stage.restart(2, 3)
    stage.judge("private mode off, healed", set())

    if stage.version < (6,):    # later ones answer with their own robots.txt, whatever the theme has
        own_robots(stage)


def own_robots(stage):
    """A leak shows although the pod's robots.txt reads as that of private mode does."""
    path = f"{stage.lab.state['content_dir']}/themes/{theme(stage)}/robots.txt"
    with open(path, "x", encoding="utf-8") as robots:
        robots.write("User-agent: *\nDisallow: /")
    try:
        switch(stage, True)
        texts = {stage.lab.get(pod, "/robots.txt").content for pod in (1, 2)}
        stage.require(len(texts) == 1 and shows(stage, 2), "robots.txt was to be alike on a leaking pod, but is not")
        stage.judge("private mode on, a theme with its own robots.txt", {("RC511", "pod-2"), ("RC511", "pod-3")})
    finally:
        os.remove(path)
        switch(stage, False)
        stage.restart(2, 3)
    stage.judge("private mode on, a theme with its own robots.txt, healed", set())


def theme(stage):
    return stage.lab.sql("SELECT value FROM settings WHERE `key` = 'active_theme'")[0][0]


def switch(stage, private):
    stage.api(1).edit_settings(is_private=private, password="open-sesame-77" if private else "")


def shows(stage, pod):
    """Whether this pod shows its front page to everyone."""
    return stage.lab.get(pod, "/").status == 200

#!/usr/bin/python3
"""Measures what it costs the pods of real Ghost to be asked about every post, both ways in one run.

    pods.py --rollcall build/release/rollcall [--posts 2000] [--rounds 5] [VERSION...]
Three pods. Once `rollcall check --only posts` with its defaults, which reads whole views and really asks for a few;
once a GET per post and pod through Debian's prometheus-blackbox-exporter. The CPU time is that of the pods'
processes, which were asked for 150 pages and as many lists before: Ghost's first of each cost twice as much until
its engine has compiled them. Exits 1 when the second costs less than 100 times the first, or a check did not pass.
"""

import os
import statistics
import sys
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from bench import figures                                   # noqa: E402
from bench.blackbox import BlackboxExporter                 # noqa: E402
from e2e.campaign import restart_all, wait_settled          # noqa: E402
from e2e.manners import add_posts                           # noqa: E402
from e2e.oneshot import cpu_seconds, log_sizes, requests_since, serve_readers       # noqa: E402
from e2e.program import Rollcall                            # noqa: E402
from lab import Lab, LabError                               # noqa: E402
from lab.common import wait_until                           # noqa: E402

_VERSIONS = ("5.130.6", "6.65.0")
_PODS = 3
_NO_PAGES = "newest: 0, hidden: 0, sweep: 0"     # whole views alone
_BOUND = 100                # times less than a GET per post
_AT_ONCE = 4                # per pod, as Rollcall
_WARM_CHECKS = 7            # with 22 lists each, of Ghost 6: as many as serve_readers() asks for pages
_LATE_SECONDS = 1.5         # in which Ghost still works for what it has answered


def pods_cost(lab, act):
    """[CPU seconds per pod] of what `act()` makes the pods do."""
    time.sleep(_LATE_SECONDS)
    before = [cpu_seconds(pod) for pod in lab.state["pods"]]
    act()
    time.sleep(_LATE_SECONDS)
    return [cpu_seconds(pod) - start for pod, start in zip(lab.state["pods"], before)]


def wait_known(lab):
    """Returns when every pod has read all that it routes, which it does after it is ready."""
    for number in range(1, _PODS + 1):
        wait_until(lambda: lab.get(number, "/tag/bulk/").status == 200, 120, f"pod-{number} did not know the tag")


def passing_check(rollcall, settings=None):
    """`settings` of the check posts, in YAML; its defaults when there are none."""
    flags = rollcall.site_flags() + rollcall.pod_flags() + rollcall.content_flags(settings and {"posts": settings})
    check = rollcall.check("--only", "posts", flags=flags)
    if check.exit != 0:
        raise LabError(f"the check did not pass (exit {check.exit}): {check.out[:2000]}{check.err[:500]}")


def public_paths(lab):
    return [f"/{slug}/" for (slug,) in lab.sql("SELECT slug FROM posts WHERE status='published'")]


def kinds_of(asked):
    """{kind: count} of a Counter of paths: what Rollcall asks with."""
    kinds = {"sitemaps": 0, "Content API lists": 0, "site": 0, "pages": 0}
    for path, count in asked.items():
        if path.startswith("/sitemap-"):
            kinds["sitemaps"] += count
        elif path.startswith("/ghost/api/content/"):
            kinds["Content API lists"] += count
        elif path.startswith("/ghost/api/"):
            kinds["site"] += count
        else:
            kinds["pages"] += count
    return kinds


def measure(version, binary, folder, posts, rounds):
    """One version; True when the bound holds."""
    with Lab.up(version, pods=_PODS, dir=folder) as lab:
        add_posts(lab, posts)
        restart_all(lab)
        wait_settled(lab)
        wait_known(lab)
        serve_readers(lab)
        rollcall, paths = Rollcall(binary, lab), public_paths(lab)
        for _ in range(_WARM_CHECKS):
            passing_check(rollcall)
        offsets = log_sizes(lab)
        views = [pods_cost(lab, lambda: passing_check(rollcall)) for _ in range(rounds)]
        kinds = kinds_of(requests_since(lab.pod(1), offsets[0]))
        alone = [pods_cost(lab, lambda: passing_check(rollcall, _NO_PAGES)) for _ in range(rounds)]
        targets = [pod["url"] + path for path in paths for pod in lab.state["pods"]]
        with BlackboxExporter(folder, lab.state["site"]["url"]) as exporter:
            exporter.probe_all(targets[:_PODS * 20], _PODS * _AT_ONCE)
            time.sleep(_LATE_SECONDS)                   # for the log, too
            offsets = log_sizes(lab)
            each = pods_cost(lab, lambda: exporter.probe_all(targets, _PODS * _AT_ONCE))
        answered = [requests_since(pod, offset).total() for pod, offset in zip(lab.state["pods"], offsets)]
    if answered != [len(paths)] * _PODS:
        raise LabError(f"the pods logged {answered} requests for {len(paths)} posts")
    return print_result(version, len(paths), (views, alone),
                        {kind: count / rounds for kind, count in kinds.items()}, each)


def print_result(version, paths, ways, kinds, each):
    view, alone = ([statistics.median(costs) for costs in zip(*way)] for way in ways)
    ratio = sum(each) / sum(view)
    means = "sitemap and Content API list" if version.startswith("5.") else "Content API list"
    print(f"\nGhost {version}, {paths} posts and pages x {_PODS} pods; CPU time of the pods' processes")
    print(f"  rollcall check --only posts    {texts(view)} ms, median of {len(ways[0])}")
    print(f"  the same, no page asked for    {texts(alone)} ms: {sum(each) / sum(alone):.0f} times less than a GET per post")
    print(f"  a GET per post and pod         {texts(each)} ms (blackbox_exporter)")
    print(f"  ratio {ratio:.0f}, at least {_BOUND}")
    print("  a pod was asked: " + ", ".join(f"{count:g} {kind}" for kind, count in kinds.items()))
    asked = min(kinds["pages"], paths)
    print(f"  verified on each pod: {100 * (paths - asked) / paths:.2f} % by {means} alone, "
          f"{100 * asked / paths:.2f} % by a GET, too", flush=True)
    return ratio >= _BOUND


def texts(seconds):
    return ", ".join(f"{1000 * each:.0f}" for each in seconds)


def main():
    parser = figures.parser(__doc__, "rollcall")
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("versions", nargs="*", metavar="VERSION")
    arguments = parser.parse_args()
    return figures.judged(
        "pods", f"whole views cost the pods {_BOUND} times less than asking for each",
        lambda folder: [measure(version, arguments.rollcall, os.path.join(folder, version), arguments.posts,
                                arguments.rounds) for version in arguments.versions or _VERSIONS])


if __name__ == "__main__":
    figures.main("pods", main)

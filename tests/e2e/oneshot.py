#!/usr/bin/python3
"""Measures what one `rollcall check` with everything on costs: its time, and the pods' CPU and requests.

    oneshot.py --rollcall build/release/rollcall [--runs 5] [VERSION...]
Three pods, content folder and Admin API key given, a site with some posts. Pods are measured twice: just booted,
and in service, after readers have asked for some pages (Ghost's first pages cost twice as much until its
engine has compiled them). Exits 1 when a run took 3 s or more, or a pod in service more than 300 ms of CPU in
the median run.
"""

import collections
import glob
import os
import re
import statistics
import sys
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from bench import figures                                   # noqa: E402
from e2e.campaign import restart_all, wait_settled          # noqa: E402
from e2e.manners import add_posts                           # noqa: E402
from e2e.program import Rollcall                            # noqa: E402
from lab import Lab, LabError                               # noqa: E402

_VERSIONS = ("5.130.6", "6.56.0", "6.65.0")
_WALL_LIMIT = 3.0           # seconds
_CPU_LIMIT = 0.3            # seconds per pod
_POSTS = 100
_READERS_PAGES = 150        # per pod, before it counts as in service
_REQUEST = re.compile(r'"GET ([^"]*)"')


def cpu_seconds(pod):
    """CPU time of all threads of the process so far, finer than the clock ticks of /proc/PID/stat."""
    total = 0
    for path in glob.glob(f"/proc/{pod['pid']}/task/*/schedstat"):
        with open(path, encoding="ascii") as source:
            total += int(source.read().split()[0])
    return total / 1e9


def log_sizes(lab):
    return [os.path.getsize(pod["log"]) for pod in lab.state["pods"]]


def requests_since(pod, offset):
    """Counter of what the pod logged it was asked since then, without queries."""
    with open(pod["log"], encoding="utf-8", errors="replace") as source:
        source.seek(offset)
        return collections.Counter(path.split("?")[0] for path in _REQUEST.findall(source.read()))


def serve_readers(lab):
    """What readers ask, until the pods are as fast as they get."""
    for number, pod in enumerate(lab.state["pods"], 1):
        for page in range(_READERS_PAGES):
            path = ("/", f"/bulk-{page % _POSTS + 1}/", "/tag/bulk/", "/rss/")[page % 4]
            if lab.get(number, path).status != 200:
                raise LabError(f"{pod['name']} does not answer 200 for {path}")


def run_once(lab, rollcall):
    """(seconds, [CPU seconds per pod], [Counter per pod]) of one check, which must pass."""
    time.sleep(1.5)                             # what Ghost still does for earlier requests is not ours
    offsets, before = log_sizes(lab), [cpu_seconds(pod) for pod in lab.state["pods"]]
    check = rollcall.check(env={"ROLLCALL_ADMIN_API_KEY": lab.state["admin_api_key"]})
    time.sleep(0.3)                             # Ghost writes its log a little later
    cost = [cpu_seconds(pod) - start for pod, start in zip(lab.state["pods"], before)]
    if check.exit != 0:
        raise LabError(f"the check did not pass (exit {check.exit}): {check.out[:2000]}{check.err[:500]}")
    asked = [requests_since(pod, offset) for pod, offset in zip(lab.state["pods"], offsets)]
    return check.seconds, cost, asked


def measure(version, binary, folder, runs):
    """One version; True when both limits hold."""
    with Lab.up(version, pods=3, dir=folder) as lab:
        add_posts(lab, _POSTS)
        wait_settled(lab)
        rollcall = Rollcall(binary, lab)
        restart_all(lab)
        booted = run_once(lab, rollcall)
        serve_readers(lab)
        service = [run_once(lab, rollcall) for _ in range(runs)]
    print(f"\nGhost {version}, {_POSTS} posts, everything on")
    print_row("just booted", [booted])
    print_row(f"in service, median of {runs}", service)
    print(f"  what pod-1 was asked: {sum(service[-1][2][0].values())} requests")
    for path, count in sorted(service[-1][2][0].items()):
        print(f"    {count:3}  {path}")
    return (max(seconds for seconds, _, _ in service) < _WALL_LIMIT
            and max(median_cpu(service)) < _CPU_LIMIT)


def median_cpu(results):
    return [statistics.median(costs) for costs in zip(*(cost for _, cost, _ in results))]


def print_row(name, results):
    wall = [seconds for seconds, _, _ in results]
    cpu = ", ".join(f"{1000 * each:.0f}" for each in median_cpu(results))
    print(f"  {name:<26} wall {min(wall):.2f} - {max(wall):.2f} s, CPU of each pod {cpu} ms", flush=True)


def main():
    parser = figures.parser(__doc__, "rollcall")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("versions", nargs="*", metavar="VERSION")
    arguments = parser.parse_args()
    return figures.judged(
        "oneshot", f"below {_WALL_LIMIT:g} s and {1000 * _CPU_LIMIT:.0f} ms of CPU on each pod in service",
        lambda folder: [measure(version, arguments.rollcall, os.path.join(folder, version), arguments.runs)
                        for version in arguments.versions or _VERSIONS])


if __name__ == "__main__":
    figures.main("oneshot", main)

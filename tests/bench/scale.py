#!/usr/bin/python3
"""Measures what one `rollcall check` costs as a site grows, and that it finds exactly what is wrong.

    scale.py --rollcall build/release/rollcall --mock-site build/bench/tests/bench/mock_site [POSTSxPODS...]

Every check that applies to a mock site of Ghost with a real database: of posts, pages, tags and authors nothing
is left out. CPU time and peak memory are the program's own (wait4). Exits 1 when a finding is missing or invented,
or a bound is exceeded.
"""

import argparse
import json
import math
import os
import resource
import sys
import tempfile
import time
import urllib.parse

from mock_bed import LabError, MockBed, write_private

_SIZES = ("1000x3", "10000x10", "100000x10", "1000000x10")
_BOUNDS = {(10_000, 10): (0.5, 64), (1_000_000, 10): (6.0, 256)}    # CPU seconds, MiB
_FAULTS = 10
# CPU is measured, not time: a machine that does other things, too, must not cut anything short.
_PATIENT = "database: {query_timeout: 5m}\n"
# A database whose pages of a million rows fit, or to fill it takes longer than all that is measured.
_ROOMY = ("--innodb-buffer-pool-size=2G", "--innodb-log-file-size=1G")


def injected(bed, posts, pods, ghost):
    """Takes posts away from pods, spread over both; {(code, pod, path)}. From 6.57 on only from what the pods list."""
    memory = tuple(map(int, ghost.split(".")[:2])) < (6, 57)
    kind, code = ("missing", "RC201") if memory else ("unlisted", "RC401")
    wanted = set()
    for number in range(_FAULTS):
        pod, post = number % pods + 1, number * (posts - 1) // (_FAULTS - 1)
        path = bed.control("fault", pod=pod, post=post, kind=kind)["path"]
        wanted.add((code, f"pod-{pod}", path))
    return wanted


def measured(argv, out):
    """Runs it with stdout in the file `out`: (exit code, CPU seconds, peak MiB, wall seconds)."""
    began = time.monotonic()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)])
    _, status, used = os.wait4(pid, 0)
    return (os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024,
            time.monotonic() - began)


def said(out):
    with open(out, encoding="utf-8") as source:
        report = json.load(source)
    found = {(each["code"], each["pod"], urllib.parse.urlsplit(each["resource"]["url"]).path)
             for each in report["findings"]}
    blind = [(run["check"], run["error"] or run["gaps"]) for run in report["checks"] if run["error"] or run["gaps"]]
    return found, blind


def run(arguments, posts, pods):
    """One size: (CPU seconds, problems)."""
    with tempfile.TemporaryDirectory(prefix="rollcall-scale-") as folder, \
            MockBed(arguments.mock_site, folder, api_key=arguments.api_key, database_options=_ROOMY, posts=posts,
                    pods=pods, tags=200, authors=20, ghost=arguments.ghost) as bed:
        wanted = injected(bed, posts, pods, arguments.ghost)
        out = os.path.join(folder, "report.json")
        config = os.path.join(folder, "rollcall.yaml")
        write_private(config, _PATIENT)
        argv = [os.path.abspath(arguments.rollcall), "check", "--config", config, *bed.flags(), "--output", "json",
                "--timeout", "1h", *arguments.options]
        bed.control("forget")
        exit_code, cpu, memory, wall = measured(argv, out)
        found, blind = said(out)
        asked = sum(pod["requests"] for pod in bed.control("counts")["pods"])
        sent = sum(pod["bytes"] for pod in bed.control("counts")["pods"])
    problems = [f"missed {each}" for each in wanted - found] + [f"invented {each}" for each in found - wanted]
    problems += [f"could not look: {each}" for each in blind]
    due = 2 if any(code == "RC201" for code, _, _ in wanted) else 1       # RC401 is a warning
    if exit_code != due:
        problems.append(f"it exited {exit_code}, not {due}")
    bound = _BOUNDS.get((posts, pods))
    print(f"{posts:>9,} x {pods:<2}  CPU {cpu:7.3f} s  {1e9 * cpu / posts / pods:7.0f} ns a post and pod  "
          f"peak {memory:6.1f} MiB  wall {wall:6.2f} s  {asked} requests, {sent / 1e6:.1f} MB  "
          f"found {len(found & wanted)} of {len(wanted)}, invented {len(found - wanted)}"
          + (f"  (bounds: {bound[0]} s, {bound[1]} MiB)" if bound else ""), flush=True)
    if bound and (cpu > bound[0] or memory > bound[1]):
        problems.append(f"more than {bound[0]} s of CPU or {bound[1]} MiB")
    return cpu, problems


def exponent(points):
    """The slope of log(cost) over log(size), by least squares."""
    logs = [(math.log(size), math.log(cost)) for size, cost in points]
    middle = [sum(values) / len(logs) for values in zip(*logs)]
    return (sum((x - middle[0]) * (y - middle[1]) for x, y in logs)
            / sum((x - middle[0]) ** 2 for x, _ in logs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rollcall", required=True, metavar="BIN")
    parser.add_argument("--mock-site", required=True, metavar="BIN")
    parser.add_argument("--api-key", action="store_true",
                        help="Rollcall may read the Content API's key, and reads the pods' lists, too")
    parser.add_argument("--ghost", default="5.130", metavar="VERSION",
                        help="the pods'; from 6.57 on Rollcall compares their sitemaps, too (default 5.130)")
    parser.add_argument("--option", dest="options", action="append", default=[], metavar="OPTION",
                        help="one more for rollcall check, as --option=--only=posts")
    parser.add_argument("sizes", nargs="*", metavar="POSTSxPODS")
    arguments = parser.parse_args()
    points, problems = [], []
    for size in arguments.sizes or _SIZES:
        posts, pods = map(int, size.split("x"))
        cpu, wrong = run(arguments, posts, pods)
        points.append((posts * pods, cpu))
        problems += [f"{size}: {each}" for each in wrong]
    large = [point for point in points if point[0] >= 100_000]
    if len(large) > 1:
        print(f"cost grows with the power {exponent(large):.2f} of posts x pods (from 100,000 on)")
    for each in problems[:20]:
        print(f"WRONG: {each}")
    return 1 if problems else 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"scale: {error}")

#!/usr/bin/python3
"""Measures how soon `rollcall serve` tells in /metrics of a post that a pod lacks.

    detection.py --rollcall build/release/rollcall --mock-site build/bench/tests/bench/mock_site
                 [--events 200] [--ghost-events 50] [--settling 20]
On the mock site, 10,000 posts on 10 pods, posts are published that the last pod lacks; on three pods of Ghost 5.130.6
through pod 1, of which pods 2 and 3 never hear. From the change in the database (Ghost: from the answer of its Admin API)
to the finding in /metrics, with `settle: 0s`; on Ghost also with the settle window at its default, in which a change is
not yet judged. Exits 1 when with `settle: 0s` the median is 1 s or more or the 99th percentile 2 s or more, when with the
window either is more than that beyond it, or when a claim came before the window was over.
"""

import datetime
import os
import random
import sys
import tempfile
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from bench import figures                                   # noqa: E402
from bench.mock_bed import MockBed                          # noqa: E402
from e2e.campaign import SETTLE_SECONDS, wait_settled       # noqa: E402
from e2e.program import Rollcall, metric                    # noqa: E402
from lab import Lab, LabError                               # noqa: E402

_GHOST = "5.130.6"
_POSTS, _PODS = 10_000, 10  # of the mock site
_P50_SECONDS = 1.0
_P99_SECONDS = 2.0
_PATIENCE = 60


class Ghost:
    """Real pods; what is published through the first is missing on the others."""

    def __init__(self, lab):
        self.lab = lab
        self.stale = [pod["name"] for pod in lab.state["pods"][1:]]

    def make_stale(self, number):
        """When the change was made, by the database's clock, in Unix time."""
        post = self.lab.api(1).create_post(f"Detection {number}")
        return datetime.datetime.fromisoformat(post["updated_at"].replace("Z", "+00:00")).timestamp()


class Mock:
    """What is published is missing on the last pod."""

    def __init__(self, bed):
        self.bed = bed
        names = [pod["name"] for pod in bed.where["pods"]]
        self.stale, self.knowing = names[-1:], ",".join(map(str, range(1, len(names))))

    def make_stale(self, _):
        published = self.bed.control("publish", pods=self.knowing)
        self.bed.sql(published["sql"])
        return published["updated_at"]


def findings(daemon, site):
    """How many missing posts /metrics tells of, on the pod with the fewest."""
    samples = daemon.metrics()
    return min(metric(samples, "rollcall_pod_findings", pod=pod, code="RC201") for pod in site.stale)


def measure(daemon, site, events, window):
    """(seconds from each change to its finding, how many of them were told within the window)."""
    seen, early = [], 0
    for number in range(1, events + 1):
        time.sleep(random.uniform(0, 1))            # so that publishing does not march in step with the poll
        before = findings(daemon, site)
        changed = site.make_stale(before + 1)
        began = time.monotonic()
        while findings(daemon, site) <= before:
            if time.monotonic() - began > _PATIENCE:
                raise LabError(f"/metrics did not tell of change {number} within {_PATIENCE} s")
            time.sleep(0.02)
        seen.append(time.monotonic() - began)
        early += time.time() < changed + window
        if number % 20 == 0 or number == events:
            print(f"{number:4}: {seen[-1]:.2f} s", flush=True)
    return seen, early


def tell(result, what, seen, early, window):
    values = [each - window for each in seen]
    p50, p99 = figures.percentile(values, 50), figures.percentile(values, 99)
    print(f"\n{what}, {len(values)} changes{f', without the settle window of {window:g} s' if window else ''}: "
          f"p50 {p50:.2f} s, p95 {figures.percentile(values, 95):.2f} s, p99 {p99:.2f} s, max {max(values):.2f} s, "
          f"min {min(values):.2f} s; {figures.load()}", flush=True)
    result.holds("p50", p50, _P50_SECONDS, "s")
    result.holds("p99", p99, _P99_SECONDS, "s")
    if window:
        result.demands(f"{early} of {len(values)} were told before the window was over", early == 0)


def on_mock(result, arguments):
    with tempfile.TemporaryDirectory(prefix="rollcall-detection-") as folder, MockBed(
            arguments.mock_site, folder, posts=_POSTS, pods=_PODS) as bed:
        rollcall = Rollcall(arguments.rollcall, bed)
        flags = [*bed.flags(), "--config", rollcall.config("detection.yaml", None, "settle: 0s")]
        with rollcall.serve(flags=flags) as daemon:
            seen, early = measure(daemon, Mock(bed), arguments.events, 0)
    tell(result, f"The mock site, {_POSTS} posts on {_PODS} pods, settle: 0s", seen, early, 0)


def on_ghost(result, arguments):
    with tempfile.TemporaryDirectory(prefix="rollcall-detection-") as folder, Lab.up(
            _GHOST, pods=3, dir=os.path.join(folder, "lab")) as lab:
        site, rollcall = Ghost(lab), Rollcall(arguments.rollcall, lab)
        for what, events, window, more in (("settle: 0s", arguments.ghost_events, 0, ["settle: 0s"]),
                                           ("the settle window at its default", arguments.settling,
                                            SETTLE_SECONDS, [])):
            if not events:
                continue
            flags = rollcall.site_flags() + rollcall.pod_flags() + [
                "--content", lab.state["content_dir"], "--config", rollcall.config("detection.yaml", None, *more)]
            wait_settled(lab)                       # what was published before is not taken for the next change
            with rollcall.serve(flags=flags) as daemon:
                seen, early = measure(daemon, site, events, window)
            tell(result, f"Ghost {_GHOST}, {what}", seen, early, window)


def main():
    parser = figures.parser(__doc__, "rollcall", "mock-site")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--ghost-events", type=int, default=50)
    parser.add_argument("--settling", type=int, default=20)
    arguments = parser.parse_args()
    result = figures.Verdict()
    if arguments.events:
        on_mock(result, arguments)
    on_ghost(result, arguments)
    return result


if __name__ == "__main__":
    figures.main("detection", main)

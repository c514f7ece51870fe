#!/usr/bin/python3
"""Measures what `rollcall serve` itself costs while nothing happens.

    idle.py --rollcall build/release/rollcall --mock-site build/bench/tests/bench/mock_site [--posts 10000] [--pods 10]
            [--minutes 5]
The mock site and a real MariaDB, default settings. After the first round CPU time and memory of the daemon, and the
requests it sends to each pod. Five minutes are the interval of the rarest thing that it asks of pods. Exits 1 when it
takes 0.5 % of a core or more, or was ever larger than 40 MiB.
"""

import os
import sys
import tempfile
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from bench import figures                                   # noqa: E402
from bench.mock_bed import MockBed                          # noqa: E402
from e2e.program import Rollcall                            # noqa: E402
from lab import LabError                                    # noqa: E402

_CPU_PERCENT = 0.5
_MEMORY_MIB = 40


def demand_health(daemon):
    amiss = [run for run in daemon.report()["checks"] if run["verdict"] not in ("pass", "not_applicable")]
    if amiss:
        raise LabError(f"the mock site is not healthy: {str(amiss)[:2000]}")


def measure(binary, bed, seconds):
    with Rollcall(binary, bed).serve(flags=bed.flags()) as daemon:
        demand_health(daemon)
        bed.control("forget")
        before, began = figures.cpu_seconds(daemon.process["pid"]), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        cpu = 100 * (figures.cpu_seconds(daemon.process["pid"]) - before) / took
        peak, now = figures.peak_mib(daemon.process["pid"])
        asked = bed.control("counts")["pods"]
        demand_health(daemon)
    return cpu, peak, now, [each["requests"] * 60 / took for each in asked]


def main():
    parser = figures.parser(__doc__, "rollcall", "mock-site")
    figures.add_shape(parser)
    parser.add_argument("--minutes", type=float, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rollcall-idle-") as folder, MockBed(
            arguments.mock_site, folder, posts=arguments.posts, pods=arguments.pods) as bed:
        cpu, peak, now, asked = measure(arguments.rollcall, bed, arguments.minutes * 60)
    print(f"\n{arguments.posts} posts on {arguments.pods} pods, {arguments.minutes:g} minutes: {cpu:.2f} % of a core, "
          f"{now:.1f} MiB, at most {peak:.1f} MiB; {max(asked):.0f} requests a minute and pod", flush=True)
    result = figures.Verdict()
    result.holds("CPU while nothing happens", cpu, _CPU_PERCENT, "% of a core")
    result.holds("memory at most", peak, _MEMORY_MIB, "MiB", digits=1)
    return result


if __name__ == "__main__":
    figures.main("idle", main)

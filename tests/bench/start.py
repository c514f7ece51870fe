#!/usr/bin/python3
"""Measures how soon `rollcall serve` has a complete verdict after its start.

    start.py --rollcall build/release/rollcall [--starts 20]
Three pods of Ghost 5.130.6, default settings, content folder given. From the start of the process until
/api/v1/verdict says "pass", which it does when every check has looked at everything, and until /readyz answers 200.
`rollcall check` on the same site stands beside. Exits 1 when the median is 1 s or more.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from bench import figures                                   # noqa: E402
from e2e.campaign import restart_all, wait_settled          # noqa: E402
from e2e.program import Daemon, Rollcall                    # noqa: E402
from lab import Lab, LabError                               # noqa: E402
from lab import processes                                   # noqa: E402
from lab.common import free_ports                           # noqa: E402

_GHOST = "5.130.6"
_BOUND_SECONDS = 1.0
_PATIENCE = 30


@contextlib.contextmanager
def started(rollcall, flags):
    """A daemon that may not be ready yet, and when it was started."""
    port = free_ports(1)[0]
    log = os.path.join(rollcall.lab.dir, "rollcall.log")
    began = time.monotonic()
    process = processes.spawn([rollcall.binary, "serve", *flags, "--listen", f"127.0.0.1:{port}"], log, tied=True)
    try:
        yield Daemon(process, port, log), began
    finally:
        processes.end([process])


def verdict(daemon):
    status, text = daemon.get("/api/v1/verdict")
    return json.loads(text) if status == 200 else {"verdict": "", "reasons": []}


def one_start(rollcall, flags):
    """Seconds until (/readyz, verdict pass)."""
    with started(rollcall, flags) as (daemon, began):
        ready = None
        while True:
            if ready is None and daemon.ready():
                ready = time.monotonic() - began
            said = verdict(daemon)
            if said["verdict"] == "pass":
                passed = time.monotonic() - began
                return ready or passed, passed
            if time.monotonic() - began > _PATIENCE:
                raise LabError(f"no verdict \"pass\" within {_PATIENCE} s: {json.dumps(said)}")
            time.sleep(0.005)


def measure(binary, starts, folder):
    with Lab.up(_GHOST, pods=3, dir=folder) as lab:
        restart_all(lab)
        wait_settled(lab)
        rollcall = Rollcall(binary, lab)
        flags = rollcall.site_flags() + rollcall.pod_flags() + rollcall.content_flags()
        once = [rollcall.check_whole().seconds for _ in range(5)]
        seen = []
        for number in range(1, starts + 1):
            seen.append(one_start(rollcall, flags))
            print(f"{number:3}: /readyz {seen[-1][0]:.2f} s, verdict {seen[-1][1]:.2f} s", flush=True)
    result = figures.Verdict()
    for place, values in zip(("/readyz", "the verdict"), zip(*seen)):
        print(f"{place}: p50 {statistics.median(values):.2f} s, max {max(values):.2f} s, "
              f"{statistics.median(values) / statistics.median(once):.1f} times `rollcall check` "
              f"({statistics.median(once):.2f} s); {figures.load()}")
        result.holds(f"p50 from the start to {place}, 3 pods", statistics.median(values), _BOUND_SECONDS, "s")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rollcall", required=True, metavar="BIN")
    parser.add_argument("--starts", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rollcall-start-") as folder:
        return measure(arguments.rollcall, arguments.starts, os.path.join(folder, "lab"))


if __name__ == "__main__":
    figures.main("start", main)

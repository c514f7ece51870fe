"""The fault matrix of `rollcall serve`, see matrix.py.

usage: run.py ROLLCALL FAULTY_VOLUME [--rounds N] [DEPENDENCY...]

Without a dependency all of them, side by side. Prints the matrix as a table; exits 1 when a cell does not hold.
"""

import argparse
import concurrent.futures
import importlib
import os
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = os.path.dirname(HERE)                   # tests/
sys.path[1:1] = [os.path.dirname(sys.path[0]), os.path.join(sys.path[0], "component")]

from faults import matrix  # noqa: E402
from lab.common import LabError  # noqa: E402
from support import volumes  # noqa: E402

# Each is a class of the module before the dot, or what the module plays by itself.
DEPENDENCIES = {
    "database": "database.Database", "database_tls": "database.DatabaseTls", "pod": "pod.OnePod", "pod_tls": "pod.OnePodTls",
    "kubernetes": "kubernetes.Kubernetes", "webhook": "webhook.Webhook", "webhook_tls": "webhook.WebhookTls",
    "mail": "mail.Mail", "edge": "edge.Edge", "volume": "volume.Volume", "volume_agent": "volume_agent.VolumeAgent",
    "pushgateway": "pushgateway.play", "exec": "exec.Exec"}


def play(dependency, arguments):
    """The rows of one dependency."""
    module, _, name = DEPENDENCIES[dependency].partition(".")
    it = getattr(importlib.import_module(f"faults.{module}"), name)
    if name == "play":
        return it(arguments)
    try:
        with it(arguments) as bed:
            rows = matrix.play(bed, arguments.rounds)
    except volumes.Missing as reason:
        return [matrix.Row(it.name, "all", f"SKIPPED: {reason}")]
    if it.whole:
        matrix.complete(rows)
    return rows


def alone(dependency, arguments):
    try:
        rows = play(dependency, arguments)
    except (AssertionError, LabError, OSError):
        traceback.print_exc()
        return 1
    print(matrix.table(rows))
    return 0


def together(dependencies, arguments):
    """One process each."""
    def run(dependency):
        return subprocess.run([sys.executable, "-W", "ignore", os.path.abspath(__file__), arguments.rollcall,
                               arguments.faulty_volume, "--rounds", str(arguments.rounds), dependency],
                              capture_output=True, text=True, check=False)
    with concurrent.futures.ThreadPoolExecutor(len(dependencies)) as pool:
        done = list(pool.map(run, dependencies))
    for each in done:
        print(each.stdout + each.stderr)
    return int(any(each.returncode for each in done))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rollcall", type=os.path.abspath)
    parser.add_argument("faulty_volume", type=os.path.abspath)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("dependencies", nargs="*", choices=[*DEPENDENCIES, []], metavar="DEPENDENCY",
                        help=f"of {', '.join(DEPENDENCIES)}; default: all")
    arguments = parser.parse_intermixed_args()
    began = time.monotonic()
    chosen = arguments.dependencies or list(DEPENDENCIES)
    status = alone(chosen[0], arguments) if len(chosen) == 1 else together(chosen, arguments)
    print(f"{time.monotonic() - began:.0f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())

"""The fault matrix of `rollcall serve`, see matrix.py.

usage: run.py ROLLCALL FAULTY_VOLUME [--rounds N] [--any-memory] [DEPENDENCY...]

Without a dependency all of them, several side by side. Prints the matrix as a table; exits 1 when a cell does not hold.
The last lines name what failed, one line each.
"""

import argparse
import concurrent.futures
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = os.path.dirname(HERE)                   # tests/
sys.path[1:1] = [os.path.dirname(sys.path[0]), os.path.join(sys.path[0], "component")]

from faults import matrix  # noqa: E402
from support import volumes  # noqa: E402

# Each is a class of the module before the dot, or what the module plays by itself. Those that take longest come first.
DEPENDENCIES = {
    "kubernetes": "kubernetes.Kubernetes", "pod": "pod.OnePod", "mail": "mail.Mail", "edge": "edge.Edge",
    "pushgateway": "pushgateway.play", "volume": "volume.Volume", "volume_agent": "volume_agent.VolumeAgent",
    "webhook": "webhook.Webhook", "pod_tls": "pod.OnePodTls", "database": "database.Database", "exec": "exec.Exec",
    "database_tls": "database.DatabaseTls", "webhook_tls": "webhook.WebhookTls"}
SIDE_BY_SIDE = 7       # as quick as all at once: the first takes as long as seven of the others
MEMORY = "/dev/shm"    # for what the beds write: a disk may be busy with what was built a moment ago
ROOM = 1 << 30         # bytes that have to be free there
WIDTH = 500            # characters of a line that names a failure


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
    """The line that names what failed; None when all holds."""
    try:
        print(matrix.table(matrix.held("all", lambda: play(dependency, arguments))))
    except Exception as error:  # whatever it is, the last line is to tell
        traceback.print_exc(file=sys.stdout)
        return f"FAILED {dependency}: {matrix.gist(error)}"[:WIDTH]
    return None


def folder():
    """For temporary files; None: where they are otherwise."""
    try:
        with tempfile.TemporaryFile(dir=MEMORY):
            return MEMORY if shutil.disk_usage(MEMORY).free > ROOM else None
    except OSError:
        return None


def together(dependencies, arguments):
    """One process each; the lines that name what failed."""
    env = os.environ | ({"TMPDIR": folder()} if folder() else {})
    command = [sys.executable, "-W", "ignore", os.path.abspath(__file__), arguments.rollcall, arguments.faulty_volume,
               "--rounds", str(arguments.rounds), *(["--any-memory"] if arguments.any_memory else [])]

    def run(dependency):
        return subprocess.run([*command, dependency], capture_output=True, text=True, errors="replace", check=False, env=env)
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        done = dict(zip(dependencies, pool.map(run, dependencies)))
    for each in done.values():
        print(each.stderr + each.stdout)
    return [(each.stdout.splitlines() or [f"FAILED {dependency}: ended with {each.returncode}"])[-1]
            for dependency, each in done.items() if each.returncode]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rollcall", type=os.path.abspath)
    parser.add_argument("faulty_volume", type=os.path.abspath)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--any-memory", action="store_true", help="memory may grow, as it does under sanitizers")
    parser.add_argument("dependencies", nargs="*", choices=[*DEPENDENCIES, []], metavar="DEPENDENCY",
                        help=f"of {', '.join(DEPENDENCIES)}; default: all")
    arguments = parser.parse_intermixed_args()
    began = time.monotonic()
    chosen = arguments.dependencies or list(DEPENDENCIES)
    failed = list(filter(None, [alone(chosen[0], arguments)])) if len(chosen) == 1 else together(chosen, arguments)
    print(f"{time.monotonic() - began:.0f} s", *failed, sep="\n")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())

"""What the benchmarks in Python share: percentiles, CPU time, and how a result is told."""

import argparse
import os
import signal
import sys
import tempfile

from lab import LabError

_TICKS = os.sysconf("SC_CLK_TCK")


def percentile(values, share):
    """The smallest value that at least `share` percent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def cpu_seconds(pid):
    """User and system time of all threads of the process so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as source:
        fields = source.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_mib(pid):
    """The most resident memory the process ever had, and what it has now."""
    found = {}
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as source:
        for line in source:
            name, _, value = line.partition(":")
            if name in ("VmHWM", "VmRSS"):
                found[name] = int(value.split()[0]) / 1024
    return found["VmHWM"], found["VmRSS"]


def load():
    """What else the machine did, for the reader of a wall-clock figure."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


class Verdict:
    """Collects what held and what did not; `ok` in the end."""

    def __init__(self):
        self.ok = True

    def holds(self, figure, value, bound, unit, digits=2):
        """Prints one line; the value has to be below the bound."""
        good = value < bound
        self.ok = self.ok and good
        print(f"{'passed' if good else 'FAILED'}: {figure}: {value:.{digits}f} {unit}, "
              f"bound {bound:g} {unit}, {value / bound:.2f} of it", flush=True)

    def demands(self, what, good):
        """Prints one line; `good` has to be true."""
        self.ok = self.ok and good
        print(f"{'passed' if good else 'FAILED'}: {what}", flush=True)


def parser(description, *programs):
    """One that asks for the programs, as --rollcall BIN; of the description the first line is shown."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    for program in programs:
        made.add_argument(f"--{program}", required=True, metavar="BIN")
    return made


def add_shape(options):
    """How large the mock site is: 10,000 posts on 10 pods."""
    options.add_argument("--posts", type=int, default=10_000)
    options.add_argument("--pods", type=int, default=10)


def main(name, run):
    """Runs `run()`, which returns a Verdict, and ends the program with its exit code."""
    def interrupted(number, frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupted)
    try:
        sys.exit(0 if run().ok else 1)
    except LabError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def judged(name, claim, parts):
    """A Verdict that `claim` holds for all that `parts(folder)` gives; the folder is gone afterwards."""
    result = Verdict()
    with tempfile.TemporaryDirectory(prefix=f"rollcall-{name}-", ignore_cleanup_errors=True) as folder:
        good = list(parts(folder))
    print()
    result.demands(claim, all(good))
    return result

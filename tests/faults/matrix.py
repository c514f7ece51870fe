"""The fault matrix: each fault of a dependency is begun below a running daemon, looked at, and ended.

A `Bed` is a daemon with one dependency that can be broken. Each of its cells has to show that

- the daemon says what it cannot see: every check that needs the dependency says so, in the words that name the fault,
  and nothing is found that the cell does not allow;
- it keeps its rhythm: the other checks complete their runs, and /metrics and /livez answer;
- it recovers by itself: a run that began at most two intervals after the fault ended says that all is well;
- nothing is left: descriptors, threads and children are as many as before the first fault, but for what a pool
  keeps (`spare`), and memory grows no further.

The machine may be busy. A metronome tells when it was so busy that bounds in time say nothing of the daemon: then there
is more time, and a cell that does not hold is played once more, which is printed. A defect does not hold twice.
"""

import contextlib
import dataclasses
import datetime
import json
import math
import os
import re
import shutil
import tempfile
import time

from support import volumes
from support.metronome import Metronome
from support.serving import Daemon, children_of, environment, wait_until

FAULTS = ("refused", "black hole", "reset", "slow", "garbage", "expired credential", "wrong TLS", "cut mid-answer",
          "flapping")
PATIENCE = 60          # s; only a failure uses all of it
LATE = 1.5             # s that a run may begin late on a busy machine
STALLED = 0.1          # s that a beat is late on a machine that hardly comes to anything
CALM = 3               # s without a late beat, for which a second time waits,
LULL = 30              # s at most
STALL = 15             # s that are allowed more then, and where only the clock tells that something is late
RUNS = 2               # that the other checks complete during each fault
MOST_GROWTH = 8        # MiB, over all cells of a bed but the first


@dataclasses.dataclass
class Cell:
    """`begin` breaks and `end` mends. `says` is what every check that needs the dependency has to say, a regular
    expression, or one for each check by name; None where it may notice or not. `codes` are the findings that are true
    meanwhile."""
    fault: str
    begin: object
    end: object
    says: object
    codes: tuple = ()


@dataclasses.dataclass
class NotApplicable:
    fault: str
    reason: str


@dataclasses.dataclass
class Row:
    dependency: str
    fault: str
    said: str
    rhythm: str = ""
    recovered: str = ""
    left: str = ""


@dataclasses.dataclass
class Footprint:
    descriptors: int
    threads: int
    children: int

    @classmethod
    def of(cls, daemon):
        try:
            descriptors = len(os.listdir(f"/proc/{daemon.pid}/fd"))
        except PermissionError:  # its memory is closed to all but root with CAP_SYS_PTRACE, which containers lack
            descriptors = int(daemon.metric("process_open_fds"))
        return cls(descriptors, len(os.listdir(f"/proc/{daemon.pid}/task")), len(children_of(daemon.pid)))

    def join(self, other):
        return Footprint(*map(max, dataclasses.astuple(self), dataclasses.astuple(other)))

    def within(self, other, spare):
        return (self.descriptors <= other.descriptors + spare and self.threads <= other.threads and
                self.children <= other.children)

    def __str__(self):
        return f"{self.descriptors}/{self.threads}/{self.children}"


def moment(text):
    """Seconds since 1970 of a time in a report."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


METRONOME = Metronome()


def stalled(since):
    """Whether the machine was that busy at any time after `since`, as of time.monotonic()."""
    return METRONOME.worst(since) > STALLED


class Failure(AssertionError):
    """Of what its message names, and for good."""


def gist(error):
    """Of an exception, for a line."""
    text = (str(error).splitlines() or [""])[0]
    return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"


def held(name, play, again=False):
    """What play() gives. Where the machine was busy and it fails, it is played once more."""
    began = time.monotonic()
    try:
        return play()
    except (Failure, volumes.Missing):
        raise
    except Exception as error:  # whatever it is, it may come from a wait that was too short
        if again or not stalled(began):
            raise Failure(f"{name}{', for the second time' if again else ''}: {gist(error)}") from error
        print(f"PLAYED ONCE MORE {name}: this machine came {METRONOME.worst(began) * 1000:.0f} ms late to its work; "
              f"{gist(error)[:2000]}")
    with contextlib.suppress(AssertionError):
        wait_until(lambda: not stalled(time.monotonic() - CALM), LULL, "no lull")
    return held(name, play, again=True)


class Bed:
    """A daemon and what it depends on; a context manager. A subclass has `name`, `needs` (the checks that need the
    dependency), `others` (those that do not), `interval` (s, of `needs`), config(), and cells()."""

    name = ""
    needs = ()
    others = ("pods",)
    interval = 2
    # Descriptors that the daemon may keep beyond those it had: its HTTP client keeps up to four sets of handles, one for
    # each thread that asks at the same time, with four descriptors each, and every client some idle connections.
    spare = 16
    whole = True  # it has a cell for each fault
    most_rounds = 1000

    def __init__(self, arguments):
        self.program, self.faulty_volume = arguments.rollcall, arguments.faulty_volume
        self.most_growth = math.inf if arguments.any_memory else MOST_GROWTH
        self.stack = contextlib.ExitStack()
        self.folder = tempfile.mkdtemp(prefix="rollcall-faults-")
        self.stack.callback(shutil.rmtree, self.folder)
        self.daemon = self.most = None

    def __enter__(self):
        try:
            self.make()
            self.daemon = self.start()
            self.stack.callback(self.daemon.end)
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        self.stack.close()

    # What a subclass has

    def make(self):
        """Makes the dependency; what ends it goes to `stack`."""

    def config(self):
        """Of the daemon, as of rollcall.yaml, without the intervals of checks."""
        raise NotImplementedError

    def settings(self):
        """Settings of checks, by check."""
        return {}

    def environment(self):
        return environment()

    def warm_up(self):
        """What opens things that stay open, such as the first message; returns when all is well again."""

    def cells(self):
        raise NotImplementedError

    def is_true(self, finding):
        """Whether a finding of a code that a cell allows is of what is broken."""
        return True

    def voices(self, report):
        """What is said elsewhere than by checks, by a name for it."""
        return {}

    def companion_is_fine(self, run):
        """Whether this is what a check of `others` has to say during a fault."""
        return run["verdict"] == "pass"

    def well_since(self, ended):
        """When a look began that found that the fault which `ended` is over; None while there is none."""
        if not self.is_well(ended):
            return None
        runs = self.runs()
        return max(moment(runs[check]["started"]) for check in self.needs)

    def is_ill_after(self, last):
        """Whether a look that began after `last` still does not find all well."""
        runs = self.runs()
        return any(moment(runs[check]["started"]) > last and runs[check]["verdict"] != "pass" for check in self.needs)

    # How

    def enter(self, context):
        """Enters a context that ends with the bed."""
        return self.stack.enter_context(context)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def start(self):
        checks = {check: {"interval": f"{self.interval}s"} for check in self.needs}
        checks |= {check: {"interval": "1s"} for check in self.others}
        for check, more in self.settings().items():
            checks[check] |= more
        # JSON is YAML.
        path = self.write("rollcall.yaml", json.dumps({"site": {"url": "http://example.org"}, "checks": checks}
                                                      | self.config()))
        return Daemon(self.program, "--config", path, "--only", ",".join((*self.needs, *self.others)),
                      log=self.path("log"), env=self.environment())

    def runs(self, report=None):
        """The latest run of each check, by check."""
        report = report or self.daemon.report() or {"checks": []}
        return {run["check"]: run for run in report["checks"]}

    def said_by(self, report, check):
        """What the latest run of `check` says."""
        run = self.runs(report).get(check)
        if not run:
            return []
        blind = [*filter(None, [run["error"]]), *(gap["why"] for gap in run["gaps"])]
        return [one["message"] for one in blind] + [
            one["message"] for one in report["findings"] if one["check"] == check]

    def is_well(self, since=0):
        """Every check's latest run began after `since` and passed."""
        report = self.daemon.report()
        runs = self.runs(report)
        return (report and set(runs) == {*self.needs, *self.others} and not report["findings"] and
                all(run["verdict"] == "pass" for run in runs.values()) and
                all(moment(runs[check]["started"]) > since for check in self.needs))

    def footprint(self):
        return Footprint.of(self.daemon)

    def settle(self):
        """Notes the most that is open while all is well, over two looks of each check."""
        begun = time.time()
        self.most = self.most or self.footprint()

        def looked():
            self.most = self.most.join(self.footprint())
            return self.is_well(begun + self.interval)
        wait_until(looked, PATIENCE, lambda: f"not well at first: {self.state()}")

    def open_files(self):
        """For a message of failure; sockets with the ports of both ends and the kernel's state of them. None of what only
        root may read."""
        if not os.access(f"/proc/{self.daemon.pid}/fd", os.R_OK):
            return []
        with open(f"/proc/{self.daemon.pid}/net/tcp", encoding="ascii") as table:
            sockets = {line.split()[9]: "{1} {2} {3}".format(*line.split()) for line in table}
        named = []
        for number in os.listdir(f"/proc/{self.daemon.pid}/fd"):
            with contextlib.suppress(OSError):
                target = os.readlink(f"/proc/{self.daemon.pid}/fd/{number}")
                named.append(sockets.get(target[8:-1], target))
        return sorted(named)

    def is_lean(self):
        return self.footprint().within(self.most, self.spare)

    def state(self):
        """For a message of failure."""
        report = self.daemon.report() or {}
        return json.dumps({key: report.get(key) for key in ("pods_stale", "checks", "findings")}) + self.log_tail()

    def log_tail(self):
        return "\n" + "".join(self.daemon.told().splitlines(keepends=True)[-20:])


class Play:
    """One cell on a bed."""

    def __init__(self, bed, cell):
        self.bed, self.cell = bed, cell
        self.said = {}        # by check, in the words that were wanted
        self.other = set()    # in other words; of a look that the beginning of the fault fell into, or when the machine stalls
        self.starts = {check: set() for check in (*bed.others, *bed.needs)}  # of runs during the fault
        self.slowest = 0

    def run(self):
        bed, cell = self.bed, self.cell
        wait_until(bed.is_well, PATIENCE, lambda: f"not well before: {bed.state()}")
        before = bed.footprint()
        cell.begin()
        begun = time.time()
        try:
            wait_until(lambda: self.has_shown(begun), PATIENCE, lambda: f"{self.missing()} {bed.state()}")
            took = time.time() - begun
        finally:
            cell.end()
        recovered = self.recover(time.time())
        wait_until(bed.is_lean, PATIENCE, lambda: f"most {bed.most}, now {bed.footprint()} "
                                                  f"(descriptors, threads, children): {bed.open_files()}")
        runs = min(len(self.starts[check]) for check in bed.others)
        if took > 2 * (runs + 1) + STALL:
            raise AssertionError(f"rhythm lost, {runs} runs of one second's interval in {took:.1f} s")
        return Row(bed.name, cell.fault, self.summary(),
                   f"{runs} in {took:.1f} s, {self.slowest * 1000:.0f} ms", f"{recovered:.1f} s", f"{before} {bed.footprint()}")

    def has_shown(self, begun):
        """Looks once; True when the cell has shown all it has to."""
        bed = self.bed
        report = bed.daemon.report()
        for path in ("/metrics", "/livez"):
            status, _, seconds = bed.daemon.get(path)
            self.slowest = max(self.slowest, seconds)
            if status != 200:
                raise AssertionError(f"{path} answers {status}")
        if not report:
            raise AssertionError("there is no report any more")
        invented = [one for one in report["findings"]
                    if one["code"] not in self.cell.codes or not bed.is_true(one)]
        if invented:
            raise AssertionError(f"not true: {invented}{bed.log_tail()}")
        for check, run in bed.runs(report).items():
            if moment(run["started"]) < begun:
                continue
            self.starts[check].add(run["started"])
            if check in bed.others:
                self.judge_companion(run)
            else:
                self.note(check, bed.said_by(report, check))
        for voice, texts in bed.voices(report).items():
            self.note(voice, texts)
        return not self.late() and not self.unsaid()

    def late(self):
        """The checks that have still to run; those that need what flaps have to meet it as well."""
        flaps = self.cell.says is None
        waited = (*self.bed.others, *(self.bed.needs if flaps else ()))
        least = {check: 2 * RUNS if flaps and check in self.bed.others else RUNS for check in waited}
        return [check for check in waited if len(self.starts[check]) < least[check]]

    def judge_companion(self, run):
        if not self.bed.companion_is_fine(run):
            raise AssertionError(f"{run['check']} has nothing to do with it: {run}")

    def pattern(self, check):
        says = self.cell.says
        return says.get(check) if isinstance(says, dict) else says

    def note(self, check, texts):
        pattern = self.pattern(check)
        for text in texts:
            if pattern is None or re.search(pattern, text):
                self.said.setdefault(check, text)
            else:
                self.other.add(f"{check}: {text}")

    def unsaid(self):
        if self.cell.says is None:
            return []
        wanted = self.cell.says if isinstance(self.cell.says, dict) else self.bed.needs
        return [check for check in wanted if check not in self.said]

    def missing(self):
        return f"nothing said by {self.unsaid()} but {self.other}, no runs of {self.late()};"

    def recover(self, ended):
        """Seconds from the end of the fault to the beginning of the look that was seen to find all well."""
        bed, began = self.bed, time.monotonic()
        last = ended + 2 * bed.interval + LATE

        def well():
            since = bed.well_since(ended)
            if not since and bed.is_ill_after(last + STALL * stalled(began)):
                raise AssertionError(f"not well {time.time() - ended:.1f} s after it: {bed.state()}")
            return since
        return wait_until(well, PATIENCE, lambda: f"not over: {bed.state()}") - ended

    def summary(self):
        texts = list(dict.fromkeys(self.said.values()))
        return "; ".join(texts) if texts else "nothing was amiss when it looked"


def play(bed, rounds=1):
    """The rows of a bed."""
    rows, memory = [], None
    bed.warm_up()
    bed.settle()
    for _ in range(min(rounds, bed.most_rounds)):
        rows = []
        for cell in bed.cells():
            if isinstance(cell, NotApplicable):
                rows.append(Row(bed.name, cell.fault, f"does not apply: {cell.reason}"))
                continue
            rows.append(held(f"{bed.name}, {cell.fault}", lambda cell=cell: Play(bed, cell).run()))
            memory = memory or bed.daemon.memory()
    grown = bed.daemon.memory() - memory
    if grown > bed.most_growth:
        raise Failure(f"{bed.name}: {grown:.1f} MiB more than after the first fault")
    code, _ = bed.daemon.stop()
    if code != 0:
        raise Failure(f"{bed.name}: the daemon ended with {code}{bed.log_tail()}")
    rows.append(Row(bed.name, "all", f"memory {memory:.1f} MiB after the first, {grown:+.1f} MiB since"))
    return rows


def table(rows):
    heads = ("dependency", "fault", "what was said", "rhythm, slowest answer", "recovered after",
             "fds/threads/children before, after")
    lines = [heads] + [dataclasses.astuple(row) for row in rows]
    lines = [[line[0], line[1], line[2][:150], *line[3:]] for line in lines]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines)


def complete(rows):
    """Each fault has its row."""
    missing = [fault for fault in FAULTS if fault not in {row.fault for row in rows}]
    if missing:
        raise AssertionError(f"{rows[0].dependency}: no cell for {missing}")

"""What one job of the end-to-end tests found, row by row, and what to print about it."""

import dataclasses
import json
import sys
import time

from lab.common import tail, write_private


@dataclasses.dataclass
class Row:
    """One line of the table: `truth` and `found` count claims, `problems` are sentences."""

    version: str
    name: str
    truth: int = 0
    found: int = 0
    missed: list = dataclasses.field(default_factory=list)
    invented: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self):
        return not (self.missed or self.invented or self.problems)

    def line(self):
        mark = "ok  " if self.passed else "FAIL"
        return (f"{mark} {self.version:<8} {self.name:<44} truth {self.truth:>3}  found {self.found:>3}  "
                f"missed {len(self.missed)}  invented {len(self.invented)}  {self.seconds:5.1f} s")


class Outcome:
    """Collects rows, prints each at once and keeps all in the file `path` for the parent."""

    def __init__(self, version, path):
        self.version = version
        self.rows = []
        self._path = path
        self._began = time.monotonic()

    def row(self, name, lab=None, check=None, truth=(), found=(), problems=()):
        """Adds a row; on failure shows what is needed to understand it."""
        truth, found = set(truth), set(found)
        now = time.monotonic()
        row = Row(self.version, name, len(truth), len(found), sorted(truth - found), sorted(found - truth),
                  list(problems), now - self._began)
        self._began = now
        self.rows.append(row)
        print(row.line(), flush=True)
        if not row.passed:
            print(_explain(row, lab, check), flush=True)
        write_private(self._path, json.dumps([dataclasses.asdict(each) for each in self.rows]))
        return row.passed


def _explain(row, lab, check):
    lines = [f"     missed:   {claim}" for claim in row.missed]
    lines += [f"     invented: {claim}" for claim in row.invented]
    lines += [f"     problem:  {problem}" for problem in row.problems]
    if check is not None:
        lines.append(f"     rollcall exited {check.exit} after {check.seconds:.1f} s; it said on stderr:")
        lines.append(_indented(check.err.strip()[-1500:] or "(nothing)"))
        lines.append(_indented(_short(check)))
    if lab is not None:
        for pod in lab.state["pods"]:
            lines.append(f"     {pod['log']} ends with:\n{_indented(tail(pod['log'], 6)[-1500:])}")
    return "\n".join(lines)


def _short(check):
    """The report; its findings cut to those a person can read."""
    if check.report is None:
        return check.out[:3000]
    return json.dumps(check.report, indent=1)[:12000]


def _indented(text):
    return "\n".join("       " + line for line in text.splitlines())


def load_rows(path):
    """The rows a job left; empty when it did not get that far."""
    try:
        with open(path, encoding="utf-8") as source:
            return [Row(**{**each, "missed": [tuple(c) for c in each["missed"]],
                           "invented": [tuple(c) for c in each["invented"]]}) for each in json.load(source)]
    except OSError:
        return []


def say(message):
    print(message, file=sys.stderr, flush=True)

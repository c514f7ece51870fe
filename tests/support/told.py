"""What somebody should read of a run of ctest: what was skipped, and why; what was played once more; and last, as only the
end of a log may be kept, what failed, each with its last lines.

usage: told.py JUNIT
"""

import sys
import xml.etree.ElementTree

TESTS, LINES, WIDTH = 10, 12, 300  # at most
ONCE_MORE = "PLAYED ONCE MORE"     # tests/faults/matrix.py


def cases(path):
    """(name, status, output) of each test."""
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        yield case.get("name"), case.get("status"), case.findtext("system-out") or ""


def lines_of(output):
    return [line for line in output.splitlines() if line.strip()]


def reason(output):
    """Why it was skipped: what stands below the line by which Google Test says so, or the last line of another program."""
    lines = [*lines_of(output), "no reason given"]
    said = [number for number, line in enumerate(lines) if line.endswith(": Skipped")]
    return lines[said[0] + 1] if said else lines[max(0, len(lines) - 2)]


def told(ran):
    """Lines."""
    for name, status, output in ran:
        if status == "notrun":
            yield f"SKIPPED {name}: {reason(output)}"
        yield from (f"{name}: {line}" for line in output.splitlines() if line.startswith(ONCE_MORE))
    failed = [(name, output) for name, status, output in ran if status == "fail"]
    for name, output in failed[:TESTS]:
        yield f"FAILED {name}, its last lines:"
        yield from (f"  {line}" for line in lines_of(output)[-LINES:])
    if len(failed) > TESTS:
        yield f"FAILED too: {', '.join(name for name, _ in failed[TESTS:])}"


def main():
    for line in told(list(cases(sys.argv[1]))):
        print(line[:WIDTH])


if __name__ == "__main__":
    main()

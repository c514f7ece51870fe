"""The failed tests of a run of ctest once more, each with its last lines, so that a log of which only the end is kept
tells what failed and why.

usage: failed.py JUNIT
"""

import sys
import xml.etree.ElementTree

TESTS, LINES, WIDTH = 10, 12, 300  # at most


def failed(path):
    """(name, output) of each test that failed."""
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        if case.get("status") == "fail":
            yield case.get("name"), case.findtext("system-out") or ""


def main():
    cases = list(failed(sys.argv[1]))
    for name, output in cases[:TESTS]:
        print(f"FAILED {name}, its last lines:")
        for line in [line for line in output.splitlines() if line.strip()][-LINES:]:
            print(f"  {line[:WIDTH]}")
    if len(cases) > TESTS:
        print(f"FAILED too: {', '.join(name for name, _ in cases[TESTS:])}"[:WIDTH])


if __name__ == "__main__":
    main()

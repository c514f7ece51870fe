#!/usr/bin/python3
"""Smoke test on real Ghost: what each version does when a post is published through one pod.

    smoke_test.py --ghost 5.130.6
Exits 0 when the table below holds and a restart of pod 2 heals it; prints the timings.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab import Lab, LabError       # noqa: E402

# GET of a post published through pod 1, on pods 1|2|3.
EXPECTED = {"5.130.6": [200, 404, 404], "6.56.0": [200, 301, 301], "6.65.0": [200, 200, 200]}


def check(version, folder):
    """One line per timing; LabError when Ghost does not behave as the table says."""
    began = time.monotonic()
    with Lab.up(version, pods=3, dir=folder) as lab:
        print(f"{version}: up with 3 pods {time.monotonic() - began:.1f} s")
        post = lab.api(1).create_post("Smoke test")
        path = f"/{post['slug']}/"
        seen = [lab.get(number, path).status for number in (1, 2, 3)]
        if seen != EXPECTED[version]:
            raise LabError(f"{path} on pods 1|2|3 is {seen}, expected {EXPECTED[version]}")
        began = time.monotonic()
        lab.restart_pod(2)
        print(f"{version}: restart of pod 2 {time.monotonic() - began:.1f} s")
        if lab.get(2, path).status != 200:
            raise LabError(f"{path} on pod 2 is {lab.get(2, path).status} after its restart, expected 200")
        began = time.monotonic()
    print(f"{version}: down {time.monotonic() - began:.1f} s; {'|'.join(map(str, seen))} as expected")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ghost", choices=sorted(EXPECTED), action="append", help="default: all three")
    folder = tempfile.mkdtemp(prefix="rollcall-smoke-")
    try:
        for version in parser.parse_args().ghost or sorted(EXPECTED):
            check(version, os.path.join(folder, version))
    except LabError as error:
        print(f"smoke test: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

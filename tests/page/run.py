#!/usr/bin/python3
"""The status page in a real Chromium.

    run.py --server build/dev/tests/page/page_server [--screenshots FOLDER]
Exits 0 when everything passed, 77 with the reason when there is no browser to be had.
"""

import argparse
import os
import shutil
import subprocess
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab.cache import build_once                            # noqa: E402
from lab.common import LabError, cache_root                 # noqa: E402
from lab.ghost_install import npm_install                   # noqa: E402

PACKAGES = ("playwright-core@1.65.1", "axe-core@4.14.1")


def modules():
    """A folder with the packages from npm; LabError when they cannot be had."""
    target = os.path.join(cache_root(), "browser", "+".join(PACKAGES))
    return build_once(target, lambda folder: [npm_install(each, folder) for each in PACKAGES])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--screenshots", help="keep a picture of each scene in this folder")
    options = parser.parse_args()
    tools = {name: shutil.which(name) for name in ("chromium", "node", "npm")}
    missing = [name for name, path in tools.items() if not path]
    if missing:
        print(f"SKIPPED page: not installed: {', '.join(missing)}", flush=True)
        return 77
    try:
        packages = modules()
    except LabError as error:
        print(f"SKIPPED page: {error}", flush=True)
        return 77
    test = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page_test.mjs")
    argv = [tools["node"], test, os.path.abspath(options.server), tools["chromium"], packages]
    if options.screenshots:
        os.makedirs(options.screenshots, exist_ok=True)
        argv.append(os.path.abspath(options.screenshots))
    return subprocess.run(argv, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

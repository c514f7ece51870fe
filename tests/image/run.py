#!/usr/bin/python3
"""Builds the image as its users do and looks at it: see README.md.

Exits 0 when everything passed, or when this machine cannot make containers and says why.
"""

import os
import signal
import sys
import time
import unittest

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(1, os.path.dirname(sys.path[0]))

from image import image_test, kube_play_test, running_test         # noqa: E402
from image.store import CannotRun, Store, mounts_below              # noqa: E402
from lab.cache import locked                                        # noqa: E402
from lab.common import cache_root                                   # noqa: E402

ROOT = os.path.dirname(sys.path[0])


def say(text):
    print(f"image: {text}", file=sys.stderr, flush=True)


def timed(what, function, *arguments):
    started = time.monotonic()
    result = function(*arguments)
    say(f"{what}: {time.monotonic() - started:.0f} s")
    return result


def test(store):
    """True when all passed."""
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite()
    for module in (image_test, running_test, kube_play_test):
        module.STORE = store
        suite.addTests(loader.loadTestsFromModule(module))
    return unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful()


def left_behind(cache, store):
    containers = store.podman("ps", "--all", "--format={{.ID}}", check=False).stdout.split()
    left = [f"container {one}" for one in containers]
    store.close()
    return left + [f"mount {point}" for point in mounts_below(cache)]


def main():
    cache = os.path.join(cache_root(), "image")
    with locked(cache + ".lock"):
        os.makedirs(cache, exist_ok=True)
        started = time.monotonic()
        store = Store(cache)
        try:
            timed("the base image", store.make_base)
            store.try_container()
            timed("the build", store.build, ROOT)
            passed = timed("the tests", test, store)
        except CannotRun as why:
            say(f"SKIPPED: {why}")
            return 0
        finally:
            left = left_behind(cache, store)
        for one in left:
            say(f"left behind: {one}")
        say(f"all of it: {time.monotonic() - started:.0f} s")
    return 0 if passed and not left else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())

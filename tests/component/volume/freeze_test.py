"""A file system is frozen for a minute below a running daemon: nothing else may notice.

usage: freeze_test.py ROLLCALL FAULTY_VOLUME
"""

import os
import re
import sys
import tempfile
import threading
import time
import unittest

from daemon import (Daemon, children_of, furnish, make_bed, own_files, pod, state_of, volumes,
                    wait_until)

PROGRAM = FAULTY = ""
FROZEN = 60  # seconds
# Often, so that a minute shows a rhythm; those that read from the volume may wait for one another.
CONFIG = """checks:
  pods: {interval: 2s}
  private: {interval: 2s}
  settings: {interval: 2s}
  posts: {interval: 2s}
  tiers: {interval: 2s}
  routes: {interval: 15s}
  redirects: {interval: 15s}
  theme: {interval: 15s}
  volume: {interval: 15s}
  canary: {interval: 15s}
"""
READERS = ("routes", "redirects", "theme")  # of the volume
INTERVALS = {name: int(seconds)
             for name, seconds in re.findall(r"(\w+): {interval: (\d+)s}", CONFIG)}
LONGEST_ANSWER = 0.1
MOST_GROWTH = 4  # MiB


def all_but_the_slowest(answers):
    """What 99 of 100 stay below: a single one is at the mercy of whatever else the machine does."""
    return sorted(answers)[len(answers) * 99 // 100]


class Watch:
    """What is seen of a daemon from outside, as long as the context lasts."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.answers = []      # seconds that /metrics took
        self.children = 0      # the most at once
        self.stuck = set()     # of them all
        self.blind = {}        # reader of the volume -> what it could not look at, of all its runs
        self.starts = {}       # check -> when its runs began, as the daemon says
        self.hung_since = None

    def look(self):
        status, text, took = self.daemon.get("/metrics")
        assert status == 200
        self.answers.append(took)
        children = children_of(self.daemon.pid)
        self.children = max(self.children, len(children))
        self.stuck |= {child for child in children if state_of(child) == "D"}
        for check in READERS:
            run = self.daemon.run_of(check)
            if run:
                self.blind.setdefault(check, set()).update(str(one) for one in run["blind"])
        for check, began in re.findall(
                r'^rollcall_check_last_run_timestamp_seconds{check="(\w+)"} (\S+)$', text, re.M):
            runs = self.starts.setdefault(check, [])
            if not runs or runs[-1] != float(began):
                runs.append(float(began))
        hung = re.search(r"^rollcall_volume_hung_since_timestamp_seconds\S* (\S+)$", text, re.M)
        self.hung_since = hung and float(hung[1])

    def __enter__(self):
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._watcher.join()
        self.ended = time.time()

    def _watch(self):
        while not self._over.wait(0.05):
            self.look()

    def longest_gap(self, check):
        runs = self.starts[check] + [self.ended]
        return max(after - before for before, after in zip(runs, runs[1:]))


class Freeze(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rollcall-freeze-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.config = os.path.join(self.folder, "rollcall.yaml")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        self.pod = self.enterContext(pod())
        self.bed = make_bed(self, FAULTY)
        try:
            self.content = self.bed.make("volume", "ext4")
        except volumes.Missing as reason:
            self.skipTest(str(reason))
        furnish(self.content)

    def daemon(self, name):
        return self.enterContext(Daemon(PROGRAM, self.content, self.pod, "--config", self.config,
                                        log=os.path.join(self.folder, name + ".log")))

    def wait_well(self, daemon):
        def well():
            run = daemon.run_of("volume")
            return run and not run["codes"] and not run["blind"]
        began = time.monotonic()
        wait_until(well, 60, lambda: f"not well: {daemon.run_of('volume')}")
        return time.monotonic() - began

    def wait_hung(self, daemon):
        wait_until(lambda: daemon.run_of("volume")["codes"] == ["RC811"], 60,
                   lambda: f"no hang: {daemon.run_of('volume')}")

    def wait_stuck(self, daemon):
        wait_until(lambda: [child for child in children_of(daemon.pid) if state_of(child) == "D"],
                   60, "no child got stuck")

    def expect_end_in_time(self, daemon, when):
        status, took = daemon.stop()
        print(f"\nSIGTERM {when}: exit {status} after {took:.2f} s", flush=True)
        self.assertEqual(status, 0)
        self.assertLess(took, 5)

    def test_a_minute_of_frozen_file_system_disturbs_nothing_else(self):
        watched, early, late = (self.daemon(name) for name in ("watched", "early", "late"))
        for daemon in (watched, early, late):
            wait_until(lambda one=daemon: one.get("/readyz")[0] == 200, 60, "not ready")
            self.wait_well(daemon)
        with Watch(watched) as before:
            wait_until(lambda: len(before.answers) >= 50, 60, "no answers")
        memory = watched.memory()
        self.bed.freeze("volume")
        end = time.monotonic() + FROZEN
        frozen_at = time.time()
        with Watch(watched) as during:
            self.wait_stuck(early)
            self.expect_end_in_time(early, "while the probe waits")
            self.wait_hung(late)
            self.expect_end_in_time(late, "while the volume is known to hang")
            time.sleep(max(0, end - time.monotonic()))
        grown = watched.memory() - memory
        self.assertEqual(watched.run_of("volume")["codes"], ["RC811"])
        self.bed.thaw("volume")
        cleared = self.wait_well(watched)

        print(f"/metrics: {len(during.answers)} answers, 99 of 100 within "
              f"{all_but_the_slowest(during.answers) * 1000:.1f} ms, longest {max(during.answers) * 1000:.1f} ms "
              f"(before the freeze {max(before.answers) * 1000:.1f} ms)")
        print(f"children at once: {during.children}; memory {memory:.1f} MiB, grown {grown:.2f} MiB")
        print(f"cleared {cleared:.1f} s after thawing; longest time between two runs (interval): " +
              ", ".join(f"{check} {during.longest_gap(check):.1f} s ({interval})"
                        for check, interval in INTERVALS.items()), flush=True)
        self.assertLess(all_but_the_slowest(during.answers), LONGEST_ANSWER)
        self.assertEqual(len(during.stuck), 1)
        self.assertLessEqual(during.children, 2, "one that is stuck and one that reads")
        self.assertEqual(during.blind, before.blind, "files are read while the volume cannot be written to")
        self.assertLess(grown, MOST_GROWTH)
        self.assertGreaterEqual(during.hung_since, frozen_at - 1)
        self.assertLess(during.hung_since, frozen_at + INTERVALS["volume"] + 2)
        for check, interval in INTERVALS.items():
            self.assertLess(during.longest_gap(check), 2 * interval + 1, check)
        wait_until(lambda: not own_files(self.content), 60, lambda: own_files(self.content))


if __name__ == "__main__":
    FAULTY = os.path.abspath(sys.argv.pop(2))
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)

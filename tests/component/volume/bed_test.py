"""What a test that dies leaves of its file systems: nothing; and what the faulty one does when it is well.

usage: bed_test.py FAULTY_VOLUME
"""

import os
import signal
import subprocess
import sys
import unittest

from daemon import state_of, volumes, wait_until

FAULTY = ""
# A test with a frozen file system, one that never answers, and a process stuck in each.
VICTIM = """
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
import volumes
try:
    bed = volumes.Bed(sys.argv[2])
    points = [bed.make("frozen", "ext4"), bed.make("silent", "faulty")]
except volumes.Missing as reason:
    sys.exit(str(reason))
bed.freeze("frozen")
bed.rule("silent", "create never")
stuck = [subprocess.Popen(["touch", os.path.join(point, "file")]) for point in points]
print(os.path.dirname(os.path.dirname(points[0])), *(one.pid for one in stuck), flush=True)
sys.stdin.read()
"""


def backing_files():
    """The files behind the loop devices of the machine."""
    found = []
    for device in os.listdir("/sys/block"):
        try:
            with open(f"/sys/block/{device}/loop/backing_file", encoding="utf-8") as file:
                found.append(file.read().strip())
        except OSError:
            continue
    return found


class Bed(unittest.TestCase):
    def test_nothing_is_left_of_a_test_that_was_killed(self):
        with subprocess.Popen(
                [sys.executable, "-c", VICTIM, os.path.dirname(volumes.__file__), FAULTY],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True) as victim:
            self.addCleanup(victim.kill)
            line = victim.stdout.readline().split()
            if not line:
                why = victim.stderr.read().strip()
                self.assertNotIn("Traceback", why)
                self.skipTest(f"no file systems to break: {why}")
            home, *stuck = line
            wait_until(lambda: state_of(stuck[0]) == "D", 30, "it did not get stuck")
            self.assertTrue(any(file.startswith(home) for file in backing_files()))
            victim.send_signal(signal.SIGKILL)
        wait_until(lambda: not os.path.exists(home), 30, lambda: f"left: {os.listdir(home)}")
        self.assertFalse(any(file.startswith(home) for file in backing_files()))
        for pid in stuck:
            wait_until(lambda one=pid: state_of(one) in (None, "Z"), 30, "a process is left")

    def test_what_is_removed_while_it_is_open_is_gone_at_once(self):
        # FUSE's default keeps it under a hidden name until it hears that the last one closed it, which it may hear
        # after the close() has returned.
        with volumes.Bed(FAULTY) as bed:
            try:
                path = os.path.join(bed.make("well", "faulty"), "file")
            except volumes.Missing as reason:
                self.skipTest(str(reason))
            with open(path, "w", encoding="utf-8") as file:
                os.remove(path)
                self.assertEqual(os.listdir(os.path.dirname(path)), [])
                file.write("still there for its owner")


if __name__ == "__main__":
    FAULTY = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)

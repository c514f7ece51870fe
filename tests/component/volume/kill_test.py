"""Kills the daemon at random moments of its probe: nothing of Rollcall's survives the next start.

usage: kill_test.py ROLLCALL FAULTY_VOLUME [SEED]
"""

import concurrent.futures
import os
import random
import sys
import tempfile
import time
import unittest

from daemon import (FOLDERS, Daemon, children_of, closed_port, furnish, make_bed, own_files, volumes,
                    wait_until)

PROGRAM = FAULTY = ""
SEED = 0
KILLS = 200
# Many folders, or steps that take a moment each: so that the probe lasts and is hit everywhere.
MORE = [f"more-{number}" for number in range(26)]
SLOWLY = ",".join(f"{operation} delay 3"
                  for operation in ("create", "write", "fsync", "flush", "open", "read", "unlink"))
VOLUMES = (("ext4", [*FOLDERS, *MORE], ""),) * 5 + (("faulty", FOLDERS, SLOWLY),) * 5
LONGEST = 0.25  # seconds from the beginning of the probe to the kill


class Kill(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rollcall-kill-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        reserved, port = closed_port()
        self.addCleanup(reserved.close)
        self.pod = f"http://127.0.0.1:{port}"
        self.bed = make_bed(self, FAULTY)

    def kill_again_and_again(self, name, kind, folders, rules):
        """How many kills left a file, and what is left after one more start."""
        moment = random.Random(f"{SEED} {name}")
        content = self.bed.make(name, kind)
        furnish(content, folders)
        if rules:
            self.bed.rule(name, rules)

        def daemon(interval):
            config = os.path.join(self.folder, name + ".yaml")
            with open(config, "w", encoding="utf-8") as file:
                file.write(f"checks: {{volume: {{interval: {interval}, folders: '{','.join(folders)}'}}}}\n")
            return Daemon(PROGRAM, content, self.pod, "--config", config, "--only", "volume",
                          log=os.path.join(self.folder, name + ".log"))

        left = 0
        for _ in range(KILLS // len(VOLUMES)):
            # The first probe may be over before it is seen: then the next is soon.
            with daemon("1s") as one:
                wait_until(lambda one=one: children_of(one.pid), 60, "no probe", every=0.01)
                time.sleep(moment.uniform(0, LONGEST))
                one.kill()
            left += bool(own_files(content, folders))
        with daemon("15s") as last:
            wait_until(lambda: last.run_of("volume"), 60, "no probe was completed")
            # A child of the last one that was killed may have ended after that probe. The end must not fall into a probe.
            wait_until(lambda: not children_of(last.pid) and not own_files(content, folders), 60,
                       f"{name}: a file is left", every=0.01)
        return left, own_files(content, folders)

    def test_no_file_survives_the_next_start(self):
        print(f"\nseed {SEED}", flush=True)
        names = [f"{kind}-{number}" for number, (kind, *_) in enumerate(VOLUMES)]
        with concurrent.futures.ThreadPoolExecutor(len(VOLUMES)) as pool:
            plays = [pool.submit(self.kill_again_and_again, name, *volume)
                     for name, volume in zip(names, VOLUMES)]
            try:
                ends = [one.result() for one in plays]
            except volumes.Missing as reason:
                self.skipTest(str(reason))
        for name, (left, after) in zip(names, ends):
            print(f"{name}: of {KILLS // len(VOLUMES)} kills {left} left a file; after one more start "
                  f"{len(after)}", flush=True)
            self.assertEqual(after, [], name)
        self.assertGreater(sum(left for left, _ in ends), 0, "no kill hit the probe: proves nothing")


if __name__ == "__main__":
    if len(sys.argv) > 3:
        SEED = sys.argv.pop(3)
    else:
        SEED = str(random.SystemRandom().randrange(1 << 32))
    FAULTY = os.path.abspath(sys.argv.pop(2))
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)

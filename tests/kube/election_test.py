"""Several replicas of `rollcall serve` and one Lease: who acts, and how soon another does.

usage: election_test.py PROGRAM [TEST...]

ROLLCALL_KILLS says how often the leader is killed: 3 times here, 20 in `./dev election`.
"""

import os
import random
import re
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.kube import kubectl  # noqa: E402
from tests.kube.case import ApiCase  # noqa: E402
from tests.kube.program import Daemon, until  # noqa: E402
from tests.kube.world import Ghost  # noqa: E402
from tests.lab.common import LabError  # noqa: E402

PROGRAM = ""
KILLS = int(os.environ.get("ROLLCALL_KILLS", "3"))
LEASES = ("coordination.k8s.io", "leases")
LONGEST_GAP = 20  # s from a kill until another acts
LEADER = "rollcall_leader"
CONFIG = """
pods: [ghost-a=http://{address}:{port}]
site: {{url: "http://example.org"}}
content: {{path: "{content}"}}
kubernetes: {{lease: rollcall}}
checks:
  pods: {{interval: 1s}}
  canary: {{interval: 1s}}
"""


class Watch:
    """Scrapes all replicas again and again, as Prometheus does, and remembers who said that it leads."""

    def __init__(self, replicas):
        self.together, self.rounds, self.longest = [], 0, 0
        self._replicas, self._led, self._over = replicas, time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._over.wait(0.1):
            leaders = [one.pid for one in list(self._replicas) if _leads(one)]
            now = time.monotonic()
            self.rounds += 1
            self.longest = max(self.longest, now - self._led)
            if leaders:
                self._led = now
            if len(leaders) > 1:
                self.together.append((now, leaders))

    def stop(self):
        self._over.set()
        self._thread.join()


def _leads(replica):
    try:
        return replica.metric(LEADER) == 1
    except OSError:
        return False


class Election(ApiCase):
    def setUp(self):
        super().setUp()
        self.content = os.path.join(self.folder, "content")
        os.makedirs(os.path.join(self.content, "images"))
        self.ghost = Ghost("127.0.0.2", self.content)
        self.addCleanup(self.ghost.stop)
        self.config = os.path.join(self.folder, "rollcall.yaml")
        with open(self.config, "w", encoding="ascii") as out:
            out.write(CONFIG.format(address=self.ghost.address, port=self.ghost.port, content=self.content))
        self.replicas = []
        self.addCleanup(self.end)

    def start(self):
        replica = Daemon(PROGRAM, self.account, base=("--config", self.config, "--only", "pods,canary"))
        self.replicas.append(replica)
        return replica

    def end(self):
        for one in self.replicas:
            if one.is_running():
                self.assertEqual(one.stop()[0], 0)

    def leader(self):
        leaders = [one for one in self.replicas if _leads(one)]
        return leaders[0] if len(leaders) == 1 else None

    def until_one_leads(self, patience=LONGEST_GAP):
        return until(self.leader, "one replica leads", patience)

    def acts(self):
        """[(when, process)] of every canary that was asked for through the pod, in order."""
        return [(when, int(re.search(r"rollcall-canary-[0-9a-f]+-(\d+)-", path)[1])) for when, path in self.ghost.files]

    def until_acts(self, replica, patience=LONGEST_GAP):
        """When it acted for the first time."""
        return until(lambda: next((when for when, pid in self.acts() if pid == replica.pid), None),
                     "the leader acts", patience)

    def holder(self):
        return self.api.store.get(LEASES, "blog", "rollcall")["spec"]["holderIdentity"]

    def said(self, replica, message):
        return [line for line in replica.log if message in line.get("message", "")]

    def test_the_leader_is_killed_at_random(self):
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        for _ in range(2):
            self.start()
        self.until_acts(self.until_one_leads())
        watch = Watch(self.replicas)
        gaps = []
        try:
            for _ in range(KILLS):
                time.sleep(chance.uniform(0, 4))  # a moment of the renewal's rhythm
                leader = self.until_one_leads()
                self.replicas.remove(leader)
                leader.kill()
                killed = time.monotonic()
                self.start()
                gaps.append(self.until_acts(self.until_one_leads()) - killed)
        finally:
            watch.stop()
        print(f"\n{KILLS} kills: another acted after {min(gaps):.1f} to {max(gaps):.1f} s; {watch.rounds} looks at "
              f"all replicas, {len(watch.together)} with two leaders; longest without any {watch.longest:.1f} s",
              file=sys.stderr)
        self.assertEqual(watch.together, [], f"seed {seed}")
        self.assertLess(max(gaps), LONGEST_GAP, f"seed {seed}")
        order = [pid for _, pid in self.acts()]
        turns = [pid for i, pid in enumerate(order) if i == 0 or order[i - 1] != pid]
        self.assertEqual(len(turns), len(set(turns)), "nobody acts again after another has")
        self.assertEqual(len(turns), KILLS + 1)

    def test_on_sigterm_another_leads_at_once(self):
        for _ in range(2):
            self.start()
        leader = self.until_one_leads()
        self.until_acts(leader)
        other = next(one for one in self.replicas if one is not leader)
        until(lambda: self.said(other, "another replica leads"), "the other knows who leads")
        began = time.monotonic()
        self.assertEqual(leader.stop()[0], 0)
        took = self.until_acts(other) - began
        self.assertLess(took, 3)
        self.assertTrue(self.said(other, "this replica leads"))
        self.assertEqual(other.stop()[0], 0)
        self.assertEqual(self.holder(), "", "the last one gives it back, too")

    def test_while_the_api_is_gone_nobody_acts_and_metrics_are_served(self):
        for _ in range(2):
            self.start()
        leader = self.until_one_leads()
        self.until_acts(leader)
        self.api.down()
        gone = time.monotonic()
        until(lambda: not _leads(leader), "it no longer leads", 15)
        self.assertLess(time.monotonic() - gone, 12)
        until(lambda: time.monotonic() - gone > 18, "others would have taken over", 30)
        self.assertEqual([one.metric(LEADER) for one in self.replicas], [0, 0])
        self.assertLess(max(when for when, _ in self.acts()) - gone, 12, "nobody acts")
        self.assertIn("could not be renewed", self.said(leader, "no longer leads")[0]["detail"])
        for one in self.replicas:
            self.assertEqual(one.report()["verdict"], "pass", "the checks of all replicas go on")
        self.api.up()
        back = time.monotonic()
        again = self.until_one_leads()
        until(lambda: any(pid == again.pid and when > back for when, pid in self.acts()), "the leader acts")
        self.assertLess(time.monotonic() - back, LONGEST_GAP)

    def test_what_kubectl_shows_and_changes(self):
        try:
            driver = kubectl.Kubectl(kubectl.path(), self.api)
        except LabError as error:
            self.skipTest(f"no kubectl: {error}")
        leader = self.start()
        self.until_one_leads()
        shown = driver.run("get", "lease", "rollcall", "-o", "yaml")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"holderIdentity: \S+_[0-9a-f]{16}\n")
        self.assertIn("leaseDurationSeconds: 15\n", shown.stdout)
        self.assertRegex(shown.stdout, r'renewTime: "20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"')
        for i in range(3):  # its next renewal is a conflict
            self.assertEqual(driver.run("annotate", "lease", "rollcall", f"n{i}=x").returncode, 0)
            before = self.api.store.get(LEASES, "blog", "rollcall")["spec"]["renewTime"]
            until(lambda was=before: self.api.store.get(LEASES, "blog", "rollcall")["spec"]["renewTime"] != was,
                  "it renews")
        self.assertEqual(leader.metric(LEADER), 1)
        annotations = self.api.store.get(LEASES, "blog", "rollcall")["metadata"]["annotations"]
        self.assertEqual(annotations, {"n0": "x", "n1": "x", "n2": "x"}, "what others wrote is kept")
        self.assertFalse(self.said(leader, "no longer leads"))
        self.assertEqual(driver.run("delete", "lease", "rollcall").returncode, 0)
        until(lambda: driver.run("get", "lease", "rollcall").returncode == 0, "it is made again")
        self.assertEqual(leader.metric(LEADER), 1)

    def test_who_may_not_is_told_which_rule_is_missing_and_does_the_rest(self):
        self.api.faults.denied.add(("create", "leases"))
        replica = self.start()
        replica.until_report(lambda one: one["verdict"] == "pass", "the other checks run")
        problem = until(lambda: self.said(replica, "the Lease cannot be had"), "it says so")
        self.assertIn('may not create leases in the namespace blog: its service account lacks a Role there with the '
                      'rule {apiGroups: ["coordination.k8s.io"], resources: ["leases"], '
                      'verbs: ["get", "create", "update"]}', problem[0]["detail"])
        self.assertEqual(replica.metric(LEADER), 0)
        canary = next(one for one in replica.report()["checks"] if one["check"] == "canary")
        self.assertEqual((canary["verdict"], canary["reason"]),
                         ("not_applicable", "left to the replica of Rollcall that leads"))
        self.assertEqual(len(self.said(replica, "the Lease cannot be had")), 1)

    def test_a_follower_asks_the_pods_for_less(self):
        for _ in range(2):
            self.start()
        leader = self.until_one_leads()
        self.until_acts(leader)
        until(lambda: len(self.acts()) > 12, "a few rounds")
        self.assertEqual({pid for _, pid in self.acts()}, {leader.pid})


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()

"""`rollcall` finds its pods through a fake API server that behaves and misbehaves.

usage: discovery_test.py PROGRAM [TEST...]

The clock is real: the API is gone for some twenty seconds here, or for ROLLCALL_OUTAGE_SECONDS.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.kube import kubectl  # noqa: E402
from tests.kube.case import ApiCase  # noqa: E402
from tests.kube.fake_api import FakeApi  # noqa: E402
from tests.kube.program import FLAGS, Daemon, until  # noqa: E402
from tests.kube.world import Ghost, pod  # noqa: E402
from tests.lab.common import LabError  # noqa: E402

PROGRAM = ""
EVENTS = 1000
OUTAGE = float(os.environ.get("ROLLCALL_OUTAGE_SECONDS", "0"))
MANY_PODS = 520
SERVICE = ["--kube-service", "ghost"]


class Chaos:
    """Random events, as a busy and unlucky cluster has them. `seed` makes them repeatable."""

    def __init__(self, world, seed, pods=30):
        self.world, self.random, self.made, self.most = world, random.Random(seed), 0, pods

    def step(self):
        names = [one["metadata"]["name"] for one in self.world.pods()]
        kind = self.random.choice(["create", "ready", "not ready", "fence", "unfence", "terminate",
                                   "remove", "end", "restart"])
        if kind == "create" or len(names) < 3:
            if len(names) < self.most:
                self._create()
        else:
            self._change(kind, self.random.choice(names))
        self.world.sync()

    def _create(self):
        self.made += 1
        self.world.create(f"ghost-{self.made}", self.random.choice(["", f"127.0.1.{self.made % 250 + 1}"]),
                          port=9, phase=self.random.choice(["Running", "Pending"]))

    def _change(self, kind, name):
        world = self.world
        if kind in ("ready", "not ready"):
            world.set_ready(name, kind == "ready")
        elif kind in ("fence", "unfence"):
            world.fence(name, kind == "fence")
        elif kind == "terminate":
            world.terminate(name)
        elif kind == "remove":
            world.remove(name)
        elif kind == "end":
            world.set_status(name, lambda status: status.update(phase=self.random.choice(["Succeeded", "Failed"])))
        else:
            world.set_status(name, self._restart)

    def _restart(self, status):
        status.update(phase="Running", podIP=status["podIP"] or f"127.0.1.{self.random.randint(1, 250)}")
        status["containerStatuses"][0]["restartCount"] += 1


class Discovery(ApiCase):
    def daemon(self, *flags):
        daemon = Daemon(PROGRAM, self.account, *flags)
        self.addCleanup(self.end, daemon)
        return daemon

    def end(self, daemon):
        code, took = daemon.stop()
        self.assertEqual(code, 0)
        self.assertLess(took, 10, "it stops at once")

    def check(self, *flags):
        return subprocess.run([PROGRAM, "check", *FLAGS, *flags], env=self.account.environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)

    def ghost(self, name, address):
        ghost = Ghost(address)
        self.addCleanup(ghost.stop)
        self.world.create(name, ghost.address, ghost.port)
        return ghost

    def paths(self, begin=0):
        return [path for _, path, _, _ in self.api.requests[begin:]]

    # What is learned

    def test_a_pod_is_known_with_all_that_the_api_tells(self):
        self.ghost("ghost-a", "127.0.0.2")
        self.world.create("ghost-b", "127.0.0.3", port=9, restarts=4, node="node-b", ready=False)
        self.world.sync()
        report = json.loads(self.check(*SERVICE, "--output", "json").stdout)
        a, b = report["pods"]
        self.assertEqual((a["name"], a["verdict"], a["ready"], a["node"], a["zone"], a["restarts"], a["booted_at"]),
                         ("ghost-a", "pass", True, "node-a", "zone-1", 0, "2026-01-01T10:00:05.000Z"))
        self.assertEqual((b["address"], b["ready"], b["node"], b["restarts"]), ("127.0.0.3:9", False, "node-b", 4))
        self.assertIsNone(report["pods_stale"])
        self.assertEqual(report["findings"], [], "a pod that is not ready is not blamed")

    def test_every_request_is_rollcalls_and_asks_for_no_more_than_it_may(self):
        self.world.create("ghost-a", port=9)
        self.world.sync()
        daemon = self.daemon(*SERVICE)
        daemon.until_roll(self.world.truth, "the pod is known")
        until(lambda: self.api.watchers() == 2, "both are watched")
        for method, path, token, agent in self.api.requests:
            self.assertEqual((method, token, agent.split("/")[0]), ("GET", "first-token", "rollcall"))
            self.assertRegex(path, r"^/(api/v1/namespaces/blog/pods\?labelSelector=app%3Dghost|apis/discovery\.k8s\.io/"
                                   r"v1/namespaces/blog/endpointslices\?labelSelector=kubernetes\.io%2Fservice-name%3Dghost)"
                                   r"&(limit=500|watch=1&allowWatchBookmarks=true&resourceVersion=\d+&timeoutSeconds=\d\d)$")

    def test_what_kubectl_does_is_followed(self):
        try:
            driver = kubectl.Kubectl(kubectl.path(), self.api)
        except LabError as error:
            self.skipTest(f"no kubectl: {error}")
        daemon = self.daemon()
        manifest = json.dumps({"apiVersion": "v1", "kind": "Pod", **pod("ghost-a", "127.0.0.2", 9)})
        self.assertEqual(driver.run("create", "--validate=false", "-f", "-", stdin=manifest).returncode, 0)
        daemon.until_roll(lambda: {"ghost-a": ("127.0.0.2:9", True, False)}, "the new pod")
        driver.run("patch", "pod", "ghost-a", "--subresource=status", "-p",
                   '{"status":{"conditions":[{"type":"Ready","status":"False"}]}}')
        daemon.until_roll(lambda: {"ghost-a": ("127.0.0.2:9", False, False)}, "it is not ready")
        driver.run("delete", "pod", "ghost-a", "--wait=false")
        daemon.until_roll(lambda: {"ghost-a": ("127.0.0.2:9", False, True)}, "it leaves")
        driver.run("delete", "pod", "ghost-a", "--grace-period=0", "--force")
        daemon.until_roll(lambda: {}, "it is gone")

    def test_a_dead_pod_is_blamed_until_it_leaves_or_is_fenced_out(self):
        self.ghost("ghost-a", "127.0.0.2")
        for name in ("ghost-b", "ghost-c"):
            self.world.create(name, "127.0.0.3", port=9)
        self.world.sync()
        daemon = self.daemon(*SERVICE)

        def blamed(report):
            return sorted(one["pod"] for one in report["findings"])
        daemon.until_report(lambda one: blamed(one) == ["ghost-b", "ghost-c"], "both are blamed")
        self.world.terminate("ghost-b")
        self.world.sync()
        daemon.until_report(lambda one: blamed(one) == ["ghost-c"], "one leaves")
        self.world.fence("ghost-c")
        self.world.sync()
        report = daemon.until_report(lambda one: blamed(one) == [], "the other is fenced out")
        self.assertEqual([one["name"] for one in report["pods"]], ["ghost-a", "ghost-b", "ghost-c"])

    def test_five_hundred_pods_come_in_two_pages(self):
        for i in range(MANY_PODS):
            self.world.create(f"ghost-{i:03}", f"127.0.{i // 250 + 1}.{i % 250 + 1}", port=9)
        self.world.sync()
        daemon = self.daemon(*SERVICE)
        daemon.until_roll(self.world.truth, "all pods are known", patience=120)
        lists = [path for path in self.paths() if "/pods?" in path and "limit=500" in path]
        self.assertEqual(["continue=" in path for path in lists], [False, True], lists)

    # What goes wrong

    def test_a_thousand_random_events_while_the_watches_are_cut_every_second(self):
        seed = random.randrange(1 << 30)
        chaos = Chaos(self.world, seed)
        self.world.sync()
        daemon = self.daemon(*SERVICE)
        over = threading.Event()
        cuts = []

        def cut():
            while not over.wait(1):
                cuts.append(self.api.cut_watches())
        cutter = threading.Thread(target=cut)
        cutter.start()
        try:
            for _ in range(EVENTS):
                chaos.step()
                time.sleep(0.01)  # ten seconds of events, so that cuts fall among them
        finally:
            over.set()
            cutter.join()
        self.assertGreater(sum(cuts), 3)
        daemon.until_roll(self.world.truth, f"the roll is the truth (seed {seed})")
        self.assertIsNone(daemon.report()["pods_stale"])

    def test_storms_of_410_are_neither_believed_nor_answered_with_a_storm(self):
        seed = random.randrange(1 << 30)
        chaos = Chaos(self.world, seed)
        self.world.sync()
        daemon = self.daemon(*SERVICE)
        until(lambda: self.api.watchers() == 2, "both are watched")
        begin, began = len(self.api.requests), time.monotonic()
        self.api.faults.storm = True
        self.api.store.compact()
        self.api.cut_watches()
        for _ in range(200):
            chaos.step()
            self.api.store.compact()
            time.sleep(0.05)
        took = time.monotonic() - began
        asked = len(self.api.requests) - begin
        self.assertGreater(asked, 8)
        self.assertLess(asked, 4 * took / 0.8 + 8, "a list and a watch each 0.8 s at most, of two kinds")
        daemon.until_roll(self.world.truth, f"the roll follows in the storm (seed {seed})")
        self.api.faults.storm = False
        chaos.step()
        daemon.until_roll(self.world.truth, f"the roll follows after it (seed {seed})")

    def test_a_token_that_was_replaced_is_taken_up(self):
        self.world.create("ghost-a", port=9)
        daemon = self.daemon()
        until(lambda: self.api.watchers() == 1, "it is watched")
        self.account.write("token", "second-token")
        self.api.tokens = {"second-token"}
        self.api.cut_watches()
        self.world.create("ghost-b", port=9)
        daemon.until_roll(self.world.truth, "the new pod is known by the new token")
        self.assertEqual(self.api.requests[-1][2], "second-token")
        self.assertIsNone(daemon.report()["pods_stale"])

    def test_while_the_api_is_gone_the_last_list_is_kept_and_nothing_is_invented(self):
        self.ghost("ghost-a", "127.0.0.2")
        goes = self.ghost("ghost-b", "127.0.0.3")
        self.world.sync()
        daemon = self.daemon(*SERVICE)
        daemon.until_report(lambda one: one["verdict"] == "pass" and len(one["pods"]) == 2, "all is well")
        began = time.monotonic()
        self.api.down()
        report = daemon.until_report(lambda one: one["pods_stale"], "the list is marked")
        self.assertRegex(report["pods_stale"], r"^the Kubernetes API does not answer: .*; the list is of 20\d\d-")
        self.assertEqual(len(report["pods"]), 2)
        started = report["checks"][0]["started"]
        report = daemon.until_report(lambda one: one["checks"][0]["started"] > started, "the check runs on")
        self.assertEqual((report["verdict"], report["findings"]), ("pass", []))

        daemon.until_report(lambda _: time.monotonic() - began > OUTAGE, "the outage is over", OUTAGE + 60)
        report = daemon.report()
        self.assertEqual((report["verdict"], report["findings"], len(report["pods"])), ("pass", [], 2))
        goes.stop()
        self.world.remove("ghost-b")
        self.world.sync()
        report = daemon.until_report(lambda one: one["checks"][0]["gaps"], "the pod that went is missed")
        self.assertEqual((report["verdict"], report["findings"]), ("unknown", []))
        self.assertIn("it may be gone", report["checks"][0]["gaps"][0]["why"]["message"])
        self.assertEqual(len(report["pods"]), 2)

        self.api.up()
        report = daemon.until_report(lambda one: not one["pods_stale"], "the API is back")
        daemon.until_roll(self.world.truth, "the pod that went is gone")
        report = daemon.until_report(lambda one: one["verdict"] == "pass", "all is well again")
        self.assertEqual(report["findings"], [])

    def test_an_api_that_asks_for_patience_gets_it(self):
        self.world.create("ghost-a", port=9)
        daemon = self.daemon()
        until(lambda: self.api.watchers() == 1, "it is watched")
        self.api.faults.answer = (429, "4")
        self.api.cut_watches()
        begin, began = len(self.api.requests), time.monotonic()
        until(lambda: len(self.api.requests) >= begin + 3, "it asks three times")
        self.assertGreater(time.monotonic() - began, 7, "4 s after the first and the second refusal")
        report = daemon.until_report(lambda one: one["pods_stale"], "the list is marked")
        self.assertIn("too many requests", report["pods_stale"])
        self.api.faults.answer = None
        daemon.until_report(lambda one: not one["pods_stale"], "it is fresh again")

    def test_a_watch_that_the_network_swallowed_is_noticed(self):
        self.world.create("ghost-a", port=9)
        self.api.faults.black_hole = True
        daemon = self.daemon()
        until(lambda: self.api.watchers() == 1, "it is watched")
        self.api.faults.black_hole = False
        self.world.create("ghost-b", port=9)
        daemon.until_roll(self.world.truth, "the new pod is known", patience=90)

    def test_a_missing_right_is_named_with_its_rule_at_once(self):
        self.api.faults.denied.add(("list", "pods"))
        began = time.monotonic()
        result = self.check("--timeout", "60s")
        self.assertLess(time.monotonic() - began, 30, "it does not wait for what will not come")
        self.assertEqual(result.returncode, 3, result)
        self.assertIn('lacks a Role there with the rule {apiGroups: [""], resources: ["pods"], verbs: ["list"]}',
                      result.stderr)
        self.assertEqual(len(self.paths()), 1, "it does not insist")

    def test_without_the_right_to_slices_the_pods_own_word_counts_and_that_is_said(self):
        self.ghost("ghost-a", "127.0.0.2")
        self.api.faults.denied.add(("list", "endpointslices"))
        report = json.loads(self.check(*SERVICE, "--output", "json").stdout)
        self.assertTrue(report["pods"][0]["ready"])
        self.assertIn('{apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list"]}',
                      report["pods_stale"])

    def test_without_the_right_to_watch_the_list_is_marked(self):
        self.ghost("ghost-a", "127.0.0.2")
        self.api.faults.denied.add(("watch", "pods"))
        daemon = self.daemon()
        report = daemon.until_report(lambda one: one["pods_stale"], "the list is marked")
        self.assertIn('verbs: ["watch"]', report["pods_stale"])
        self.assertEqual(len(report["pods"]), 1)

    def test_a_token_that_is_no_good_and_a_certificate_of_somebody_else_are_said(self):
        self.account.write("token", "wrong")
        result = self.check()
        self.assertEqual(result.returncode, 3, result)
        self.assertIn("the service account's token is not accepted", result.stderr)
        self.assertNotIn("wrong", result.stderr)
        with tempfile.TemporaryDirectory() as other, FakeApi(other) as stranger:
            with open(stranger.ca, encoding="ascii") as source:
                self.account.write("ca.crt", source.read())
        result = self.check()
        self.assertEqual(result.returncode, 3, result)
        self.assertIn("certificate for 127.0.0.1", result.stderr)

    def test_outside_of_a_cluster_that_is_said(self):
        del self.account.environment["KUBERNETES_SERVICE_HOST"]
        result = self.check()
        self.assertEqual(result.returncode, 64, result)
        self.assertIn("this is no container of a cluster", result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()

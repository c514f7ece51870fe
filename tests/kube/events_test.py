"""What `rollcall serve` finds on a pod stands in the pod's Events.

usage: events_test.py PROGRAM [TEST...]
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.kube import kubectl  # noqa: E402
from tests.kube.case import ApiCase  # noqa: E402
from tests.kube.events import EVENTS  # noqa: E402
from tests.kube.program import Daemon, until  # noqa: E402
from tests.kube.world import Ghost  # noqa: E402
from tests.lab.common import LabError  # noqa: E402

PROGRAM = ""
CONFIG = """
site: {url: "http://example.org"}
kubernetes: {selector: "app=ghost", events: true}
checks:
  pods: {interval: 1s}
"""


class Events(ApiCase):
    def setUp(self):
        super().setUp()
        self.config = os.path.join(self.folder, "rollcall.yaml")
        with open(self.config, "w", encoding="ascii") as out:
            out.write(CONFIG)
        ghost = Ghost("127.0.0.2")
        self.addCleanup(ghost.stop)
        self.world.create("ghost-a", ghost.address, ghost.port)

    def start(self):
        daemon = Daemon(PROGRAM, self.account, base=("--config", self.config, "--only", "pods"))
        self.addCleanup(lambda: self.assertEqual(daemon.stop()[0], 0))
        return daemon

    def events(self):
        return self.api.store.list(EVENTS, "blog")[0]

    def told(self):
        return [(one["regarding"]["name"], one["reason"], one["type"], one["action"])
                for one in sorted(self.events(), key=lambda one: one["eventTime"])]

    def bring_back(self, port):
        """A Ghost where there was none."""
        ghost = Ghost("127.0.0.3", port=port)
        self.addCleanup(ghost.stop)

    def test_a_finding_that_begins_and_ends_is_two_events(self):
        gone = Ghost("127.0.0.3")
        self.world.create("ghost-b", gone.address, gone.port)
        gone.stop()
        daemon = self.start()
        until(self.events, "the finding is told")
        self.assertEqual(self.told(), [("ghost-b", "RC101", "Warning", "FindingBegan")])
        event = self.events()[0]
        pod = self.api.store.get(("", "pods"), "blog", "ghost-b")
        self.assertEqual(event["regarding"], {"apiVersion": "v1", "kind": "Pod", "namespace": "blog",
                                              "name": "ghost-b", "uid": pod["metadata"]["uid"]})
        runs = daemon.report()["checks"][0]["started"]
        daemon.until_report(lambda one: one["checks"][0]["started"] > runs, "it is found again")
        self.assertEqual(len(self.events()), 1, "it is not told again")
        self.show_with_kubectl()
        self.bring_back(gone.port)
        until(lambda: len(self.events()) == 2, "its end is told")
        self.assertEqual(self.told()[1], ("ghost-b", "RC101", "Normal", "FindingEnded"))
        methods = {(method, path.split("?")[0]) for method, path, _, _ in self.api.requests if method != "GET"}
        self.assertEqual(methods, {("POST", "/apis/events.k8s.io/v1/namespaces/blog/events")})

    def show_with_kubectl(self):
        try:
            driver = kubectl.Kubectl(kubectl.path(), self.api)
        except LabError as error:
            print(f"\nno kubectl, so it was not asked: {error}", file=sys.stderr)
            return
        shown = driver.run("get", "events", "-o", "custom-columns=T:.type,R:.reason,O:.involvedObject.name,M:.message")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"Warning +RC101 +ghost-b +\S.*ghost-b")
        shown = driver.run("get", "events.events.k8s.io", "-o", "yaml")
        self.assertIn("reportingController: rollcall", shown.stdout, shown.stderr)
        shown = driver.run("describe", "pod", "ghost-b")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"Events:\n(.*\n)+ *Warning +RC101 ")
        shown = driver.run("describe", "pod", "ghost-a")
        self.assertNotIn("RC101", shown.stdout)

    def test_a_missing_right_is_named_once_and_nothing_else_suffers(self):
        self.api.faults.denied.add(("create", "events"))
        self.world.create("ghost-b", "127.0.0.3", port=9)
        daemon = self.start()
        said = until(lambda: [line for line in daemon.log if line.get("message") == "Events cannot be written"],
                     "it says so")
        self.assertIn('rule {apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"]}',
                      said[0]["detail"])
        runs = daemon.report()["checks"][0]["started"]
        daemon.until_report(lambda one: one["checks"][0]["started"] > runs, "the check runs on")
        self.assertEqual(sum(line.get("message") == "Events cannot be written" for line in daemon.log), 1)

    def test_what_could_not_be_sent_is_sent_when_the_api_is_back(self):
        self.world.create("ghost-b", "127.0.0.3", port=9)
        daemon = self.start()
        until(self.events, "the first is told")
        self.api.faults.refused.add("events")
        self.world.create("ghost-c", "127.0.0.3", port=9)
        until(lambda: [line for line in daemon.log if line.get("message") == "Events cannot be written"], "it says so")
        self.api.faults.refused.clear()
        until(lambda: len(self.events()) == 2, "the second is told")
        until(lambda: [line for line in daemon.log if "over: Events" in line.get("message", "")], "it says so, too")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()

"""`rollcall check --only deployment` judges what a fake API server shows of Ghost's workload.

usage: deployment_test.py PROGRAM [TEST...]
"""

import json
import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.kube import kubectl  # noqa: E402
from tests.kube.case import ApiCase  # noqa: E402
from tests.kube.program import Daemon  # noqa: E402
from tests.kube.world import DEPLOYMENTS, NAMESPACE, PODS, Ghost, pod  # noqa: E402
from tests.lab.common import LabError  # noqa: E402

PROGRAM = ""
FLAGS = ["--url", "http://example.org", "--kube-selector", "app=ghost", "--only", "deployment"]
RIGHTS = {"deployments": "apps", "horizontalpodautoscalers": "autoscaling", "persistentvolumeclaims": ""}


def minutes_ago(minutes):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60 * minutes))


class Deployment(ApiCase):
    def setUp(self):
        super().setUp()
        self.ports = []

    def ghost(self, name, address, **more):
        ghost = Ghost(address)
        self.addCleanup(ghost.stop)
        self.ports.append(ghost.port)
        self.world.create_owned(name, ghost.address, ghost.port, **more)

    def check(self, *flags):
        return subprocess.run([PROGRAM, "check", *FLAGS, *flags], env=self.account.environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)

    def report(self, verdict):
        result = self.check("--output", "json")
        report = json.loads(result.stdout)
        self.assertEqual(report["verdict"], verdict, result.stdout + result.stderr)
        self.assertNotIn("s3cret", result.stdout + result.stderr)
        return report

    def good_world(self):
        self.world.deploy(replicas=1)
        self.ghost("ghost-a", "127.0.0.2")

    def bad_world(self):
        def worse(spec, container):
            del spec["volumes"], container["volumeMounts"], container["startupProbe"]
            container["env"] = [one for one in container["env"] if not one["name"].startswith("mail")]
            container["readinessProbe"] = {"tcpSocket": {"port": "http"}}
            container["livenessProbe"] = {"httpGet": {"path": "/", "port": "http"}}
            container["resources"]["limits"]["memory"] = "256Mi"

        def other(spec, container):
            worse(spec, container)
            container["env"][1]["value"] = "old-mysql"
        rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
        self.world.deploy(replicas=3, strategy=rolling, autoscaler=6)
        self.ghost("ghost-a", "127.0.0.2", change=worse, restarts=5)
        self.ghost("ghost-b", "127.0.0.3", change=worse, restarts=1)
        self.ghost("ghost-c", "127.0.0.4", change=other)
        self.api.store.create(PODS, NAMESPACE, {**pod("mysql-0", "127.0.0.9", node="node-b"),
                                                "metadata": {"name": "mysql-0", "labels": {"app": "mysql"}}})
        for name, reason in (("ghost-a", "Error"), ("ghost-b", "OOMKilled")):
            end = {"reason": reason, "exitCode": 1, "finishedAt": minutes_ago(5)}
            self.world.set_status(name, lambda status, end=end: status["containerStatuses"][0].update(
                lastState={"terminated": end}))

    def test_a_good_world_passes(self):
        self.good_world()
        report = self.report("pass")
        self.assertEqual((report["findings"], report["checks"][0]["gaps"], report["checks"][0]["notes"]), ([], [], []))

    def test_a_bad_world_gives_each_finding_once(self):
        self.bad_world()
        report = self.report("fail")
        found = sorted((one["code"], one["pod"] or "") for one in report["findings"])
        self.assertEqual(found, [("RC901", ""), ("RC905", ""), ("RC906", ""), ("RC907", ""), ("RC909", ""),
                                 ("RC910", ""), ("RC911", "ghost-a"), ("RC912", "ghost-b"), ("RC913", ""),
                                 ("RC915", "ghost-c"), ("RC916", "")])
        self.assertEqual(report["checks"][0]["gaps"], [])
        for one in report["findings"]:
            self.assertTrue(one["cause"] and one["reproduce"].startswith("kubectl "), one)

    def test_a_volume_for_one_node_is_no_place_for_several_pods(self):
        self.world.deploy(replicas=2, modes=["ReadWriteOnce"])
        self.ghost("ghost-a", "127.0.0.2")
        self.ghost("ghost-b", "127.0.0.3")
        report = self.report("warn")
        self.assertEqual(sorted(one["code"] for one in report["findings"]), ["RC901", "RC903"])

    def test_every_request_lists_and_asks_for_no_more_than_it_may(self):
        self.bad_world()
        self.report("fail")
        asked = {path.split("?")[0] for _, path, _, _ in self.api.requests}
        self.assertEqual({method for method, *_ in self.api.requests}, {"GET"})
        # No volume is mounted there, so claims are nobody's business.
        self.assertEqual(asked, {f"/api/v1/namespaces/{NAMESPACE}/pods",
                                 f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments",
                                 f"/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers"})

    def test_a_missing_right_is_a_note_that_names_the_rule(self):
        self.good_world()
        self.api.faults.denied |= {("list", resource) for resource in RIGHTS}
        notes = self.report("pass")["checks"][0]["notes"]
        self.assertEqual(len(notes), 3, notes)
        for note, (resource, group) in zip(notes, RIGHTS.items()):
            self.assertIn(f'{{apiGroups: ["{group}"], resources: ["{resource}"], verbs: ["list"]}}', note)

    def test_the_daemon_judges_too(self):
        self.bad_world()
        daemon = Daemon(PROGRAM, self.account, base=FLAGS)
        try:
            report = daemon.until_report(lambda one: one["checks"], "it ran")
        finally:
            self.assertEqual(daemon.stop()[0], 0)
        self.assertIn("RC915", {one["code"] for one in report["findings"]})

    def test_without_kubernetes_it_does_not_apply(self):
        result = subprocess.run([PROGRAM, "check", "--url", "http://example.org", "--pod", "a=http://127.0.0.2:9",
                                 "--only", "deployment", "--output", "json"], env={"PATH": os.environ["PATH"]},
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(json.loads(result.stdout)["checks"][0]["verdict"], "not_applicable")

    def test_real_kubectl_takes_the_remedies(self):
        try:
            path = kubectl.path()
        except LabError as error:
            self.skipTest(f"no kubectl: {error}")
        self.bad_world()
        tried = 0
        for one in self.report("fail")["findings"]:
            command = one["remedy"].partition(": kubectl ")[2].partition("; ")[0]
            if not command.startswith(("patch ", "set ")):
                continue  # `scale`, `logs` and `rollout undo` ask for more than the fake has
            tried += 1
            self.run_kubectl(path, command)
            self.run_kubectl(path, one["reproduce"].removeprefix("kubectl "))
        self.assertEqual(tried, 9)
        ghost = self.api.store.get(DEPLOYMENTS, NAMESPACE, "ghost")["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(ghost["resources"]["limits"]["memory"], "1Gi")
        self.assertEqual(ghost["readinessProbe"]["httpGet"]["port"], self.ports[0])
        self.assertEqual(ghost["startupProbe"]["failureThreshold"], 360)

    def run_kubectl(self, path, command):
        """As a shell takes it."""
        server = ["--kubeconfig", "/dev/null", "--server", f"https://127.0.0.1:{self.api.port}",
                  "--certificate-authority", self.api.ca, "--token", "first-token"]
        result = subprocess.run(["sh", "-c", f'"$@" {command}', "sh", path, *server],
                                env={"PATH": os.environ["PATH"], "HOME": self.folder}, text=True,
                                capture_output=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 0, command + result.stdout + result.stderr)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()

"""`rollcall serve` with everything that Kubernetes gives asks for what the chart's Roles allow, and for nothing else.

usage: rights_test.py PROGRAM
"""

import contextlib
import json
import os
import re
import sys
import unittest

import yaml

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.kube.case import ApiCase  # noqa: E402
from tests.kube.events import EVENTS  # noqa: E402
from tests.kube.program import Daemon, until  # noqa: E402
from tests.kube.world import Ghost  # noqa: E402

PROGRAM = ""
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONFIG = {"site": {"url": "http://example.org"},
          "kubernetes": {"selector": "app=ghost", "service": "ghost", "events": True, "lease": "rollcall"},
          "checks": {"pods": {"interval": "1s"}, "deployment": {"interval": "1s"}}}
# An Event that goes on is counted after ten minutes; the pods here are a Deployment's.
NOT_HERE = {("patch", "events.k8s.io", "events"), ("list", "apps", "statefulsets")}


def rules(path):
    """{(verb, group, resource)} of every rule that stands in the file."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as source:
        text = re.sub(r"\{\{.*?\}\}", "name", source.read())
    found = [yaml.safe_load(rule) for rule in re.findall(r"^ *- (\{apiGroups: .*verbs: .*\})$", text, re.MULTILINE)]
    return {(verb, group, resource) for rule in found for verb in rule["verbs"] for group in rule["apiGroups"]
            for resource in rule["resources"]}


class Rights(ApiCase):
    def test_the_readme_and_the_chart_ask_for_the_same(self):
        self.assertTrue(rules("README.md"))
        self.assertEqual(rules("README.md"), rules("helm/rollcall/templates/rbac.yaml"))

    def test_with_exactly_these_rights_everything_is_seen_and_each_is_used(self):
        self.api.faults.allowed = rules("helm/rollcall/templates/rbac.yaml")
        self.world.deploy(replicas=2, autoscaler=3)
        for name, address in (("ghost-a", "127.0.0.2"), ("ghost-b", "127.0.0.3")):
            ghost = Ghost(address)
            self.addCleanup(ghost.stop)
            self.world.create_owned(name, ghost.address, ghost.port)
        self.world.sync()
        config = os.path.join(self.folder, "rollcall.yaml")
        with open(config, "w", encoding="ascii") as out:
            json.dump(CONFIG, out)      # JSON is YAML
        daemon = Daemon(PROGRAM, self.account, base=("--config", config, "--only", "pods,deployment"))
        self.addCleanup(lambda: self.assertEqual(daemon.stop()[0], 0))
        daemon.until_report(lambda report: len(report["checks"]) == 2, "both checks have run")
        ghost.stop()
        until(lambda: self.api.store.list(EVENTS, "blog")[0], "the pod's Event")
        with contextlib.suppress(AssertionError):
            until(lambda: self.api.faults.allowed - self.api.asked <= NOT_HERE, "each right is used")
        self.assertLessEqual(self.api.faults.allowed - self.api.asked, NOT_HERE)
        self.assertEqual(self.api.asked - self.api.faults.allowed, set())
        report = daemon.report()
        self.assertNotIn("the rule {apiGroups", json.dumps(report) + json.dumps(daemon.log))
        self.assertEqual([one["check"] for one in report["checks"] if one["verdict"] == "unknown"], [])


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()

"""Real kubectl drives the fake API server, so that the fake stays like the real one.

usage: fake_api_test.py
"""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.kube import kubectl, world  # noqa: E402
from tests.kube.case import ApiCase  # noqa: E402
from tests.kube.program import until  # noqa: E402
from tests.lab.common import LabError  # noqa: E402

try:
    KUBECTL, WHY_NOT = kubectl.path(), ""
except LabError as error:
    KUBECTL, WHY_NOT = "", str(error)


@unittest.skipUnless(KUBECTL, f"no kubectl: {WHY_NOT}")
class RealKubectl(ApiCase):
    def setUp(self):
        super().setUp()
        self.kubectl = kubectl.Kubectl(KUBECTL, self.api)

    def good(self, *arguments, stdin=None):
        result = self.kubectl.run(*arguments, stdin=stdin)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def refused(self, *arguments, says, stdin=None):
        result = self.kubectl.run(*arguments, stdin=stdin)
        self.assertNotEqual(result.returncode, 0, result.stdout)
        self.assertIn(says, result.stderr)

    def test_discovery_names_what_there_is(self):
        self.assertIn("v1.35.0", self.good("version"))
        resources = self.good("api-resources", "--no-headers")
        for name in ("pods", "services", "endpointslices", "deployments", "replicasets", "statefulsets",
                     "horizontalpodautoscalers", "persistentvolumeclaims"):
            self.assertIn(name, resources)

    def test_objects_are_created_once_and_read(self):
        manifest = json.dumps({"apiVersion": "v1", "kind": "Pod", **world.pod("a", "10.0.0.1")})
        self.good("create", "--validate=false", "-f", "-", stdin=manifest)
        self.refused("create", "--validate=false", "-f", "-", stdin=manifest, says="AlreadyExists")
        got = json.loads(self.good("get", "pod", "a", "-o", "json"))
        self.assertEqual(got["status"]["podIP"], "10.0.0.1")
        self.assertTrue(got["metadata"]["uid"])
        self.refused("get", "pod", "b", says="NotFound")

    def test_what_owns_and_serves_the_pods_is_listed_and_patched(self):
        self.world.deploy(autoscaler=5)
        listed = self.good("get", "deploy,rs,sts,hpa,pvc", "-o", "name").split()
        self.assertEqual(listed, ["deployment.apps/ghost", "replicaset.apps/ghost-7d9f",
                                  "horizontalpodautoscaler.autoscaling/ghost", "persistentvolumeclaim/ghost-content"])
        self.assertEqual(self.good("get", "deploy", "--field-selector=metadata.name=shop", "-o", "name"), "")
        self.good("patch", "deployment/ghost", "-p", '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}')
        self.assertEqual(self.good("get", "deployment", "ghost", "-o", "jsonpath={.spec.strategy}"),
                         '{"type":"Recreate"}')
        got = json.loads(self.good("get", "hpa", "ghost", "-o", "json"))
        self.assertEqual((got["apiVersion"], got["spec"]["maxReplicas"]), ("autoscaling/v2", 5))

    def test_apply_creates_and_patches(self):
        manifest = {"apiVersion": "v1", "kind": "Pod", **world.pod("a", "10.0.0.1")}
        self.good("apply", "--validate=false", "-f", "-", stdin=json.dumps(manifest))
        manifest["metadata"]["labels"]["tier"] = "web"
        self.assertIn("configured", self.good("apply", "--validate=false", "-f", "-", stdin=json.dumps(manifest)))
        self.assertEqual(self.good("get", "pods", "-l", "tier=web", "-o", "name").split(), ["pod/a"])

    def test_lists_come_in_pages_and_by_label(self):
        for name in "abcde":
            self.world.create(name, labels={"even": "yes" if name in "bd" else "no"})
        before = len(self.api.requests)
        self.assertEqual(self.good("get", "pods", "--chunk-size=2", "-o", "name").split(),
                         [f"pod/{name}" for name in "abcde"])
        paths = [path for _, path, _, _ in self.api.requests[before:] if "/pods" in path]
        self.assertEqual(len(paths), 3, paths)
        self.assertEqual(sum("continue=" in path for path in paths), 2, paths)
        for selector, names in (("even=yes", "bd"), ("even!=yes", "ace"), ("even in (yes, no)", "abcde"),
                                ("even notin (no)", "bd"), ("!even", ""), ("app=ghost,even==no", "ace")):
            self.assertEqual(self.good("get", "pods", "-l", selector, "-o", "name").split(),
                             [f"pod/{name}" for name in names], selector)

    def test_patches_change_what_they_name(self):
        self.world.create("a")
        self.good("label", "pod", "a", "fenced=yes")
        self.good("patch", "pod", "a", "--type", "merge", "-p", '{"metadata":{"annotations":{"x":"1"}}}')
        self.good("patch", "pod", "a", "--type", "strategic", "-p",
                  '{"spec":{"containers":[{"name":"ghost","image":"ghost:7"}]}}')
        got = json.loads(self.good("get", "pod", "a", "-o", "json"))
        self.assertEqual(got["metadata"]["labels"], {"app": "ghost", "fenced": "yes"})
        self.assertEqual(got["metadata"]["annotations"], {"x": "1"})
        self.assertEqual(got["spec"]["containers"][0]["image"], "ghost:7")
        self.assertTrue(got["spec"]["containers"][0]["ports"], "merged, not replaced")

    def test_status_is_a_part_of_its_own(self):
        self.world.create("a")
        self.good("patch", "pod", "a", "--type", "merge", "-p", '{"status":{"phase":"Failed"}}')
        self.assertEqual(self.good("get", "pod", "a", "-o", "jsonpath={.status.phase}"), "Running")
        self.good("patch", "pod", "a", "--subresource=status", "-p",
                  '{"status":{"conditions":[{"type":"Ready","status":"False"}]}}')
        got = json.loads(self.good("get", "pod", "a", "-o", "json"))
        self.assertEqual(got["status"]["conditions"], [{"type": "Ready", "status": "False"}])
        self.assertEqual(got["status"]["phase"], "Running")

    def test_a_write_from_an_old_version_is_a_conflict(self):
        self.world.create("a")
        old = self.good("get", "pod", "a", "-o", "json")
        self.good("label", "pod", "a", "x=1")
        self.refused("replace", "--validate=false", "-f", "-", stdin=old, says="Conflict")

    def test_a_pod_leaves_before_it_is_gone(self):
        self.world.create("a")
        self.good("delete", "pod", "a", "--wait=false")
        self.assertTrue(self.good("get", "pod", "a", "-o", "jsonpath={.metadata.deletionTimestamp}"))
        self.good("delete", "pod", "a", "--grace-period=0", "--force")
        self.refused("get", "pod", "a", says="NotFound")

    def test_a_watch_tells_what_happens(self):
        self.world.create("a")
        watch = self.kubectl.start("get", "pods", "--watch", "--output-watch-events", "-o",
                                   "jsonpath={.type} {.object.metadata.name}{\"\\n\"}")
        self.addCleanup(watch.stdout.close)
        try:
            self.assertEqual(watch.stdout.readline(), "ADDED a\n")
            until(self.api.watchers, "kubectl watches")
            self.world.create("b")
            self.world.set_ready("a", False)
            self.world.remove("b")
            self.assertEqual([watch.stdout.readline() for _ in range(3)],
                             ["ADDED b\n", "MODIFIED a\n", "DELETED b\n"])
        finally:
            watch.terminate()
            watch.wait(30)

    def test_a_watch_from_a_forgotten_version_is_gone(self):
        self.world.create("a")
        self.api.store.compact()
        self.refused("get", "--raw", "/api/v1/namespaces/blog/pods?limit=1&continue=1%4099", says="too old")
        told = self.good("get", "--raw", "/api/v1/namespaces/blog/pods?watch=1&resourceVersion=99&timeoutSeconds=1")
        self.assertEqual(json.loads(told)["object"]["code"], 410)

    def test_a_quiet_watch_has_bookmarks(self):
        self.world.create("a")
        told = self.good("get", "--raw", "/api/v1/namespaces/blog/pods?watch=1&allowWatchBookmarks=true"
                         f"&resourceVersion={self.api.store.version()}&timeoutSeconds=3")
        kinds = {json.loads(line)["type"] for line in told.splitlines()}
        self.assertEqual(kinds, {"BOOKMARK"})

    def test_who_is_not_known_or_not_allowed_is_refused(self):
        self.api.faults.denied.add(("list", "pods"))
        self.refused("get", "pods", says='pods is forbidden: User "system:serviceaccount:blog:rollcall" cannot list')
        stranger = kubectl.Kubectl(KUBECTL, self.api, token="wrong")
        self.assertIn("Unauthorized", stranger.run("get", "pods").stderr)


if __name__ == "__main__":
    unittest.main()

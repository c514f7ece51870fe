"""The chart's own pods, run by podman: real Ghost, real MariaDB, real Prometheus, and the fake Kubernetes API.

What the cluster would give and podman does not is given here: the pod's network is this machine's, the Secret is
podman's, and the service account's token, which the kubelet would mount, comes by the chart's extraVolumes.
"""

import base64
import copy
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

import yaml

from tests.chart import helm
from tests.kube import world
from tests.kube.fake_api import FakeApi
from tests.kube.program import Account, until
from tests.lab import Lab
from tests.lab.common import LabError, free_ports

STORE = None                # set by run.py
GHOST = "5.130.6"
UID = random.randrange(1000700000, 1000800000)      # as OpenShift gives them
ADDRESS = f"127.{random.randrange(90, 200)}.{random.randrange(1, 255)}.1"
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_LIMITS = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'


class PlayedByPodman(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            cls.helm = helm.programs()["4.1"]
            cls.folder = tempfile.mkdtemp(prefix="rollcall-play-")
            cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
            os.chmod(cls.folder, 0o755)
            cls.lab = Lab.up(GHOST, pods=3, dir=os.path.join(cls.folder, "lab"))
        except LabError as error:
            raise unittest.SkipTest(str(error)) from error
        cls.addClassCleanup(cls.lab.down)
        cls.api = cls.enterClassContext(FakeApi(cls.folder))
        cls.world = world.World(cls.api.store)
        cls.join(1)
        cls.join(2)
        cls.account = Account(cls.api, cls.folder)
        os.chmod(cls.account.folder, 0o755)
        cls.objects = cls.render()
        cls.lab.api(1).create_post("Stale post")
        cls.prepare_podman()

    @classmethod
    def join(cls, number):
        """Ghost's pod of that number becomes known to the API."""
        address, port = cls.lab.pod(number)["address"].split(":")
        cls.world.create(f"ghost-{number}", address, int(port))
        cls.world.sync()

    @classmethod
    def render(cls):
        site, database = cls.lab.state["site"], cls.lab.state["database"]
        values = {
            "image": {"repository": "localhost/rollcall", "tag": "test", "pullPolicy": "Never"},
            "config": {"site": {"url": site["url"]}, "listen": f"{ADDRESS}:9868",
                       "database": {"host": "127.0.0.1", "port": database["port"], "name": database["name"],
                                    "user": database["user"]}},
            "kubernetes": {"selector": "app=ghost", "service": "ghost"},
            "database": {"existingSecret": "rollcall-database"},
            "cronJob": {"enabled": True},
            "podSecurityContext": {"runAsUser": UID},
            "extraEnv": [{"name": "KUBERNETES_SERVICE_HOST", "value": "127.0.0.1"},
                         {"name": "KUBERNETES_SERVICE_PORT_HTTPS", "value": str(cls.api.port)}],
            "extraVolumes": [{"name": "account", "hostPath": {"path": cls.account.folder}}],
            "extraVolumeMounts": [{"name": "account", "mountPath": _ACCOUNT, "readOnly": True}]}
        done = helm.template(cls.helm, values=values)
        if done.returncode:
            raise AssertionError(done.stderr)
        return helm.objects(done.stdout)

    @classmethod
    def prepare_podman(cls):
        limits = os.path.join(cls.folder, "containers.conf")
        with open(limits, "w", encoding="ascii") as out:
            out.write(_LIMITS)
        os.environ["CONTAINERS_CONF"] = limits
        cls.addClassCleanup(os.environ.pop, "CONTAINERS_CONF")
        # podman 4.3 reads a key of a Secret out of JSON.
        password = base64.b64encode(cls.lab.state["database"]["password"].encode()).decode()
        STORE.podman("secret", "create", "rollcall-database", "-", input=json.dumps({"password": password}))

    def play(self, *objects):
        """The container's name; it ends with the test."""
        played = [copy.deepcopy(one) for one in objects]
        for _, _, spec in helm.pod_templates(played):
            for one in spec["containers"]:
                one.pop("ports", None)      # podman would publish them, which the machine's network has no use for
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".yaml", delete=False) as out:
            yaml.safe_dump_all(played, out)
        self.addCleanup(STORE.podman, "kube", "down", out.name)
        STORE.podman("kube", "play", "--network=host", out.name)
        return STORE.podman("ps", "--all", "--filter=ancestor=localhost/rollcall:test",
                            "--format={{.Names}}").stdout.strip()

    def the(self, kind, ending=""):
        return next(one for one in self.objects if one["kind"] == kind and one["metadata"]["name"].endswith(ending))

    def test_the_deployment_discovers_and_finds_the_stale_post_and_is_scraped(self):
        deployment = self.the("Deployment")
        name = self.play(self.the("ConfigMap"), deployment)
        self.probes_succeed(deployment["spec"]["template"]["spec"]["containers"][0])
        self.has_no_rights(name)
        self.until_stale({"ghost-2"})
        self.join(3)
        self.until_stale({"ghost-2", "ghost-3"})
        self.addCleanup(self.world.remove, "ghost-3")
        self.scraped({"ghost-2", "ghost-3"})
        self.uses_its_rights()
        began = time.monotonic()
        STORE.podman("stop", "--time=30", name)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(self.exit_code(name), 0, STORE.podman("logs", name).stderr)

    def test_the_reports_pod_says_so_in_its_log_and_fails(self):
        template = self.the("CronJob")["spec"]["jobTemplate"]["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod",
               "metadata": {**template["metadata"], "name": "report"}, "spec": template["spec"]}
        self.finds_it(self.play(self.the("ConfigMap"), pod))

    def test_the_pod_of_helm_test_does_too(self):
        self.finds_it(self.play(self.the("ConfigMap"), self.the("Pod")))

    def finds_it(self, name):
        """The configuration of the daemon, one look, exit code 2."""
        STORE.podman("wait", name)
        told = STORE.podman("logs", name)
        self.assertEqual(self.exit_code(name), 2, told.stdout + told.stderr)
        for part in ("RC201", "ghost-2", "stale-post"):
            self.assertIn(part, told.stdout)

    def exit_code(self, name):
        return int(STORE.podman("inspect", "--format={{.State.ExitCode}}", name).stdout)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}:9868{path}", timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def probes_succeed(self, container):
        """Asked as the kubelet would."""
        for probe in ("livenessProbe", "readinessProbe"):
            asked = container[probe]["httpGet"]
            self.assertEqual(asked["port"], "http")
            until(lambda path=asked["path"]: self.get(path), f"{probe} succeeds")

    def uses_its_rights(self):
        """Those for what is there, and no other: these pods belong to nobody and have no claims."""
        allowed, used = helm.rights(self.objects), self.rights_used()
        self.assertEqual(set(used), set(allowed))
        self.assertLessEqual(used[world.NAMESPACE], allowed[world.NAMESPACE])
        unused = {resource for _, resource, _ in allowed[world.NAMESPACE] - used[world.NAMESPACE]}
        self.assertLessEqual(unused, {"deployments", "statefulsets", "horizontalpodautoscalers",
                                      "persistentvolumeclaims"})

    def rights_used(self):
        """{namespace: {(group, resource, verb)}}, by what the API was asked."""
        used = {}
        for method, path, _, _ in list(self.api.requests):
            url = urllib.parse.urlsplit(path)
            found = re.fullmatch(r"/(?:api|apis/(?P<group>[^/]+))/v[0-9]+/namespaces/(?P<namespace>[^/]+)"
                                 r"/(?P<resource>[^/]+)", url.path)
            self.assertTrue(method == "GET" and found, (method, path))
            verb = "watch" if "watch=1" in url.query.split("&") else "list"
            used.setdefault(found["namespace"], set()).add((found["group"] or "", found["resource"], verb))
        return used

    def has_no_rights(self, name):
        """By what the kernel says of the process."""
        pid = STORE.podman("inspect", "--format={{.State.Pid}}", name).stdout.strip()
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        self.assertEqual(status["Uid"].split(), [str(UID)] * 4)
        for name_ in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name_], 16), 0, name_)
        self.assertEqual(status["NoNewPrivs"], "1")
        with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
            root = next(line.split() for line in file if line.split()[4] == "/")
        self.assertIn("ro", root[5].split(","))
        print(f"the daemon takes {int(status['VmRSS'].split()[0]) / 1024:.0f} MiB", end="; ")

    def until_stale(self, pods):
        def stale():
            report = json.loads(self.get("/api/v1/report") or "{}")
            found = {one["pod"] for one in report.get("findings", []) if one["code"] == "RC201"}
            known = {pod["name"] for pod in report.get("pods", [])}
            return found == pods and known == pods | {"ghost-1"}
        until(stale, f"the post is missing on {sorted(pods)}")

    def scraped(self, pods):
        """A real Prometheus has it."""
        port = free_ports(1)[0]
        config = os.path.join(self.folder, "prometheus.yml")
        with open(config, "w", encoding="ascii") as out:
            yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [
                {"job_name": "rollcall", "static_configs": [{"targets": [f"{ADDRESS}:9868"]}]}]}, out)
        with tempfile.TemporaryDirectory(dir=self.folder) as data:
            prometheus = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}",
                 f"--web.listen-address=127.0.0.1:{port}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            try:
                until(lambda: _asked(port, 'rollcall_pod_findings{code="RC201"} == 1') == pods,
                      f"Prometheus has the findings of {sorted(pods)}")
            finally:
                prometheus.terminate()
                prometheus.wait(30)


def _asked(port, expression):
    """The pods that the answer names."""
    try:
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}", timeout=10) as answer:
            return {one["metric"]["pod"] for one in json.load(answer)["data"]["result"]}
    except OSError:
        return None

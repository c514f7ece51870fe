"""/probe and /api/v1/verdict of a real `rollcall serve`, asked by a real Prometheus with the examples' own configuration.

usage: probe_test.py PROGRAM
"""

import concurrent.futures
import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import yaml     # Debian's python3-yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.dirname(os.path.abspath(__file__))]

from report_test import PASSTHROUGH, Pod, free_port  # noqa: E402
from tests.kube import kubectl  # noqa: E402
from tests.lab.common import LabError  # noqa: E402

PROGRAM = ""
PATIENCE = 60
EXAMPLE = os.path.join(ROOT, "examples", "prometheus-probe.yaml")
TEMPLATE = os.path.join(ROOT, "examples", "argo-rollouts", "verdict.yaml")
ADDRESS = "rollcall.blog.svc:9868"     # of the examples


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def ask(url, **headers):
    """(status, text)"""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def eventually(condition):
    until = time.monotonic() + PATIENCE
    while not (result := condition()):
        if time.monotonic() > until:
            return result
        time.sleep(0.1)
    return result


class Process:
    def __init__(self, command, **options):
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Probe(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rollcall-probe-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.pods = [Pod(), Pod()]
        for pod in self.pods:
            self.addCleanup(pod.close)

    def serve(self, **probe):
        """Starts Rollcall with the check `pods` alone, which runs by itself once an hour; returns HOST:PORT."""
        settings = {"probe": {"enabled": True, "min_interval": "1s", **probe},
                    "checks": {"pods": {"interval": "1h"}}}
        path = os.path.join(self.folder, "rollcall.yaml")
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump(settings, file)
        pods = [word for number, pod in enumerate(self.pods, 1)
                for word in ("--pod", f"pod-{number}=http://127.0.0.1:{pod.server.server_port}")]
        address = f"127.0.0.1:{free_port()}"
        daemon = Process([PROGRAM, "serve", "--config", path, "--url", "http://example.org", "--only", "pods",
                          "--listen", address, *pods],
                         env={name: os.environ[name] for name in PASSTHROUGH if name in os.environ},
                         stderr=subprocess.DEVNULL)
        self.addCleanup(daemon.close)

        def ready():
            self.assertIsNone(daemon.process.poll(), "Rollcall has ended")
            try:
                return ask(f"http://{address}/readyz")[0] == 200
            except (urllib.error.URLError, ConnectionError):
                return False
        self.assertTrue(eventually(ready))
        return address

    def runs(self, address):
        told = re.findall(r'^rollcall_check_runs_total\{check="pods".*\} (\d+)$',
                          ask(f"http://{address}/metrics")[1], re.MULTILINE)
        return sum(int(count) for count in told)

    def test_it_runs_the_check_and_tells_of_that_run(self):
        address = self.serve()
        before = time.time()
        status, text = ask(f"http://{address}/probe?check=pods")
        self.assertEqual(status, 200, text)
        self.assertIn("\nprobe_success 1\n", text)
        started = float(re.search(r"^rollcall_probe_started_timestamp_seconds (\S+)$", text, re.MULTILINE)[1])
        self.assertGreater(started, before - 2)
        self.pods[1].well = False

        def failed(query):
            return "\nprobe_success 0\n" in ask(f"http://{address}/probe?check=pods{query}")[1]
        self.assertTrue(eventually(lambda: failed("&pod=pod-2")))
        self.assertFalse(failed("&pod=pod-1"))
        self.assertTrue(failed(""))

    def test_a_flood_of_probes_is_one_run(self):
        address = self.serve(min_interval="1h")
        before = self.runs(address)
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(lambda number: ask(f"http://{address}/probe?check=pods&pod=pod-{1 + number % 2}"),
                                    range(500)))
        self.assertEqual({status for status, _ in answers}, {200})
        self.assertEqual(self.runs(address), before + 1)

    def test_it_refuses_in_one_sentence(self):
        address = self.serve()
        for query, sentence in (("check=posts", 'the check "posts" is switched off\n'),
                                ("check=nonsense", 'there is no check "nonsense"; known are: pods\n'),
                                ("check=pods&pod=x", 'there is no pod "x"; known are: "pod-1", "pod-2"\n')):
            self.assertEqual(ask(f"http://{address}/probe?{query}"), (400, sentence))
        off = self.serve(enabled=False)
        self.assertEqual(ask(f"http://{off}/probe?check=pods")[0], 404)

    def scrape_config(self, address):
        """The example's, at this address, once a second; what only Kubernetes tells is given."""
        config = copy.deepcopy(yaml.safe_load(read(EXAMPLE).replace(ADDRESS, address)))
        checks, pods = config["scrape_configs"]
        checks["static_configs"][0]["targets"] = ["pods"]
        self.assertEqual(pods.pop("kubernetes_sd_configs"), [{"role": "pod", "namespaces": {"names": ["blog"]}}])
        pods["params"] = {"check": ["pods"]}
        pods["static_configs"] = [
            {"targets": ["10.0.0.1:2368"],
             "labels": {"__meta_kubernetes_pod_name": name, "__meta_kubernetes_pod_label_app_kubernetes_io_name": app}}
            for name, app in (("pod-1", "ghost"), ("pod-2", "ghost"), ("mysql-0", "mysql"))]
        for job in (checks, pods):
            job["scrape_interval"] = job["scrape_timeout"] = "1s"
        path = os.path.join(self.folder, "prometheus.yml")
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump(config, file)
        return path

    def test_prometheus_probes_with_the_examples_configuration(self):
        prometheus, promtool = shutil.which("prometheus"), shutil.which("promtool")
        if not prometheus or not promtool:
            self.skipTest("prometheus (Debian) is missing")
        config = self.scrape_config(self.serve())
        checked = subprocess.run([promtool, "check", "config", config], capture_output=True, text=True, timeout=60,
                                 check=False)
        self.assertEqual(checked.returncode, 0, checked)
        listen = f"127.0.0.1:{free_port()}"
        server = Process([prometheus, f"--config.file={config}", f"--web.listen-address={listen}",
                          f"--storage.tsdb.path={self.folder}/tsdb"], stderr=subprocess.DEVNULL)
        self.addCleanup(server.close)

        def values():
            try:
                told = json.loads(ask(f"http://{listen}/api/v1/query?query=probe_success")[1])
            except (urllib.error.URLError, ConnectionError, ValueError):
                return {}
            return {(one["metric"]["job"], one["metric"]["check"], one["metric"].get("pod", ""),
                     one["metric"]["instance"]): one["value"][1] for one in told["data"]["result"]}
        want = {("rollcall-probe", "pods", "", "pods"): "1",
                ("rollcall-probe-pods", "pods", "pod-1", "pod-1"): "1",
                ("rollcall-probe-pods", "pods", "pod-2", "pod-2"): "1"}
        # Once: a scrape that is late on a busy machine has no value for a moment.
        self.assertTrue(eventually(lambda: values() == want), values())
        self.pods[1].well = False
        want[("rollcall-probe", "pods", "", "pods")] = want[("rollcall-probe-pods", "pods", "pod-2", "pod-2")] = "0"
        self.assertTrue(eventually(lambda: values() == want), values())

    def phase(self, metric, result):
        """What Argo Rollouts makes of a measurement whose value is `result`: its conditions are these expressions."""
        if eval(metric["failureCondition"], {"result": result}):    # pylint: disable=eval-used
            return "Failed"
        return "Successful" if eval(metric["successCondition"], {"result": result}) else "Inconclusive"

    def test_argo_rollouts_measures_with_the_examples_address_path_and_conditions(self):
        try:
            program = kubectl.path()
        except LabError as error:
            self.skipTest(str(error))
        address = self.serve()
        metric, = yaml.safe_load(read(TEMPLATE))["spec"]["metrics"]
        web = metric["provider"]["web"]
        url = web["url"].replace("{{args.rollcall}}", f"http://{address}").replace("&check=posts", "")
        self.assertIn("&check=posts", web["url"])

        def measure(more=""):
            status, text = ask(url + more)
            self.assertEqual(status, 200, text)
            # Kubernetes' own JSONPath, which Argo Rollouts uses as well.
            wrapped = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "answer"}, **json.loads(text)}
            done = subprocess.run([program, "label", "--local", "-f", "-", "a=b", "-o", f"jsonpath={web['jsonPath']}"],
                                  input=json.dumps(wrapped), capture_output=True, text=True, timeout=60, check=True,
                                  env={"HOME": self.folder})
            return self.phase(metric, done.stdout)
        self.assertEqual(measure(), "Successful")
        self.assertEqual(measure("&after=2100-01-01T00:00:00Z"), "Inconclusive")
        self.assertEqual(measure("&pod=pod-9"), "Inconclusive")
        self.pods[1].well = False

        def found():
            ask(f"http://{address}/probe?check=pods")
            return '"fail"' in ask(url)[1]
        self.assertTrue(eventually(found))
        self.assertEqual(measure(), "Failed")
        self.assertEqual(measure("&pod=pod-1"), "Successful")
        self.assertEqual(ask(url + "&max_age=1h")[0], 400)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()

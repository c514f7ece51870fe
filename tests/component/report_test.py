"""Runs `rollcall report` as a CronJob does: files, a state file, a real Pushgateway.

usage: report_test.py PROGRAM
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
import xml.etree.ElementTree

from small_pod import Pod

PROGRAM = ""
PASSTHROUGH = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Pushgateway:
    def __init__(self, program):
        self.start(program)
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.metrics() and None
            except (OSError, http.client.HTTPException):
                if time.monotonic() > deadline:
                    self.close()
                    raise
                if self.process.poll() is not None:  # somebody else got its port
                    self.start(program)
                time.sleep(0.05)

    def start(self, program):
        self.url = f"http://127.0.0.1:{free_port()}"
        # Debian's keeps what it was told in a file of the machine's unless it is told otherwise.
        self.process = subprocess.Popen([program, f"--web.listen-address={self.url[7:]}", "--persistence.file="],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def metrics(self):
        with urllib.request.urlopen(self.url + "/metrics", timeout=5) as answer:
            return answer.read().decode()

    def value(self, name, label=""):
        for line in self.metrics().splitlines():
            if line.startswith(name + "{") and label in line:
                return float(line.rsplit(" ", 1)[1])
        return None

    def close(self):
        self.process.terminate()
        self.process.wait()


class Report(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rollcall-report-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.pods = [Pod(), Pod()]
        for pod in self.pods:
            self.addCleanup(pod.close)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def report(self, *arguments):
        env = {name: os.environ[name] for name in PASSTHROUGH if name in os.environ}
        pods = [word for number, pod in enumerate(self.pods, 1)
                for word in ("--pod", f"pod-{number}=http://127.0.0.1:{pod.server.server_port}")]
        return subprocess.run([PROGRAM, "report", "--url", "http://example.org", "--only", "pods",
                               *pods, *arguments], env=env, capture_output=True, text=True,
                              timeout=60, check=False)

    def test_it_is_markdown_on_stdout(self):
        result = self.report()
        self.assertEqual(result.returncode, 0, result)
        self.assertTrue(result.stdout.startswith("# PASS"), result.stdout)
        self.assertNotIn("Since the last report", result.stdout)

    def test_a_folder_gets_every_format(self):
        self.pods[1].well = False
        result = self.report("--output-dir", self.folder)
        self.assertEqual(result.returncode, 2, result)
        self.assertTrue(result.stdout.startswith("FAIL: "), result.stdout)
        self.assertEqual(sorted(os.listdir(self.folder)), ["report.html", "report.json", "report.md", "report.xml"])
        with open(self.path("report.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["verdict"], "fail")
        xml.etree.ElementTree.parse(self.path("report.xml"))

    def test_a_folder_that_is_missing_is_named_and_exits_3(self):
        result = self.report("--output-dir", self.path("none"), "--fail-on", "never")
        self.assertEqual(result.returncode, 3, result)
        self.assertIn(self.path("none", "report.md"), result.stderr)

    def test_a_state_file_tells_new_lasting_and_ended(self):
        state = ("--state", self.path("state.db"))
        self.assertIn("There was none: this is the first", self.report(*state).stdout)
        self.pods[1].well = False
        self.assertRegex(self.report(*state).stdout, r"[1-9] new, 0 ended, 0 still there")
        self.assertRegex(self.report(*state).stdout, r"0 new, 0 ended, [1-9] still there")
        self.pods[1].well = True
        result = self.report(*state)
        self.assertRegex(result.stdout, r"0 new, [1-9] ended, 0 still there")
        self.assertIn("**ended**", result.stdout)

    def test_a_state_file_that_is_none_costs_the_comparison_and_not_the_report(self):
        with open(self.path("state.db"), "w", encoding="utf-8") as file:
            file.write("not a database, but long enough to look like one\n" * 100)
        result = self.report("--state", self.path("state.db"))
        self.assertEqual(result.returncode, 3, result)
        self.assertTrue(result.stdout.startswith("# PASS"), result.stdout)
        self.assertIn(self.path("state.db"), result.stderr)

    def test_the_pushgateway_learns_when_and_what(self):
        program = shutil.which("prometheus-pushgateway")
        if not program:
            self.skipTest("prometheus-pushgateway (Debian) is missing")
        gateway = Pushgateway(program)
        self.addCleanup(gateway.close)
        before = time.time()
        self.assertEqual(self.report("--push", gateway.url).returncode, 0)
        success = gateway.value("rollcall_report_last_success_timestamp_seconds")
        self.assertGreaterEqual(success, before - 1)
        self.assertEqual(gateway.value("rollcall_report_findings", 'severity="critical"'), 0)
        self.assertIn('site="http://example.org"', gateway.metrics())
        self.pods[1].well = False
        self.assertEqual(self.report("--push", gateway.url).returncode, 2)
        self.assertGreaterEqual(gateway.value("rollcall_report_findings", 'severity="critical"'), 1)
        self.assertEqual(gateway.value("push_failure_time_seconds"), 0)

    def test_a_gateway_that_is_down_exits_3_after_the_report(self):
        result = self.report("--push", f"http://127.0.0.1:{free_port()}")
        self.assertEqual(result.returncode, 3, result)
        self.assertTrue(result.stdout.startswith("# PASS"), result.stdout)
        self.assertIn("did not take the report", result.stderr)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()

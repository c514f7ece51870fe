"""Runs `rollcall serve` with a state file: killed and started again, and with files that fail.

usage: daemon_state_test.py PROGRAM FAULTY_VOLUME
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path[0] = os.path.dirname(os.path.abspath(__file__))

sys.path.append(os.path.join(os.path.dirname(sys.path[0]), "support"))

import volumes                                              # noqa: E402
from report_test import PASSTHROUGH, Pod                    # noqa: E402

PROGRAM = ""
FAULTY_VOLUME = ""
NOT_KEPT = "the history is not kept: the daemon goes on without it"


class Daemon:
    """`rollcall serve` on a free port; its log is read as it comes."""

    def __init__(self, pods, *arguments, most_bytes=None):
        env = {name: os.environ[name] for name in (*PASSTHROUGH, "PATH") if name in os.environ}
        names = [word for number, pod in enumerate(pods, 1)
                 for word in ("--pod", f"pod-{number}=http://127.0.0.1:{pod.server.server_port}")]
        # Python leaves SIGXFSZ ignored: a write beyond the limit fails as on a disk that is full.
        limit = ["prlimit", f"--fsize={most_bytes}"] if most_bytes else []
        self.process = subprocess.Popen(
            [*limit, PROGRAM, "serve", "--url", "http://example.org", "--only", "pods", "--listen", "127.0.0.1:0",
             *names, *arguments], env=env, stderr=subprocess.PIPE, text=True, restore_signals=False)
        self.log, self.port = [], None
        self.started = threading.Event()
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for line in self.process.stderr:
            self.log.append(json.loads(line))
            if self.log[-1]["message"] == "started":
                self.port = self.log[-1]["port"]
                self.started.set()
        self.started.set()

    def get(self, path):
        assert self.started.wait(20) and self.port, self.log
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return answer.read().decode()

    def wait(self, condition, what):
        """Until the report is one of which `condition` is true; the report."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                report = json.loads(self.get("/api/v1/report"))
                if condition(report):
                    return report
            except urllib.error.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not in 30 s: {what}; {self.log}")

    def told(self, message):
        return [line for line in self.log if line["message"] == message]

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(20)
        self.thread.join()
        self.process.stderr.close()
        return code


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def failed(report):
    return report["verdict"] == "fail"


def looked(report):
    return bool(report["checks"])


class State(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rollcall-state-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.state = os.path.join(self.folder, "state.db")
        self.config = os.path.join(self.folder, "rollcall.yaml")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("checks: {pods: {interval: 1s, patience: 1s}}\n")
        self.pods = [Pod(), Pod()]
        for pod in self.pods:
            self.addCleanup(pod.close)

    def serve(self, *arguments, **options):
        daemon = Daemon(self.pods, "--config", self.config, "--state", self.state, *arguments,
                        **options)
        self.addCleanup(daemon.end)
        return daemon

    def make_state(self):
        daemon = self.serve()
        daemon.wait(looked, "a report")
        self.assertEqual(daemon.end(), 0)

    def kept(self, table):
        """How many rows the state file has there, as another process reads it."""
        try:
            with sqlite3.connect(f"file:{self.state}?mode=ro", uri=True) as file:
                return file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


    def test_a_daemon_that_is_killed_goes_on_where_it_was(self):
        self.pods[1].well = False
        first = self.serve()
        since = {one["code"]: one["since"] for one in first.wait(failed, "a failure")["findings"]}
        self.assertTrue(wait_for(lambda: self.kept("watched_failures")), "nothing was kept")
        self.assertEqual(first.end(signal.SIGKILL), -signal.SIGKILL)
        second = self.serve()
        report = second.wait(failed, "the failure again")
        self.assertEqual({one["code"]: one["since"] for one in report["findings"]}, since)
        page = second.get("/")
        self.assertIn("Rollcall was started again and goes on to watch 2 pods", page)
        for code in since:
            self.assertEqual(page.count(f"{code} began on pod-2"), 1, page)
        self.assertEqual(second.end(), 0)
        self.assertEqual(second.told(NOT_KEPT), [])

    def keeps_looking(self, daemon):
        daemon.wait(looked, "a report")
        self.pods[1].well = False
        daemon.wait(failed, "a failure")
        self.pods[1].well = True
        daemon.wait(lambda report: report["verdict"] == "pass", "the end of it")

    def test_a_file_that_is_none_is_told_once_and_left_alone(self):
        text = "not a database, but long enough to look like one\n" * 100
        with open(self.state, "w", encoding="utf-8") as file:
            file.write(text)
        daemon = self.serve()
        self.keeps_looking(daemon)
        daemon.end()
        self.assertEqual(len(daemon.told(NOT_KEPT)), 1, daemon.log)
        self.assertIn("not a database", daemon.told(NOT_KEPT)[0]["detail"])
        with open(self.state, encoding="utf-8") as file:
            self.assertEqual(file.read(), text)

    def test_a_folder_that_is_not_there_is_told_once(self):
        self.state = os.path.join(self.folder, "none", "state.db")
        daemon = self.serve()
        self.keeps_looking(daemon)
        daemon.end()
        self.assertEqual(len(daemon.told(NOT_KEPT)), 1, daemon.log)

    def test_a_second_daemon_on_the_file_is_told_and_looks_all_the_same(self):
        first = self.serve()
        first.wait(looked, "a report")
        second = self.serve()
        second.wait(looked, "a report")
        self.assertIn("another daemon", second.told(NOT_KEPT)[0]["detail"])
        self.assertEqual(first.told(NOT_KEPT), [])

    def test_a_file_that_somebody_holds_is_given_up_and_the_checks_begin(self):
        self.make_state()
        with sqlite3.connect(self.state, isolation_level=None) as file:
            file.execute("BEGIN EXCLUSIVE")
            daemon = self.serve()
            daemon.wait(looked, "a report")
            self.assertEqual(len(daemon.told(NOT_KEPT)), 1, daemon.log)
            self.assertEqual(daemon.end(), 0)

    def test_a_disk_that_is_full_is_told_once_and_the_checks_go_on(self):
        self.make_state()
        daemon = self.serve(most_bytes=os.path.getsize(self.state) // 2)
        self.keeps_looking(daemon)
        daemon.end()
        told = [line for line in daemon.log if line["message"].startswith("the history")]
        self.assertEqual(len(told), 1, daemon.log)

    def on_a_volume(self, name):
        """A daemon whose state file is on a volume that fails as it is told."""
        try:
            self.bed = self.enterContext(volumes.Bed(FAULTY_VOLUME))
            self.state = os.path.join(self.bed.make(name, "faulty"), "state.db")
        except volumes.Missing as reason:
            self.skipTest(str(reason))
        daemon = self.serve()
        self.addCleanup(self.bed.rule, name)  # first of all: a daemon on a volume that hangs does not end
        daemon.wait(looked, "a report")
        self.assertTrue(wait_for(lambda: self.kept("watched_events")), "nothing was kept")
        return daemon

    def test_a_disk_that_fails_is_told_once_and_the_checks_go_on(self):
        daemon = self.on_a_volume("failing")
        self.bed.rule("failing", "write error 28")
        self.keeps_looking(daemon)
        self.assertEqual(daemon.end(), 0)
        told = [line for line in daemon.log if line["message"].startswith("the history")]
        self.assertEqual([line["message"] for line in told], ["the history cannot be written: the daemon goes on"])
        self.assertRegex(told[0]["detail"], "full|disk I/O error")

    def test_a_disk_that_hangs_holds_no_check_up_and_the_daemon_ends_all_the_same(self):
        daemon = self.on_a_volume("hanging")
        self.bed.rule("hanging", "fsync never")
        self.keeps_looking(daemon)
        daemon.process.terminate()
        self.assertTrue(wait_for(lambda: daemon.told("what was under way did not stop in time and was abandoned")))
        self.bed.rule("hanging")  # a process goes when its last call is answered
        self.assertEqual(daemon.end(), 0)

    def test_a_report_uses_the_file_of_a_daemon_that_runs(self):
        daemon = self.serve()
        daemon.wait(looked, "a report")
        pods = [word for number, pod in enumerate(self.pods, 1)
                for word in ("--pod", f"pod-{number}=http://127.0.0.1:{pod.server.server_port}")]
        for text in ("this is the first", "0 new, 0 ended"):
            result = subprocess.run([PROGRAM, "report", "--url", "http://example.org", "--only", "pods",
                                     *pods, "--state", self.state], capture_output=True, text=True,
                                    timeout=60, check=False)
            self.assertEqual(result.returncode, 0, result)
            self.assertIn(text, result.stdout)
        self.assertEqual(daemon.end(), 0)
        self.assertEqual(daemon.told(NOT_KEPT), [])


if __name__ == "__main__":
    PROGRAM, FAULTY_VOLUME = (os.path.abspath(path) for path in (sys.argv.pop(1), sys.argv.pop(1)))
    unittest.main()

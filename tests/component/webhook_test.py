"""Runs `rollcall report --webhook` and `rollcall serve` with a webhook, and is the one who is told.

usage: webhook_test.py PROGRAM
"""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from small_pod import Pod

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import serving  # noqa: E402  (it is beside the other helpers of the tests)
import webhook_receiver  # noqa: E402
from serving import environment, wait_until  # noqa: E402
from webhook_receiver import SECRET, TOKEN, Receiver  # noqa: E402

PROGRAM = ""
ADDRESS = "127.0.11.1"


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rollcall-webhook-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.pods = [Pod(), Pod()]
        for pod in self.pods:
            self.addCleanup(pod.close)
        self.is_from_rollcall = webhook_receiver.is_from_rollcall()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def flags(self):
        return ["--url", "http://example.org",
                *(word for number, pod in enumerate(self.pods, 1)
                  for word in ("--pod", f"pod-{number}=http://127.0.0.1:{pod.server.server_port}"))]

    def assert_ours(self, message):
        """Signed by whoever has the secret, and as the schema has it."""
        self.assertTrue(self.is_from_rollcall(SECRET.encode(), message.headers, message.body))
        self.assertFalse(self.is_from_rollcall(SECRET.encode(), message.headers, message.body + b" "))
        self.assertFalse(self.is_from_rollcall(b"another secret", message.headers, message.body))
        self.assertEqual(webhook_receiver.schema_problems(message.json), [])
        self.assertEqual(message.json["idempotency_key"], message.key)

    def assert_secret(self, texts):
        for where, text in texts.items():
            self.assertTrue(text, where)
            for planted in (TOKEN, SECRET):
                self.assertNotIn(planted, text, where)


class Report(Base):
    def report(self, *arguments, config="", **variables):
        return subprocess.run(
            [PROGRAM, "report", "--config", self.write("rollcall.yaml", config), "--only", "pods", *self.flags(),
             *arguments],
            env=environment(**variables), capture_output=True, text=True, timeout=60, check=False)

    def configured(self, receiver, more=""):
        self.write("url", receiver.url + "\n")
        self.write("secret", SECRET + "\n")
        return "webhook: {url_file: url, secret_file: secret%s}\n" % more

    def test_it_is_told_until_it_is_taken_with_one_key(self):
        self.pods[1].well = False
        with Receiver(ADDRESS, [500, 503]) as receiver:
            result = self.report("--webhook", "generic", config=self.configured(receiver))
        self.assertEqual(result.returncode, 2, result)
        self.assertTrue(result.stdout.startswith("# FAIL"), result.stdout)
        self.assertEqual(receiver.events(), ["report"] * 3)
        self.assertEqual(len({(message.key, message.body) for message in receiver.messages}), 1)
        self.assertEqual(receiver.messages[0].json["report"]["verdict"], "fail")
        self.assertEqual(receiver.messages[0].json["findings"][0]["pod"], "pod-2")
        for message in receiver.messages:
            self.assert_ours(message)
        self.assert_secret({"stdout": result.stdout})
        self.assertNotIn("webhook", result.stderr)

    def test_slack_gets_text(self):
        with Receiver(ADDRESS) as receiver:
            result = self.report("--webhook", "slack", ROLLCALL_WEBHOOK_URL=receiver.url)
        self.assertEqual(result.returncode, 0, result)
        self.assertRegex(receiver.messages[0].json["text"], r"^\*PASS: ")
        self.assertNotIn("X-Rollcall-Signature", receiver.messages[0].headers)

    def test_what_was_not_taken_is_said_and_exits_3_after_the_report(self):
        with Receiver(ADDRESS, [404]) as receiver:
            result = self.report("--webhook", "generic", "--fail-on", "never", config=self.configured(receiver))
        self.assertEqual(result.returncode, 3, result)
        self.assertTrue(result.stdout.startswith("# PASS"), result.stdout)
        self.assertIn("the webhook did not take the report: it answers 404", result.stderr)
        self.assert_secret({"stderr": result.stderr})

    def test_nobody_there_is_said_and_exits_3(self):
        with Receiver(ADDRESS) as receiver:
            config = self.configured(receiver)
        result = self.report("--webhook", "generic", config=config)
        self.assertEqual(result.returncode, 3, result)
        self.assertIn("the webhook did not take the report: ", result.stderr)
        self.assert_secret({"stderr": result.stderr})
        self.assertNotIn(ADDRESS, result.stderr)

    def test_without_the_flag_it_is_not_told(self):
        with Receiver(ADDRESS) as receiver:
            self.assertEqual(self.report(config=self.configured(receiver)).returncode, 0)
        self.assertEqual(receiver.messages, [])

    def test_the_readmes_example_is_as_the_schema_has_it(self):
        with open(os.path.join(webhook_receiver.ROOT, "README.md"), encoding="utf-8") as page:
            blocks = re.findall(r"```json\n(.*?)```", page.read(), re.DOTALL)
        example = next(block for block in blocks if "idempotency_key" in block)
        self.assertEqual(webhook_receiver.schema_problems(json.loads(example)), [])

    def test_without_an_address_it_does_not_begin(self):
        result = self.report("--webhook", "generic")
        self.assertEqual((result.returncode, result.stdout), (64, ""), result)
        self.assertIn("ROLLCALL_WEBHOOK_URL", result.stderr)


class Daemon(serving.Daemon):
    """Runs the check `pods` each second and tells `receiver`."""

    def __init__(self, test, receiver, config=""):
        self.config = test.write("rollcall.yaml", "checks: {pods: {interval: 1s}}\n" + config)
        self.flags = ["--config", self.config, *test.flags()]
        self.environment = environment(ROLLCALL_WEBHOOK_URL=receiver.url, ROLLCALL_WEBHOOK_SECRET=SECRET)
        super().__init__(PROGRAM, *self.flags, "--only", "pods", log=os.path.join(test.folder, "log"),
                         env=self.environment)
        test.addCleanup(self.end)

    def runs(self):
        return self.metric(r'rollcall_check_runs_total\{check="pods",verdict="\w+"\}')

    def messages(self, result):
        return self.metric(rf'rollcall_webhook_messages_total\{{result="{result}"\}}')

    def everything(self):
        """What it shows, by where."""
        texts = {path: self.text(path) for path in ("/", "/api/v1/report", "/metrics")}
        texts["the log"] = self.told()
        with open(f"/proc/{self.pid}/cmdline", encoding="utf-8") as words:
            texts["its arguments"] = words.read()
        texts["config show"] = subprocess.run(
            [PROGRAM, "config", "show", *self.flags], env=self.environment, capture_output=True, text=True,
            timeout=60, check=True).stdout
        return texts


class Serve(Base):
    def test_what_begins_and_ends_is_told_signed_and_until_it_is_taken(self):
        with Receiver(ADDRESS, [500]) as receiver:
            daemon = Daemon(self, receiver)
            wait_until(lambda: daemon.runs() >= 1, 60, daemon.told)
            self.pods[1].well = False
            wait_until(lambda: daemon.messages("delivered") >= 1, 60, daemon.told)
            began, again = receiver.messages[:2]
            self.assertEqual((began.event, began.json["finding"]["pod"]), ("started", "pod-2"))
            self.assertFalse(began.json["finding"]["first_look"])
            self.assertEqual((began.key, began.body), (again.key, again.body))
            runs = daemon.runs()
            wait_until(lambda: daemon.runs() >= runs + 2, 60, daemon.told)
            self.assertNotIn("ended", receiver.events())
            self.pods[1].well = True
            wait_until(lambda: "ended" in receiver.events(), 60, daemon.told)
            wait_until(lambda: receiver.fingerprints("ended") == receiver.fingerprints("started"), 60, daemon.told)
            for message in receiver.messages:
                self.assert_ours(message)
            self.assertEqual(daemon.text("/metrics").count("# TYPE rollcall_webhook_messages_total counter"), 1)
            self.assert_secret(daemon.everything())
            self.assertEqual(daemon.stop()[0], 0)
            self.assert_secret({"the log": daemon.told()})

    def test_what_is_there_at_the_start_is_said_to_be(self):
        self.pods[0].well = False
        with Receiver(ADDRESS) as receiver:
            daemon = Daemon(self, receiver)
            wait_until(lambda: receiver.messages, 60, daemon.told)
            self.assertTrue(receiver.messages[0].json["finding"]["first_look"])

    def test_what_was_told_before_a_restart_is_not_told_again_with_a_state_file(self):
        self.pods[0].well = False
        with Receiver(ADDRESS) as receiver:
            daemon = Daemon(self, receiver, "state: state.db\n")
            wait_until(lambda: daemon.runs() >= 2, 60, daemon.told)
            wait_until(lambda: daemon.messages("delivered") == len(receiver.fingerprints("started")), 60, daemon.told)
            self.assertEqual(daemon.stop()[0], 0)
            with contextlib.closing(sqlite3.connect(os.path.join(self.folder, "state.db"))) as state, state:
                state.execute("UPDATE watched_findings SET since = since - 3600000")
            told = len(receiver.messages)
            again = Daemon(self, receiver, "state: state.db\n")
            wait_until(lambda: again.runs() >= 3, 60, again.told)
            self.assertEqual(len(receiver.messages), told)
            self.pods[0].well = True
            wait_until(lambda: receiver.fingerprints("ended") == receiver.fingerprints("started"), 60, again.told)

    def test_what_could_not_be_told_before_a_restart_is_told_after_it(self):
        self.pods[0].well = False
        with Receiver(ADDRESS) as receiver:
            receiver.hang()
            daemon = Daemon(self, receiver, "state: state.db\n")
            wait_until(lambda: receiver.messages, 60, daemon.told)
            wait_until(lambda: daemon.runs() >= 2, 60, daemon.told)
            self.assertEqual(daemon.stop()[0], 0)
            key = receiver.messages[0].key
        with Receiver(ADDRESS) as receiver:
            again = Daemon(self, receiver, "state: state.db\n")
            wait_until(lambda: receiver.fingerprints("started"), 60, again.told)
            self.assertNotEqual(receiver.messages[0].key, key)

    def test_a_receiver_that_hangs_holds_up_neither_the_checks_nor_the_end(self):
        self.pods[0].well = False
        with Receiver(ADDRESS) as receiver:
            receiver.hang()
            daemon = Daemon(self, receiver)
            wait_until(lambda: receiver.messages, 60, daemon.told)
            runs = daemon.runs()
            wait_until(lambda: daemon.runs() >= runs + 4, 60, daemon.told)
            self.assertEqual(len({message.key for message in receiver.messages}), 1, "four runs later")
            self.assertEqual(daemon.stop()[0], 0)
            self.assertIn("could not be sent before the end", daemon.told())
            self.assertNotIn("abandoned", daemon.told())

    def test_findings_can_be_left_to_others(self):
        self.pods[0].well = False
        with Receiver(ADDRESS) as receiver:
            daemon = Daemon(self, receiver, "webhook: {findings: false}\n")
            wait_until(lambda: daemon.runs() >= 3, 60, daemon.told)
            self.assertEqual(receiver.messages, [])
            self.assertNotIn("rollcall_webhook", daemon.text("/metrics"))


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()

#!/usr/bin/python3
"""Tests of the lab itself that need neither Ghost nor a database: run it, it takes seconds."""

import base64
import contextlib
import hashlib
import hmac
import http.client
import http.server
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab import admin_api, cache, cli, common, front, ghost_install, mariadb, processes, state   # noqa: E402


def setUpModule():
    # No test may touch the real cache.
    empty = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(empty.cleanup)
    patched = mock.patch.dict(os.environ, {"ROLLCALL_CACHE": empty.name})
    patched.start()
    unittest.addModuleCleanup(patched.stop)


class Folder(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name


class ProcessesTest(Folder):
    def spawn(self, *argv, tied=False):
        process = processes.spawn(argv, os.path.join(self.folder, "log"), tied=tied)
        self.addCleanup(processes.kill, process)
        return process

    def test_a_process_is_ended_and_reaped(self):
        process = self.spawn("sleep", "60")
        self.assertEqual(processes.process_state(process), "running")
        processes.end([process])
        self.assertEqual(processes.process_state(process), "stopped")

    def test_a_pid_with_another_start_time_is_never_signalled(self):
        child = subprocess.Popen(["sleep", "60"])
        self.addCleanup(lambda: (child.kill(), child.wait()))
        recycled = {"pid": child.pid, "start": processes.start_time(child.pid) - 1}
        self.assertFalse(processes.is_alive(recycled))
        self.assertFalse(processes.send(recycled, signal.SIGKILL))
        processes.end([recycled])
        processes.kill(recycled)
        self.assertIsNone(child.poll())

    def test_a_record_without_pid_or_start_is_not_alive(self):
        for record in (None, {}, {"pid": None}, {"pid": os.getpid()}, {"pid": os.getpid(), "start": None}):
            self.assertFalse(processes.is_alive(record), record)
            self.assertFalse(processes.send(record, signal.SIGKILL), record)

    def test_a_process_that_ignores_sigterm_is_killed(self):
        process = self.spawn("sh", "-c", "trap '' TERM; echo armed; while :; do sleep 0.1; done")
        log = os.path.join(self.folder, "log")
        common.wait_until(lambda: os.path.getsize(log), 10, "the trap was not set")
        processes.end([process], patience=0.2)
        self.assertFalse(processes.is_alive(process))

    def test_a_frozen_process_is_seen_and_ended(self):
        process = self.spawn("sleep", "60")
        processes.send(process, signal.SIGSTOP)
        common.wait_until(lambda: processes.process_state(process) == "frozen", 5, "it did not freeze")
        processes.end([process])
        self.assertFalse(processes.is_alive(process))

    def test_a_tied_process_dies_with_its_parent(self):
        script = ("import sys, os; sys.path.insert(0, sys.argv[1]); from lab import processes;"
                  "p = processes.spawn(['sleep', '60'], os.devnull, tied=True);"
                  "print(p['pid'], p['start'], flush=True); os.kill(os.getpid(), 9)")
        done = subprocess.run([sys.executable, "-c", script, sys.path[0]], capture_output=True, text=True)
        pid, start = map(int, done.stdout.split())
        common.wait_until(lambda: not processes.is_alive({"pid": pid, "start": start}), 5, "it lived on")

    def test_a_missing_program_is_one_sentence(self):
        with self.assertRaisesRegex(common.LabError, "cannot start /no/such/program: No such file"):
            self.spawn("/no/such/program")


class JwtTest(unittest.TestCase):
    def test_the_token_is_signed_with_the_decoded_secret(self):
        token = admin_api.make_jwt("abc:00ff", now=1000)
        head, body, signature = token.split(".")
        self.assertEqual(self.decode(head), {"alg": "HS256", "typ": "JWT", "kid": "abc"})
        self.assertEqual(self.decode(body), {"iat": 1000, "exp": 1300, "aud": "/admin/"})
        expected = hmac.new(b"\x00\xff", f"{head}.{body}".encode(), hashlib.sha256).digest()
        self.assertEqual(base64.urlsafe_b64decode(signature + "="), expected)
        self.assertNotIn("=", token)

    def test_a_malformed_key_is_refused(self):
        for key in ("", "abc", "abc:", ":00ff", "abc:xyz"):
            with self.assertRaisesRegex(common.LabError, "looks like ID:HEXSECRET"):
                admin_api.make_jwt(key)

    @staticmethod
    def decode(part):
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class CommandLineTest(Folder):
    def run_cli(self, *argv):
        """(exit code, stderr)"""
        err = io.StringIO()
        with contextlib.redirect_stderr(err), mock.patch.object(cli.signal, "signal"):
            try:
                return cli.main(list(argv)), err.getvalue()
            except SystemExit as leave:
                return leave.code, err.getvalue()

    def test_wrong_arguments_exit_64_and_say_what_is_wrong(self):
        for argv, text in ((["up"], "--ghost"), (["up", "--ghost", "6.65.0", "--pods", "0"], "'0' is no number"),
                           (["up", "--ghost", "6.65.0", "--pods", "x"], "'x' is no number"),
                           (["restart-pod", "zero"], "'zero' is no pod"), (["db", "melt"], "'melt'"),
                           (["fly"], "'fly'"), ([], "COMMAND")):
            code, err = self.run_cli(*argv)
            self.assertEqual(code, 64, argv)
            self.assertIn(text, err)

    def test_a_bad_version_is_one_sentence(self):
        for version in ("5.1", "latest", "6.65.0; rm"):
            code, err = self.run_cli("up", "--ghost", version, "--dir", self.folder)
            self.assertEqual((code, err.count("\n")), (1, 1))
            self.assertIn("is no Ghost version", err)
        self.assertIn("5 and 6 only", self.run_cli("up", "--ghost", "4.48.9", "--dir", self.folder)[1])

    def test_without_a_lab_every_command_says_so(self):
        for argv in (["status"], ["down"], ["sql", "SELECT 1"], ["stop-pod", "1"], ["publish", "x"], ["db", "stop"]):
            code, err = self.run_cli(*argv, "--dir", self.folder)
            self.assertEqual(code, 1, argv)
            self.assertIn("no lab in", err)

    def test_a_broken_config_file_is_named(self):
        path = os.path.join(self.folder, "extra.json")
        for text, complaint in (("{", "not valid JSON"), ("[]", "one JSON object")):
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            code, err = self.run_cli("up", "--ghost", "6.65.0", "--config", path)
            self.assertEqual(code, 1)
            self.assertIn(complaint, err)

    def test_wipe_refuses_a_folder_that_is_not_a_lab(self):
        keep = os.path.join(self.folder, "keep")
        with open(keep, "w", encoding="ascii"):
            pass
        code, err = self.run_cli("wipe", "--dir", self.folder)
        self.assertEqual(code, 1)
        self.assertIn("was not made by the lab", err)
        self.assertTrue(os.path.exists(keep))


class DownTest(Folder):
    def test_down_ends_what_runs_and_spares_recycled_pids(self):
        mine = processes.spawn(["sleep", "60"], os.devnull)
        other = processes.spawn(["sleep", "60"], os.devnull)
        self.addCleanup(processes.end, [mine, other])
        state.make_folder(self.folder + "/lab")
        state.save(self.folder + "/lab", {
            "site": {"pid": 999999999, "start": 1}, "database": {"socket": self.folder + "/lab/s"},
            "pods": [mine, {"pid": other["pid"], "start": other["start"] + 1}, {"pid": None, "start": None}]})
        self.assertEqual(os.stat(self.folder + "/lab/state.json").st_mode & 0o777, 0o600)
        cli.Lab(self.folder + "/lab").down()
        self.assertFalse(processes.is_alive(mine))
        self.assertTrue(processes.is_alive(other))


class CacheTest(Folder):
    def test_a_failed_build_leaves_nothing(self):
        def build(folder):
            with open(os.path.join(folder, "half"), "w", encoding="ascii"):
                pass
            raise common.LabError("no network")
        target = os.path.join(self.folder, "x")
        with self.assertRaises(common.LabError):
            cache.build_once(target, build)
        self.assertEqual(os.listdir(self.folder), ["x.lock"])

    def test_two_builders_at_once_build_once(self):
        built, target = [], os.path.join(self.folder, "x")
        gate = threading.Barrier(2)

        def run():
            gate.wait()
            cache.build_once(target, built.append)
        threads = [threading.Thread(target=run) for _ in range(2)]
        with contextlib.redirect_stderr(io.StringIO()):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(len(built), 1)
        self.assertTrue(os.path.isdir(target))

    def test_leftovers_of_a_killed_run_are_removed(self):
        os.mkdir(os.path.join(self.folder, "x.tmp-1"))
        cache.build_once(os.path.join(self.folder, "x"), lambda folder: None)
        self.assertEqual(sorted(os.listdir(self.folder)), ["x", "x.lock"])

    def test_the_cache_follows_the_environment(self):
        with mock.patch.dict(os.environ, {"ROLLCALL_CACHE": "", "XDG_CACHE_HOME": "/xdg"}):
            self.assertEqual(common.cache_root(), "/xdg/rollcall")
        with mock.patch.dict(os.environ, {"ROLLCALL_CACHE": "/mine"}):
            self.assertEqual(common.cache_root(), "/mine")

    def test_installed_lists_nothing_in_an_empty_cache(self):
        self.assertEqual(ghost_install.installed(), [])


class InstallTest(Folder):
    SCRIPT = "sleep 60 & echo $! > child; echo $$ > parent; wait"

    def test_a_tool_that_takes_too_long_ends_with_its_children(self):
        with mock.patch.object(ghost_install, "_TOOL_SECONDS", 0.5), \
                self.assertRaisesRegex(common.LabError, "took more than 0.5 s"):
            ghost_install._run(["sh", "-c", self.SCRIPT], self.folder)
        with open(os.path.join(self.folder, "child"), encoding="ascii") as source:
            child = int(source.read())
        common.wait_until(lambda: processes.start_time(child) is None, 5, "the tool's child lived on")

    def test_a_failing_tool_shows_its_last_words(self):
        with self.assertRaisesRegex(common.LabError, "failed:\nno such package"):
            ghost_install._run(["sh", "-c", "echo no such package >&2; exit 3"], self.folder)

    def test_a_missing_tool_names_the_debian_package(self):
        with self.assertRaisesRegex(common.LabError, "no-such-tool is not installed .*npm"):
            ghost_install._run(["no-such-tool"], self.folder)


class SmallThingsTest(unittest.TestCase):
    def test_objects_merge_and_the_rest_is_replaced(self):
        merged = common.deep_merge({"a": {"x": 1, "y": [1]}, "b": 2}, {"a": {"y": [2]}, "b": {"z": 3}})
        self.assertEqual(merged, {"a": {"x": 1, "y": [2]}, "b": {"z": 3}})

    def test_rows_are_unescaped(self):
        self.assertEqual([mariadb._unescape(field) for field in ("NULL", r"a\tb", r"c\\n", r"d\ne")],
                         [None, "a\tb", r"c\n", "d\ne"])

    def test_ports_are_distinct_and_below_the_ephemeral_range(self):
        ports = common.free_ports(20)
        self.assertEqual(len(set(ports)), 20)
        self.assertLess(max(ports), 32768)


class FakePod(http.server.ThreadingHTTPServer):
    """Answers with its name and remembers the headers it saw."""

    daemon_threads = True

    def __init__(self, name):
        self.name, self.seen = name, []
        super().__init__(("127.0.0.1", 0), _FakePodHandler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_port}"

    def close(self):
        self.shutdown()
        self.server_close()


class _FakePodHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        if self.path == "/hang":
            self.close_connection = True
            return None
        self.send_response(304 if self.path == "/304" else 200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            return self.wfile.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        content = self.server.name.encode()
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        if self.command != "HEAD" and self.path != "/304":
            self.wfile.write(content)

    do_HEAD = do_POST = do_GET

    def log_message(self, format, *arguments):
        pass


class FrontTest(unittest.TestCase):
    def setUp(self):
        self.pods = [FakePod(f"pod-{number}") for number in (1, 2, 3)]
        for pod in self.pods:
            self.addCleanup(pod.server_close)
            self.addCleanup(pod.shutdown)
        self.front = front.Front(0, [(pod.name, pod.address) for pod in self.pods])
        threading.Thread(target=self.front.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(self.front.server_close)
        self.addCleanup(self.front.shutdown)
        self.client = http.client.HTTPConnection("127.0.0.1", self.front.server_port, timeout=10)
        self.addCleanup(self.client.close)

    def ask(self, path="/", method="GET", body=None, headers=()):
        self.client.request(method, path, body, dict(headers))
        answer = self.client.getresponse()
        answer.content = answer.read()
        return answer

    def test_requests_of_one_connection_go_round(self):
        names = [self.ask().content.decode() for _ in range(6)]
        self.assertEqual(names, ["pod-1", "pod-2", "pod-3"] * 2)

    def test_a_pod_that_refuses_is_skipped(self):
        self.pods[1].close()
        names = [self.ask().getheader("X-Lab-Pod") for _ in range(3)]
        self.assertEqual(names, ["pod-1", "pod-3", "pod-3"])

    def test_when_all_refuse_the_answer_is_503(self):
        for pod in self.pods:
            pod.close()
        self.assertEqual(self.ask().status, 503)

    def test_a_pod_that_breaks_off_is_502_and_is_not_retried(self):
        self.assertEqual(self.ask("/hang", "POST", b"x").status, 502)
        self.assertEqual(sum(len(pod.seen) for pod in self.pods), 1)

    def test_host_is_kept_and_the_forwarded_headers_are_set(self):
        self.ask(headers={"Host": "blog.example", "X-Forwarded-For": "10.0.0.1"})
        headers = self.pods[0].seen[0][2]
        self.assertEqual(headers["Host"], "blog.example")
        self.assertEqual(headers["X-Forwarded-For"], "10.0.0.1, 127.0.0.1")
        self.assertEqual(headers["X-Forwarded-Proto"], "http")

    def test_a_body_goes_through_and_cookies_stay_apart(self):
        answer = self.ask("/p?q=1", "POST", b"hello")
        self.assertEqual(self.pods[0].seen[0][0::3], ("POST", b"hello"))
        self.assertEqual(self.pods[0].seen[0][1], "/p?q=1")
        self.assertEqual(answer.headers.get_all("Set-Cookie"), ["a=1", "b=2"])

    def test_chunked_head_and_304_keep_the_connection_in_step(self):
        self.assertEqual(self.ask("/chunked").content, b"abcde")
        head = self.ask(method="HEAD")
        self.assertEqual((head.content, head.getheader("Content-Length")), (b"", "5"))
        self.assertEqual(self.ask("/304").status, 304)
        self.assertEqual(self.ask().content, b"pod-1")


if __name__ == "__main__":
    unittest.main()

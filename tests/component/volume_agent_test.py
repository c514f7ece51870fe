"""Runs `rollcall volume-agent` as a process beside ordinary and broken folders.

usage: volume_agent_test.py PROGRAM FAULTY_VOLUME
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import volumes as support  # noqa: E402  pylint: disable=wrong-import-position

PROGRAM = FAULTY_VOLUME = ""
PASSTHROUGH = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
PATIENCE = 30


def environment(**more):
    env = {name: os.environ[name] for name in PASSTHROUGH if name in os.environ}
    env["PATH"] = os.environ["PATH"]
    env.update(more)
    return env


def until(condition, what):
    """The first true answer of `condition`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come about in {PATIENCE} s")


class Agent:
    """A running agent; its log is read all the time, its port comes from there."""

    def __init__(self, *arguments, host="127.0.0.1", port=0, **env):
        self.host = host
        self.process = subprocess.Popen(
            [PROGRAM, "volume-agent", "--interval", "1s", "--listen", f"{host}:{port}", *arguments],
            env=environment(**env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        self.log = []
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        self.port = int(until(lambda: self.logged("started"), "the start")["port"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.reader.join()
        self.process.stderr.close()

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(json.loads(line))

    def logged(self, message):
        return next((line for line in list(self.log) if line["message"] == message), None)

    def get(self, path, method="GET"):
        request = urllib.request.Request(f"http://{self.host}:{self.port}{path}", method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ready(self):
        until(lambda: self.get("/readyz")[0] == 200, "readiness")
        return self

    def folders(self):
        """What the document says of each folder."""
        mounts = json.loads(self.get("/api/v1/volume")[1])["mounts"]
        return {folder["folder"]: folder for mount in mounts for folder in mount["folders"]}

    def end(self, number):
        """Asks it to end; its exit code and how long it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(PATIENCE), time.monotonic() - began


class VolumeAgent(unittest.TestCase):
    def setUp(self):
        self.content = tempfile.mkdtemp(prefix="rollcall-agent-")
        self.addCleanup(shutil.rmtree, self.content)
        for name in ("images", "themes"):
            os.mkdir(os.path.join(self.content, name))

    def agent(self, *arguments, folders="images,themes", **env):
        return Agent("--content-path", self.content, "--folders", folders, *arguments, **env)

    def test_says_that_each_folder_can_be_written_to_and_leaves_nothing(self):
        with self.agent() as agent:
            agent.ready()
            document = json.loads(agent.get("/api/v1/volume")[1])
            self.assertEqual(document["schema_version"], 1)
            self.assertEqual(document["content_path"], self.content)
            self.assertEqual(document["user"], os.geteuid())
            self.assertLess(document["ended_seconds_ago"], PATIENCE)
            for folder in agent.folders().values():
                self.assertEqual((folder["step"], folder["errno"]), ("done", None))
            self.assertEqual(agent.end(signal.SIGTERM)[0], 0)
        for name in ("images", "themes"):
            self.assertEqual(os.listdir(os.path.join(self.content, name)), [])

    def test_a_missing_folder_is_what_it_reports_and_its_return_too(self):
        themes = os.path.join(self.content, "themes")
        os.rmdir(themes)
        with self.agent() as agent:
            agent.ready()
            self.assertEqual(agent.folders()["themes"]["errno"], "ENOENT")
            self.assertEqual(agent.folders()["images"]["step"], "done")
            os.mkdir(themes)
            until(lambda: agent.folders()["themes"]["step"] == "done", "the folder's return")
            until(lambda: agent.logged("every folder can be written to"), "a line about it")
            self.assertTrue(agent.logged("themes: reach: No such file or directory"))

    def test_starts_without_a_content_folder(self):
        with Agent("--content-path", os.path.join(self.content, "nowhere")) as agent:
            agent.ready()
            self.assertEqual({folder["errno"] for folder in agent.folders().values()}, {"ENOENT"})
            self.assertEqual(sorted(agent.folders()), ["data", "files", "images", "media",
                                                       "settings", "themes"])

    def test_reads_neither_configuration_nor_secret(self):
        wrong = {name: "\x01 no such thing" for name in (
            "ROLLCALL_URL", "ROLLCALL_DB", "ROLLCALL_DB_PASSWORD", "ROLLCALL_PODS_DNS", "url",
            "ROLLCALL_CONTENT_API_KEY", "ROLLCALL_ADMIN_API_KEY", "database__client")}
        with self.agent(**wrong) as agent:
            agent.ready()
            self.assertEqual(agent.folders()["images"]["step"], "done")
            self.assertNotIn("no such thing", json.dumps(agent.log))

    def test_ends_within_5_s_of_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.agent() as agent:
                agent.ready()
                code, took = agent.end(number)
                self.assertEqual(code, 0)
                self.assertLess(took, 5)
                agent.reader.join()
                self.assertTrue(agent.logged("stopped"))

    def test_answers_what_it_has_and_refuses_the_rest(self):
        with self.agent() as agent:
            agent.ready()
            self.assertEqual(agent.get("/livez"), (200, "live\n"))
            self.assertIn("rollcall_build_info", agent.get("/metrics")[1])
            self.assertIn("rollcall_volume_write_seconds ", agent.get("/metrics")[1])
            self.assertNotIn("pod=", agent.get("/metrics")[1])
            self.assertEqual(agent.get("/")[0], 404)
            self.assertEqual(agent.get("/api/v1/report")[0], 404)
            self.assertEqual(agent.get("/api/v1/volume", "POST")[0], 405)
            self.assertEqual(agent.get("/api/v1/volume", "DELETE")[0], 405)
            for text, status in ((b"\x16\x03\x01\r\n\r\n", b"400"),
                                 (b"GET /" + b"x" * 100_000, b"431"),
                                 (b"GET /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", b"413")):
                with socket.create_connection((agent.host, agent.port), PATIENCE) as connection:
                    connection.sendall(text)
                    self.assertEqual(connection.recv(65536).split()[1], status)
            self.assertEqual(agent.get("/livez")[0], 200)

    def test_its_metrics_are_what_prometheus_reads(self):
        promtool = shutil.which("promtool")
        if not promtool:
            self.skipTest("promtool (Debian package prometheus) is missing")
        with self.agent() as agent:
            metrics = agent.ready().get("/metrics")[1]
        subprocess.run([promtool, "check", "metrics"], input=metrics, text=True, check=True,
                       timeout=PATIENCE)

    def test_an_address_that_is_taken_or_wrong_exits_64(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
            for listen, says in ((f"127.0.0.1:{taken.getsockname()[1]}", "another program listens"),
                                 ("127.0.0.1", "has no port")):
                result = subprocess.run(
                    [PROGRAM, "volume-agent", "--content-path", self.content, "--listen", listen],
                    env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False)
                self.assertEqual(result.returncode, 64, result)
                self.assertIn(says, json.loads(result.stderr)["message"])

    def test_a_mount_without_write_is_named(self):
        with volumes(self) as bed:
            view = bed.make("view", "bind", self.content)
            bed.remount("view", "bind,ro")
            with Agent("--content-path", view, "--folders", "images") as agent:
                agent.ready()
                folder = agent.folders()["images"]
                self.assertEqual((folder["step"], folder["errno"]), ("create", "EROFS"))
                bed.remount("view", "bind,rw")
                until(lambda: agent.folders()["images"]["step"] == "done", "word of the repair")

    def test_a_frozen_volume_is_told_of_while_it_lasts_and_ends_nothing(self):
        with volumes(self) as bed:
            mounted = bed.make("volume", "ext4")
            os.mkdir(os.path.join(mounted, "images"))
            with Agent("--content-path", mounted, "--folders", "images") as agent:
                agent.ready()
                self.assertEqual(agent.folders()["images"]["step"], "done")
                bed.freeze("volume")
                hung = until(lambda: hung_seconds(agent), "word of the freeze")
                self.assertGreaterEqual(hung, 10)
                began = time.monotonic()
                self.assertEqual(agent.get("/livez")[0], 200)
                self.assertEqual(agent.get("/readyz")[0], 200)
                self.assertIn("rollcall_volume_hung_since_timestamp_seconds",
                              agent.get("/metrics")[1])
                self.assertLess(time.monotonic() - began, 2)
                bed.thaw("volume")
                until(lambda: hung_seconds(agent) is None, "the end of it")
                bed.freeze("volume")
                until(lambda: hung_seconds(agent), "word of the second freeze")
                code, took = agent.end(signal.SIGTERM)
                self.assertEqual(code, 0)
                self.assertLess(took, 5)

    def test_the_example_for_kubernetes_starts_it(self):
        with open(os.path.join(ROOT, "examples", "kubernetes", "volume-agent.yaml"),
                  encoding="utf-8") as file:
            manifest = file.read()
        arguments = json.loads(re.search(r"args: (\[.*\])", manifest).group(1))
        self.assertEqual(arguments[0], "volume-agent")
        self.assertIn("containerPort: 9869", manifest)
        with Agent(*arguments[1:]) as agent:
            agent.ready()
            self.assertEqual(agent.get("/livez"), (200, "live\n"))


class VolumeCheck(unittest.TestCase):
    """`rollcall check` reading an agent beside each of two pods."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rollcall-agents-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.content = os.path.join(self.folder, "content")
        for name in ("images", "themes"):
            os.makedirs(os.path.join(self.content, name))

    def check(self, port, *flags):
        """The report of the check volume alone."""
        config = os.path.join(self.folder, "rollcall.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("site: {url: 'http://example.org'}\n"
                       "pods: ['pod-1=http://127.0.0.2:2368', 'pod-2=http://127.0.0.3:2368']\n"
                       "checks: {volume: {folders: 'images,themes', "
                       f"agent_port: {port}, ghost_uid: {os.geteuid()}}}}}\n")
        done = subprocess.run([PROGRAM, "check", "--config", config, "--only", "volume", "--output",
                               "json", *flags], env=environment(), capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        report = json.loads(done.stdout)
        report["exit"] = done.returncode
        return report

    @contextlib.contextmanager
    def agents(self, first, second):
        """One beside each pod, with these content folders; the port both have."""
        flags = ("--folders", "images,themes", "--content-path")
        with Agent(*flags, first, host="127.0.0.2") as one:
            with Agent(*flags, second, host="127.0.0.3", port=one.port) as two:
                one.ready()
                two.ready()
                yield one.port

    def test_two_healthy_pods_pass(self):
        with self.agents(self.content, self.content) as port:
            report = self.check(port)
        self.assertEqual((report["verdict"], report["exit"]), ("pass", 0), report)

    def test_a_pod_without_its_agent_could_not_be_looked_at(self):
        with self.agents(self.content, self.content) as port:
            pass
        report = self.check(port)
        self.assertEqual((report["verdict"], report["exit"]), ("unknown", 3), report)
        gaps = report["checks"][0]["gaps"]
        self.assertEqual([(gap["pod"], gap["what"]) for gap in gaps],
                         [("pod-1", f"the volume agent at 127.0.0.2:{port}"),
                          ("pod-2", f"the volume agent at 127.0.0.3:{port}")])

    def test_the_pod_whose_mount_is_read_only_is_named_and_no_other(self):
        with volumes(self) as bed:
            view = bed.make("view", "bind", self.content)
            bed.remount("view", "bind,ro")
            with self.agents(self.content, view) as port:
                report = self.check(port)
                self.assertEqual((report["verdict"], report["exit"]), ("warn", 1), report)
                self.assertEqual(self.found(report), [("RC802", "pod-2")])
                metrics = subprocess.run(
                    [PROGRAM, "check", "--config", os.path.join(self.folder, "rollcall.yaml"),
                     "--only", "volume", "--output", "prometheus"], env=environment(),
                    capture_output=True, text=True, timeout=PATIENCE, check=False).stdout
                self.assertIn('rollcall_volume_up{pod="pod-1"} 1\n', metrics)
                self.assertIn('rollcall_volume_free_bytes{pod="pod-2"} ', metrics)

    def test_a_full_volume_is_one_finding_and_not_one_for_each_pod(self):
        with volumes(self) as bed:
            mounted = bed.make("volume", "tmpfs", "size=64k,mode=755")
            for name in ("images", "themes"):
                os.mkdir(os.path.join(mounted, name))
            with open(os.path.join(mounted, "filler"), "wb", buffering=0) as filler:
                with contextlib.suppress(OSError):
                    while filler.write(b"x" * 4096):
                        pass
            with self.agents(mounted, mounted) as port:
                for flags, of in (((), "both pods"),
                                  (("--content", mounted), "both pods and of Rollcall")):
                    report = self.check(port, *flags)
                    self.assertEqual(report["verdict"], "fail")
                    self.assertEqual(self.found(report), [("RC803", None)])
                    self.assertIn(f"{mounted} of {of}: ", report["findings"][0]["message"])
                os.remove(os.path.join(mounted, "filler"))
                until(lambda: self.check(port)["verdict"] == "pass", "word of the repair")

    @staticmethod
    def found(report):
        return [(finding["code"], finding["pod"]) for finding in report["findings"]]


def hung_seconds(agent):
    return json.loads(agent.get("/api/v1/volume")[1])["mounts"][0]["hung_seconds"]


@contextlib.contextmanager
def volumes(test):
    """A bed; the test is skipped when this machine cannot make what is asked for."""
    try:
        with support.Bed(FAULTY_VOLUME) as bed:
            yield bed
    except support.Missing as reason:
        test.skipTest(str(reason))


if __name__ == "__main__":
    PROGRAM, FAULTY_VOLUME = (os.path.abspath(path) for path in (sys.argv.pop(1), sys.argv.pop(1)))
    unittest.main()

"""`rollcall serve` on a content folder of a test's own, and what its tests share."""

import contextlib
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))
import volumes  # noqa: E402  (it is beside the other helpers of the tests)

FOLDERS = ("images", "media", "files", "themes", "settings", "data")
GHOST = 1000  # whom Ghost runs as
PASSTHROUGH = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")


def wait_until(condition, seconds, what, every=0.05):
    """The first true value of condition(); AssertionError with what(), or `what`, when it is late."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s: {what() if callable(what) else what}")
        time.sleep(every)


def make_bed(test, program):
    """A bed that lasts as long as the test, which is skipped when this machine cannot have one."""
    try:
        return test.enterContext(volumes.Bed(program))
    except volumes.Missing as reason:
        return test.skipTest(f"no file systems to break: {reason}")


def furnish(content, folders=FOLDERS):
    """Ghost's folders, in the hands of Ghost's user, and files of it that checks read."""
    for name in ("", *folders):
        path = os.path.join(content, name)
        os.makedirs(path, exist_ok=True)
        os.chown(path, GHOST, GHOST)
    for name, text in (("settings/routes.yaml", "routes:\n"), ("data/redirects.json", "[]")):
        with open(os.path.join(content, name), "w", encoding="utf-8") as file:
            file.write(text)
    # What breaks a file system takes what is not on its disk.
    handle = os.open(content, os.O_RDONLY | os.O_DIRECTORY)
    volumes.LIBC.syncfs(handle)
    os.close(handle)


def own_files(content, folders=FOLDERS):
    """What Rollcall left there."""
    return [os.path.join(name, file) for name in folders
            if os.path.isdir(os.path.join(content, name))
            for file in os.listdir(os.path.join(content, name)) if "rollcall" in file]


def children_of(pid):
    """The pids of its children; empty when it is gone."""
    found = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as listed:
                found += [int(child) for child in listed.read().split()]
    return found


def state_of(pid):
    """The letter of its state, such as D; None when it is gone."""
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    return None


def closed_port():
    """A port where nobody listens: bound, so nobody else takes it, but not listening."""
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    return reserved, reserved.getsockname()[1]


class _Pod(http.server.BaseHTTPRequestHandler):
    """As much of Ghost as keeps the checks that need no database busy."""

    def do_GET(self):
        body = b"<html></html>"
        if self.path.startswith("/ghost/api/admin/site"):
            body = b'{"site":{"title":"x","url":"http://example.org/","version":"5.130"}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def pod():
    """Its URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pod)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Daemon:
    """A running daemon; a context manager that ends it. As `user` when that is given."""

    def __init__(self, program, content, pod_url, *flags, log, user=None):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                [program, "serve", "--url", "http://example.org", "--pod", f"pod-1={pod_url}",
                 "--content", content, "--listen", "127.0.0.1:0", *flags],
                env={name: os.environ[name] for name in PASSTHROUGH if name in os.environ},
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, user=user, group=user,
                extra_groups=None if user is None else [])
        self.pid = self.process.pid
        try:
            self.port = wait_until(self._started, 60, lambda: "not started: " + self._told())
        except BaseException:
            self.kill()
            raise

    def _told(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def _started(self):
        if self.process.poll() is not None:
            raise AssertionError("ended at once: " + self._told())
        found = re.findall(r'"message":"started".*?"port":"(\d+)"', self._told())
        return found and int(found[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def stop(self):
        """SIGTERM; (exit code, seconds it took)."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20), time.monotonic() - began

    def get(self, path):
        """(status, text, seconds)"""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return answer.status, text, time.monotonic() - began

    def report(self):
        """The latest report; None before the first."""
        status, text, _ = self.get("/api/v1/report")
        return json.loads(text) if status == 200 else None

    def run_of(self, check):
        """The latest run of a check with its findings as codes, such as RC801; None before that."""
        report = self.report()
        for run in report["checks"] if report else ():
            if run["check"] == check:
                return run | {"codes": sorted({finding["code"] for finding in report["findings"]
                                               if finding["check"] == check}),
                              "blind": [*filter(None, [run["error"]]), *run["gaps"]]}
        return None

    def memory(self):
        """MiB of resident memory."""
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def program_for(user, program, folder):
    """A copy of the program that any user can start."""
    if user is None:
        return program
    copy = os.path.join(folder, "rollcall")
    if not os.path.exists(copy):
        shutil.copy(program, copy)
    return copy

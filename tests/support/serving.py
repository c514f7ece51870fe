"""`rollcall serve` as a process, and what it costs the machine."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import time

PASSTHROUGH = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")


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


def environment(**more):
    return {name: os.environ[name] for name in PASSTHROUGH if name in os.environ} | more


def children_of(pid):
    """The pids of its children; empty when it is gone."""
    found = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as listed:
                found += [int(child) for child in listed.read().split()]
    return found


def resident(pid):
    """MiB of resident memory."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


class Daemon:
    """A daemon that has started; a context manager that ends it. As `user` when that is given."""

    def __init__(self, program, *flags, log, env=None, user=None):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                [program, "serve", "--listen", "127.0.0.1:0", *flags], env=environment() if env is None else env,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, user=user, group=user,
                extra_groups=None if user is None else [])
        self.pid = self.process.pid
        try:
            self.port = wait_until(self._started, 60, lambda: "not started: " + self.told())
        except BaseException:
            self.kill()
            raise

    def told(self):
        """Its log."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def _started(self):
        if self.process.poll() is not None:
            raise AssertionError("ended at once: " + self.told())
        found = re.findall(r'"message":"started".*?"port":"(\d+)"', self.told())
        return found and int(found[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Ends it if it has not ended."""
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
        return self.process.wait(30), time.monotonic() - began

    def get(self, path):
        """(status, text, seconds)"""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return answer.status, text, time.monotonic() - began

    def text(self, path):
        return self.get(path)[1]

    def metric(self, pattern):
        """The sum of the metrics whose name and labels match."""
        return sum(map(float, re.findall(rf"(?m)^{pattern} (\S+)$", self.text("/metrics"))))

    def report(self):
        """The latest report; None before the first."""
        status, text, _ = self.get("/api/v1/report")
        return json.loads(text) if status == 200 else None

    def memory(self):
        return resident(self.pid)

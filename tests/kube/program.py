"""Rollcall as a container of the fake cluster would run it."""

import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

PASSTHROUGH = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
PATIENCE = 60  # s until a condition that should come soon is given up


def until(condition, what, patience=PATIENCE):
    """The first true value of condition()."""
    ends = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > ends:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.05)


class Account:
    """A service account's folder."""

    def __init__(self, api, folder, token="first-token"):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.write("namespace", "blog")
        self.write("token", token)
        with open(api.ca, encoding="ascii") as source:
            self.write("ca.crt", source.read())
        self.environment = {name: os.environ[name] for name in PASSTHROUGH if name in os.environ}
        self.environment.update(PATH=os.environ["PATH"], KUBERNETES_SERVICE_HOST="127.0.0.1",
                                KUBERNETES_SERVICE_PORT_HTTPS=str(api.port), ROLLCALL_KUBE_ACCOUNT=self.folder)

    def write(self, name, text):
        """Replaced as a whole, as the kubelet does."""
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="ascii") as out:
            out.write(text)
        os.rename(path + ".new", path)


FLAGS = ["--url", "http://example.org", "--kube-selector", "app=ghost", "--only", "pods"]


class Daemon:
    """`rollcall serve`; ends with the test. `base` are the flags that say where the pods are."""

    def __init__(self, program, account, *flags, base=tuple(FLAGS)):
        self.log = []
        self._process = subprocess.Popen(
            [program, "serve", *base, "--listen", "127.0.0.1:0", *flags], env=account.environment,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        started = until(lambda: next((one for one in self.log if one.get("port")), None), "the daemon starts")
        self.base = f"http://127.0.0.1:{started['port']}"

    def _read(self):
        for line in self._process.stderr:
            try:
                self.log.append(json.loads(line))
            except ValueError:
                self.log.append({"text": line})

    def stop(self):
        """Its exit code and how long it took."""
        began = time.monotonic()
        self._process.terminate()
        code = self._process.wait(30)
        self._reader.join()
        self._process.stderr.close()
        return code, time.monotonic() - began

    def kill(self):
        """As the kernel does that is out of memory."""
        self._process.kill()
        self._process.wait(30)
        self._reader.join()
        self._process.stderr.close()

    def is_running(self):
        return self._process.poll() is None

    def metric(self, name):
        """The value of a metric without labels; None when it is absent, OSError when nobody answers."""
        with urllib.request.urlopen(self.base + "/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return next((float(line.split()[1]) for line in lines if line.startswith(name + " ")), None)

    def report(self):
        """None while there is none."""
        try:
            with urllib.request.urlopen(self.base + "/api/v1/report", timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            return None

    def roll(self):
        """{name: (address, ready, terminating)}."""
        report = self.report() or {"pods": []}
        return {one["name"]: (one["address"], one["ready"], one["terminating"]) for one in report["pods"]}

    def until_roll(self, truth, what, patience=PATIENCE):
        last = {}

        def same():
            nonlocal last
            last = self.roll()
            return last == truth()
        try:
            until(same, what, patience)
        except AssertionError as error:
            wanted = truth()
            differ = {name: (last.get(name), wanted.get(name)) for name in {*last, *wanted}
                      if last.get(name) != wanted.get(name)}
            raise AssertionError(f"{error}; (seen, wanted): {differ}") from None

    def until_report(self, fits, what, patience=PATIENCE):
        def good():
            report = self.report()
            return report if report and fits(report) else None
        return until(good, what, patience)

"""The rollcall program as the tests use it: one-shot checks and the daemon."""

import contextlib
import dataclasses
import http.client
import json
import os
import re
import signal
import subprocess
import time

from lab import LabError
from lab import processes
from lab.common import free_ports, tail, wait_until, write_private

from .truth import Claim, path_below

_SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schema", "report.schema.json")
# Ghost runs as we do, and the machine's own disk is not what is tested.
_VOLUME = f"ghost_uid: {os.getuid()}, free_percent: 0, slow: 20s"
EXIT = {"pass": 0, "warn": 1, "fail": 2, "unknown": 3}


@dataclasses.dataclass
class Check:
    """What one `rollcall check` did; `report` is None when stdout was no JSON."""

    exit: int
    report: dict
    out: str
    err: str
    began: float        # time.monotonic()
    ended: float
    site_url: str

    @property
    def seconds(self):
        return self.ended - self.began

    def findings(self, *checks):
        """The findings of these checks, of all when none is named."""
        listed = self.report["findings"] if self.report else []
        return [each for each in listed if not checks or each["check"] in checks]

    def claims(self, *checks):
        return {claim_of(each, self.site_url) for each in self.findings(*checks)}

    def run_of(self, check):
        """The entry of checks[] named `check`; an empty dict when it is absent."""
        runs = self.report["checks"] if self.report else []
        return next((run for run in runs if run["check"] == check), {})

    def gaps(self, *checks):
        """(check, pod, what) of every gap; pod is '' when it concerns no single pod."""
        return [(run["check"], gap["pod"] or "", gap["what"])
                for run in (self.report or {}).get("checks", ()) if not checks or run["check"] in checks
                for gap in run["gaps"]]

    def blind_spots(self, allowed=()):
        """What could not be looked at, a sentence each, but for the checks named in `allowed`."""
        return [f"{run['check']} could not look: {run['error'] or run['gaps']}"
                for run in (self.report or {}).get("checks", ())
                if (run["error"] or run["gaps"]) and run["check"] not in allowed]

    def problems(self):
        """What is wrong with the answer whatever the site's state: exit code, schema, duplicates."""
        if self.report is None:
            return [f"no JSON on stdout (exit {self.exit}): {(self.err or self.out).strip()[:300]}"]
        found = schema_problems(self.report)
        expected = EXIT.get(self.report["verdict"])
        if self.exit != expected:
            found.append(f"exit {self.exit}, but the verdict {self.report['verdict']} is {expected}")
        keys = [(each["code"], each["pod"], json.dumps(each["resource"], sort_keys=True))
                for each in self.report["findings"]]
        if len(keys) != len(set(keys)):
            found.append("two findings have the same code, pod and resource")
        return found


def claim_of(finding, site_url):
    """The Claim a finding of a JSON report makes."""
    resource = finding["resource"] or {}
    return Claim(finding["code"], finding["pod"] or "", resource.get("type") or "",
                 path_below(site_url, resource.get("url") or ""))


def schema_problems(report):
    """Where `report` departs from the published schema; empty when there is none to compare with."""
    if not os.path.exists(_SCHEMA):
        return []
    import jsonschema       # Debian's python3-jsonschema
    with open(_SCHEMA, encoding="utf-8") as source:
        validator = jsonschema.Draft202012Validator(json.load(source))
    return [f"schema: {'/'.join(map(str, error.path))}: {error.message[:200]}"
            for error in list(validator.iter_errors(report))[:5]]


class Rollcall:
    """The program at `binary`, told of the site of `lab`."""

    def __init__(self, binary, lab):
        self.binary = os.path.abspath(binary)
        self.lab = lab

    def pod_flags(self):
        return [flag for pod in self.lab.state["pods"] for flag in ("--pod", f"{pod['name']}={pod['url']}")]

    def site_flags(self):
        database = self.lab.state["database"]
        return ["--url", self.lab.state["site"]["url"],
                "--db", f"mysql://{database['user']}@127.0.0.1:{database['port']}/{database['name']}",
                "--db-password-file", os.path.join(self.lab.dir, "db-password")]

    def content_flags(self, checks=None):
        """Flags that name the content folder and what settings_flags() does."""
        return ["--content", self.lab.state["content_dir"], *self.settings_flags(checks)]

    def settings_flags(self, checks=None):
        """Flags that name a configuration with `checks`, as in config()."""
        return ["--config", self.config("often.yaml" if checks else "checks.yaml", checks)]

    def config(self, name, checks=None, *more):
        """The path of a configuration file with `checks`, {name: settings in YAML}, and the lines of `more`.

        It says of the lab's folder what the check volume cannot know. The check mail is off: nobody listens at the lab's
        mail server, on purpose."""
        settings = dict(checks or {})
        settings["volume"] = ", ".join(filter(None, (settings.get("volume"), _VOLUME)))
        settings["mail"] = ", ".join(filter(None, (settings.get("mail"), "enabled: false")))
        path = os.path.join(self.lab.dir, name)
        lines = [f"  {check}: {{{text}}}" for check, text in settings.items()]
        write_private(path, "\n".join([*more, "checks:", *lines]) + "\n")
        return path

    def check(self, *extra, flags=None, env=None, patience=90):
        """`rollcall check --output json`; `flags` replaces what names site, pods, database, content.

        `env` comes on top of the environment."""
        if flags is None:
            flags = self.site_flags() + self.pod_flags() + self.content_flags()
        began = time.monotonic()
        try:
            done = subprocess.run([self.binary, "check", *flags, "--output", "json", *extra], timeout=patience,
                                  capture_output=True, text=True, errors="replace",
                                  env=_environment() | (env or {}), stdin=subprocess.DEVNULL, check=False)
        except subprocess.TimeoutExpired:
            raise LabError(f"rollcall check did not end within {patience} s") from None
        ended = time.monotonic()
        try:
            report = json.loads(done.stdout)
        except ValueError:
            report = None
        return Check(done.returncode, report, done.stdout, done.stderr, began, ended,
                     self.lab.state["site"]["url"])

    def check_whole(self, *extra, gaps=(), **how):
        """check(), once more when something could not be looked at although nothing is wrong with it.

        On a busy machine a pod may answer late, or fail one page. Says so; after three tries the last one
        counts. `gaps` are the checks that have gaps for a reason."""
        for _ in range(3):
            check = self.check(*extra, **how)
            if not check.blind_spots(gaps):
                break
            print(f"     looked again: {check.blind_spots(gaps)[0][:300]}", flush=True)
        return check

    def table(self, *extra):
        """What `rollcall check` prints for people: (exit code, text)."""
        done = subprocess.run(
            [self.binary, "check", *self.site_flags(), *self.pod_flags(), *self.content_flags(), *extra],
            timeout=90, capture_output=True, text=True, errors="replace", env=_environment(),
            stdin=subprocess.DEVNULL, check=False)
        return done.returncode, done.stdout or done.stderr

    def config_show(self, env):
        """What `rollcall config show` prints of what a daemon with `env` is told."""
        done = subprocess.run(
            [self.binary, "config", "show", *self.site_flags(), *self.pod_flags(), *self.content_flags()], timeout=90,
            capture_output=True, text=True, env=_environment() | env, stdin=subprocess.DEVNULL, check=True)
        return done.stdout

    @contextlib.contextmanager
    def serve(self, *extra, port=None, checks=None, flags=None, env=None):
        """A running daemon that has finished its first round; ended when the block is left.

        `checks` as in content_flags(); `flags` and `env` as in check()."""
        port = port or free_ports(1)[0]
        flags = flags or self.site_flags() + self.pod_flags() + self.content_flags(checks)
        argv = [self.binary, "serve", *flags, "--listen", f"127.0.0.1:{port}", *extra]
        log = os.path.join(self.lab.dir, "rollcall.log")
        with processes.uninterrupted():
            process = processes.spawn(argv, log, env=_environment() | (env or {}), tied=True)
        daemon = Daemon(process, port, log)
        try:
            wait_until(daemon.ready, 60, "rollcall serve did not become ready")
            yield daemon
        finally:
            processes.end([process])


class Daemon:
    """A running `rollcall serve`."""

    def __init__(self, process, port, log):
        self.process = process
        self.port = port
        self.log = log
        self.url = f"http://127.0.0.1:{port}/"

    def get(self, path):
        """(status, text); (0, '') when nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def arguments(self):
        """What everybody on the machine can read of it."""
        with open(f"/proc/{self.process['pid']}/cmdline", encoding="utf-8") as words:
            return words.read()

    def ready(self):
        if not processes.is_alive(self.process):
            raise LabError(f"rollcall serve ended; its log says:\n{tail(self.log)}")
        return self.get("/readyz")[0] == 200

    def report(self):
        """The latest report; None before the first."""
        status, text = self.get("/api/v1/report")
        return json.loads(text) if status == 200 else None

    def metrics(self):
        """{(name, frozenset of (label, value)): float}"""
        return parse_metrics(self.get("/metrics")[1])

    def stop(self):
        """SIGTERM; returns (exit code or None when it did not end within 10 s, seconds it took)."""
        began = time.monotonic()
        processes.send(self.process, signal.SIGTERM)
        return processes.wait_exit(self.process, 10), time.monotonic() - began


_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def parse_metrics(text):
    samples = {}
    for line in text.splitlines():
        match = _SAMPLE.match(line)
        if match:
            samples[(match[1], frozenset(_LABEL.findall(match[2] or "")))] = float(match[3])
    return samples


def metric(samples, name, **labels):
    """The sum of the samples of `name` that carry these labels."""
    wanted = set(labels.items())
    return sum(value for (key, has), value in samples.items() if key == name and wanted <= has)


def _environment():
    """Ours without what rollcall, Ghost's shims or proxies would take settings from."""
    drop = re.compile(r"^(rollcall_|ghost_|mariadb_|mysql_|database__|url$|.*_proxy$)", re.IGNORECASE)
    return {key: value for key, value in os.environ.items() if not drop.match(key)} | {"NO_COLOR": "1"}

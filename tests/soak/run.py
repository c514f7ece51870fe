#!/usr/bin/python3
"""Two hours of `rollcall serve` on a site that never stands still: does it grow, and is it still right?

    run.py --rollcall build/release/rollcall [--minutes 120] [--seed N]
Prints a table and exits 0 when it does not grow and was right at every roll call, 1 otherwise. SIGTERM ends it early.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.request

sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from tests.kube.fake_api import FakeApi  # noqa: E402
from tests.kube.program import Account, Daemon, until  # noqa: E402
from tests.kube.world import World  # noqa: E402
from tests.lab.common import free_ports  # noqa: E402
from tests.soak import judge  # noqa: E402
from tests.soak.site import PASSWORD, URL, Site  # noqa: E402
from tests.support import webhook_receiver  # noqa: E402

# How much oftener than by default each check runs. Nothing else is compressed: patience, the settle window, the
# watches of Kubernetes, the token's minute and the state file's rhythm are the product's own.
FASTER = 5
INTERVALS = {"pods": 10, "posts": 30, "archives": 60, "canary": 60, "deployment": 60, "exec": 60, "private": 20,
             "redirects": 60, "routes": 60, "schedule": 30, "settings": 60, "database": 30, "volume": 30, "images": 300}
SAMPLE, SCRAPE, PAGE, REPORT = 10, 15, 5, 30     # seconds
CHANGE, MEND, RESTART, ROLL_CALL = 8, 40, 90, 600
PATIENCE = 90            # s for the findings to be what they should be
ALWAYS = {("RC901", "-", "-")}      # several pods of a Ghost that routes from memory: so they are


def configuration(site, folder, webhook):
    def private(name, text):
        path = os.path.join(folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
            out.write(text + "\n")
        return path

    checks = {name: {"interval": f"{seconds // FASTER}s"} for name, seconds in INTERVALS.items()}
    checks["theme"] = {"enabled": False}     # the pods here have none
    checks["volume"]["ghost_uid"] = os.getuid()
    config = {
        "site": {"url": URL}, "kubernetes": {"selector": "app=ghost", "service": "ghost", "events": True,
                                             "lease": "rollcall"},
        "database": {"host": "127.0.0.1", "port": site.database.port, "name": "ghost", "user": "rollcall",
                     "password_file": private("db-password", PASSWORD)},
        "content": {"path": site.content}, "listen": "127.0.0.1:0", "state": os.path.join(folder, "state.db"),
        "webhook": {"url_file": private("webhook-url", webhook.url),
                    "secret_file": private("webhook-secret", webhook_receiver.SECRET)},
        "commands": [{"name": "echo", "argv": ["/bin/echo", "OK $ROLLCALL_POD_NAME"], "per_pod": True}],
        "checks": checks}
    return private("rollcall.yaml", json.dumps(config))     # JSON is YAML


def sample(pid, began):
    def fields(path):
        with open(f"/proc/{pid}/{path}", encoding="ascii", errors="replace") as source:
            return {line.split(":")[0]: line.split()[1] for line in source if ":" in line and len(line.split()) > 1}

    status, rollup = fields("status"), fields("smaps_rollup")
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as source:
        stat = source.read().rpartition(")")[2].split()
    opened, children = set(), 0
    for file in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):     # it was closed
            opened.add((int(file), os.readlink(f"/proc/{pid}/fd/{file}")))
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as source:
            children += len(source.read().split())
    return judge.Sample(
        at=time.monotonic() - began, rss=int(status["VmRSS"]) / 1024, pss=int(rollup["Pss"]) / 1024,
        anonymous=int(rollup["Anonymous"]) / 1024, open=frozenset(opened),
        threads=int(status["Threads"]), children=children,
        cpu=(int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"))


class Readers:
    """Prometheus, people with the page open, and scripts; counts what they got."""

    ASKED = (("/metrics", SCRAPE), ("/", PAGE), ("/api/v1/report", REPORT), ("/api/v1/verdict", REPORT))

    def __init__(self, base):
        self._base, self._stop = base, threading.Event()
        self.good, self.bad = 0, []
        self._threads = [threading.Thread(target=self._read, args=one) for one in self.ASKED]
        for thread in self._threads:
            thread.start()

    def _read(self, path, seconds):
        while not self._stop.wait(seconds):
            try:
                with urllib.request.urlopen(self._base + path, timeout=5) as answer:
                    answer.read()
                self.good += 1
            except (OSError, http.client.HTTPException) as error:     # refused, too late, or cut short
                self.bad.append(f"{path}: {error!r}")

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()


def found(report):
    """{(code, pod, id)} of what the report names beyond ALWAYS."""
    return {(one["code"], one["pod"] or "-", (one["resource"] or {}).get("id") or "-")
            for one in report["findings"]} - ALWAYS


def unseen(report):
    """What could not be looked at: sentences."""
    return [f"{one['check']} is unknown: {one['error'] or one['gaps']}" for one in report["checks"]
            if one["verdict"] == "unknown"]


class Soak:
    def __init__(self, site, daemon, api, seed):
        self.site, self.daemon, self.api = site, daemon, api
        self.began = time.monotonic()
        self.samples, self.roll_calls, self.problems = [], 0, []
        self._random = random.Random(seed)

    def go_on(self, seconds):
        """Changes things, samples and takes roll calls until `seconds` have passed."""
        due = {self.take_sample: SAMPLE, self.site.change: CHANGE, self.site.mend: MEND, self.restart: RESTART,
               self.roll_call: ROLL_CALL}
        at = {what: time.monotonic() + every for what, every in due.items()}
        while time.monotonic() < self.began + seconds:
            for what, every in due.items():
                if time.monotonic() >= at[what]:
                    what()
                    at[what] = time.monotonic() + every
            time.sleep(0.2)

    def take_sample(self):
        self.samples.append(sample(self.daemon.pid, self.began))

    def restart(self):
        self.site.restart()
        self.api.store.compact()     # as etcd forgets

    def roll_call(self):
        """Everything is mended and must be called well; then what is wrong is known and must be named, nothing else."""
        self.site.mend()
        self._until(set(), "nothing wrong")
        missing, served = self._random.sample(self.site.pods, 2)
        wanted = {("RC201", missing.name, self.site.make("publish", missing)),
                  ("RC203", served.name, self.site.make("unpublish", served))}
        self._until(wanted, "two faults")
        self.site.mend()
        self._until(set(), "nothing wrong again")
        self.roll_calls += 1
        last = self.samples[-1] if self.samples else sample(self.daemon.pid, self.began)
        print(f"minute {self._minute():.0f}: {self.roll_calls} roll calls, {len(self.problems)} problems; RSS {last.rss:.1f} MiB, "
              f"{last.descriptors} descriptors, {last.threads} threads", flush=True)

    def _until(self, wanted, what):
        """Until exactly that is found and everything was looked at; a problem when it does not come."""
        ends, told = time.monotonic() + PATIENCE, None
        while told != []:
            report = self.daemon.report()
            told = judge.differences(found(report), wanted) + unseen(report) if report else ["no report"]
            if time.monotonic() > ends:
                break
            time.sleep(0.5)
        self.problems += [f"minute {self._minute():.0f}, {what}: {one}" for one in told]

    def _minute(self):
        return (time.monotonic() - self.began) / 60


def print_table(samples, minutes):
    step = max(1, int(minutes) // 12)
    print(f"\n{'minute':>7}{'RSS':>9}{'Pss':>9}{'anon':>9}{'fds':>7}{'held':>7}{'threads':>9}{'children':>10}{'CPU %':>8}"
          f"   (means, of held the most; MiB; held: for {judge.HELD // 60} min)")
    held = judge.held(samples)
    for begin in range(0, int(minutes) + 1, step):
        part = [one for one in samples if begin * 60 <= one.at < (begin + step) * 60]
        if len(part) < 2:
            continue

        def mean(field, of=part):
            return sum(getattr(one, field) for one in of) / len(of)
        stayed = [count for at, count in held if begin * 60 <= at < (begin + step) * 60]
        cpu = 100 * (part[-1].cpu - part[0].cpu) / (part[-1].at - part[0].at)
        print(f"{begin:>7}{mean('rss'):9.2f}{mean('pss'):9.2f}{mean('anonymous'):9.2f}{mean('descriptors'):7.1f}"
              f"{max(stayed, default='-'):>7}{mean('threads'):9.1f}{mean('children'):10.2f}{cpu:8.2f}")


def print_verdict(soak, site, readers, webhook, minutes, warm_up):
    print_table(soak.samples, minutes)
    grows = judge.slopes(soak.samples, warm_up)
    print(f"\nslope per hour after {warm_up / 60:.0f} min of warm-up, least squares: "
          + ", ".join(f"{name} {value:+.2f}" for name, value in grows.items()))
    print(f"checks ran {FASTER} times as often as by default; {len(soak.samples)} samples; "
          + ", ".join(f"{count} {what}" for what, count in sorted(site.done.items())))
    print(f"{soak.roll_calls} roll calls; {readers.good} answers to readers, {len(readers.bad)} failed; "
          f"{len(webhook.messages)} messages to the webhook")
    for one in soak.problems[:50]:
        print(f"PROBLEM: {one}")
    print("FAILED" if soak.problems else "PASSED", flush=True)


def run(program, minutes, seed, folder, stack):
    api = stack.enter_context(FakeApi(folder))
    webhook = stack.enter_context(webhook_receiver.Receiver("127.0.0.1"))
    world = World(api.store)
    world.deploy(replicas=3)
    site = Site(folder, free_ports(1)[0], world, seed)
    stack.callback(site.end)
    account = Account(api, folder)
    daemon = Daemon(program, account, base=("--config", configuration(site, folder, webhook)))
    stack.callback(lambda: daemon.is_running() and daemon.kill())
    until(daemon.report, "the first report", PATIENCE)
    soak, readers = Soak(site, daemon, api, seed), Readers(daemon.base)
    try:
        soak.go_on(minutes * 60)
        soak.roll_call()
    except KeyboardInterrupt:
        soak.problems.append("it was ended before its time")
    finally:
        readers.stop()
    warm_up = min(20 * 60, minutes * 60 / 4)
    soak.problems += judge.problems(soak.samples, warm_up) + readers.bad
    if daemon.is_running():
        code, _ = daemon.stop()
        if code != 0:
            soak.problems.append(f"the daemon ended with {code}")
    else:
        soak.problems.append("the daemon is no more")
    print_verdict(soak, site, readers, webhook, minutes, warm_up)
    if soak.problems:
        print("\n".join(json.dumps(line) for line in daemon.log[-30:]), file=sys.stderr)
    return 1 if soak.problems else 0


def interrupted(number, frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollcall", required=True, metavar="PROGRAM")
    parser.add_argument("--minutes", type=float, default=120,
                        help="default: 120; fewer than 16 are too few to tell whether it grows, and fail")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupted)
    folder = tempfile.mkdtemp(prefix="rollcall-soak-")
    print(f"soak: pid {os.getpid()}, {arguments.minutes:g} minutes, seed {arguments.seed}, checks {FASTER} times as often as by default",
          flush=True)
    try:
        with contextlib.ExitStack() as stack:
            return run(os.path.abspath(arguments.rollcall), arguments.minutes, arguments.seed, folder, stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""Shows that the right people are told, and nobody for nothing: real Ghost, Prometheus and Alertmanager.

    alerts.py --rollcall build/release/rollcall
1. In a healthy site every query of the dashboards has data, or its panel says that it has none.
2. A post goes missing on two of three pods: the webhook hears of it within 15 s, and of its end after the restart.
3. A rolling restart of all pods, of Rollcall and of the database tells nobody; a pod that stays down does.

Prometheus scrapes and judges each second. Its rules are those of dashboards/alerts with every duration divided: by 60
in step 2, so that a minute's patience is a second; by 10 in step 3, where a pod that boots for four seconds
stands for one that takes forty. Alertmanager has the routes of dashboards/alertmanager and does not wait.
"""

import argparse
import contextlib
import http.client
import os
import re
import shutil
import signal
import sys
import tempfile
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from dashboards import files                                # noqa: E402
from e2e.monitoring import JOB, Monitoring                  # noqa: E402
from e2e.program import Rollcall                            # noqa: E402
from lab import Lab, LabError, processes                    # noqa: E402
from lab.common import free_ports, tail, wait_until         # noqa: E402

_GHOST = "5.130.6"
_LIMIT_SECONDS = 15.0
_QUIET_SECONDS = 20     # as long again as the longest that an alert of step 3 waits for a thing that is over
_INSTANT = {"$__rate_interval": "4s", "$__range": "1m"}


class Alerts:
    def __init__(self, lab, rollcall, folder):
        self.lab, self.rollcall, self.folder = lab, rollcall, folder
        self.port, self.agent_port = free_ports(2)
        self.problems = []

    def expect(self, holds, what):
        if not holds:
            self.problems.append(what)
            print(f"FAIL {what}", flush=True)

    def serve(self):
        checks = {"volume": f"agent_port: {self.agent_port}"}
        return self.rollcall.serve(port=self.port, checks=checks)

    @contextlib.contextmanager
    def agent(self):
        """One volume agent stands for that of every pod: they share the address 127.0.0.1."""
        log = os.path.join(self.folder, "agent.log")
        with processes.uninterrupted():
            process = processes.spawn([self.rollcall.binary, "volume-agent", "--content-path",
                                       self.lab.state["content_dir"], "--interval", "5s",
                                       "--listen", f"127.0.0.1:{self.agent_port}"], log, tied=True)
        try:
            wait_until(self.agent_has_looked, 60, "the volume agent did not end its first look")
            yield
            if not processes.is_alive(process):
                raise LabError(f"the volume agent ended; its log says:\n{tail(log)}")
        finally:
            processes.end([process])

    def agent_has_looked(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.agent_port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False        # it does not listen yet
        finally:
            connection.close()

    def run(self):
        with self.agent(), contextlib.ExitStack() as daemon:
            self.daemon = daemon.enter_context(self.serve())
            with Monitoring(self.folder, self.port) as self.monitoring:
                self.healthy()
                self.missing_post()
                self.monitoring.start_anew(10)
                daemon.close()
                daemon.enter_context(self.serve())
                self.rolling_restart(daemon)
                self.pod_down()
        return not self.problems

    # Dashboards

    def silent_panels(self):
        """[(dashboard, panel)] whose query has no data now."""
        found = []
        for name, dashboard in files.dashboards().items():
            for panel, expression in files.queries(dashboard):
                if not self.monitoring.ask(self.as_grafana_asks(expression)):
                    found.append((name, panel["title"], files.may_be_empty(panel)))
        return found

    def as_grafana_asks(self, expression):
        for variable, value in _INSTANT.items():
            expression = expression.replace(variable, value)
        for variable, value in (("job", JOB), ("namespace", ".*"), ("pod", "pod-2"), ("instance", f"127.0.0.1:{self.port}")):
            expression = re.sub(rf"\$\{{?{variable}\b\}}?", value, expression)
        return expression

    def healthy(self):
        """Everything has data but what says that it has none; no alert is there."""
        with contextlib.suppress(LabError):
            wait_until(lambda: all(empty for _, _, empty in self.silent_panels()), 60, "data in all panels", every=1)
        silent = self.silent_panels()
        for name, title, may_be_empty in silent:
            self.expect(may_be_empty, f"{name}: the panel \"{title}\" has no data in a healthy site")
        self.may_be_empty = {(name, title) for name, title, _ in silent}
        states = self.monitoring.states()
        self.expect(not states, f"a healthy site has alerts: {sorted(states)}")
        told = self.monitoring.receiver.told()
        self.expect(not told, f"somebody was told of a healthy site: {brief(told)}")
        queries = sum(len(files.queries(each)) for each in files.dashboards().values())
        print(f"ok   {queries} queries of the dashboards; without data while all is well: "
              f"{', '.join(sorted(title for _, title in self.may_be_empty))}", flush=True)

    # A post goes missing

    def missing_post(self):
        receiver = self.monitoring.receiver
        self.lab.api(1).create_post("Who hears of me?")
        began = time.monotonic()
        wanted = {"alertname": "RollcallWrongAnswers", "code": "RC201"}
        firing = wait_until(lambda: receiver.told(began, status="firing", **wanted), 60, "nobody was told")[0]
        took = firing["at"] - began
        self.expect(took < _LIMIT_SECONDS, f"the webhook heard after {took:.1f} s")
        labels = {**wanted, "severity": "critical", "check": "posts", "job": JOB}
        self.expect(firing["labels"] == labels, f"labels are {firing['labels']}, not {labels}")
        self.expect(firing["receiver"] == "pager", f"told to {firing['receiver']}")
        told = firing["annotations"]
        self.expect("pod-2 (1) pod-3 (1)" in told["description"], f"it names no pods: {told['description']}")
        self.expect("error expanding" not in str(told), f"a template is broken: {told}")
        page = files.runbook_of(told["runbook_url"])
        self.expect(os.path.exists(page) and "RollcallWrongAnswers" in files.text(page), f"no runbook {page}")
        print(f"ok   a missing post reached the webhook {took:.1f} s after it was published", flush=True)

        self.silent_no_more()
        for number in (2, 3):
            self.lab.restart_pod(number)
        restarted = time.monotonic()
        ended = wait_until(lambda: receiver.told(restarted, status="resolved", **wanted), 120, "it did not end")[0]
        print(f"ok   its end was told {ended['at'] - restarted:.1f} s after the restart", flush=True)

    def silent_no_more(self):
        """What may be empty in a healthy site has data now, as far as a missing post is what it shows."""
        def silent():
            return {(name, title) for name, title, _ in self.silent_panels()} - {("site.json", "Not known")}
        with contextlib.suppress(LabError):
            wait_until(lambda: not silent(), 20, "data in all panels", every=1)
        still = silent()
        self.expect(not still, f"panels without data although a post is missing: {sorted(still)}")
        self.expect({("site.json", "Wrong answers by pod"), ("pod.json", "Findings now")} <= self.may_be_empty,
                    "the healthy site had wrong answers already")

    # Restarts

    def rolling_restart(self, daemon):
        receiver = self.monitoring.receiver
        wait_until(lambda: not self.monitoring.states(), 120, "alerts were left over", every=0.5)
        began, pending = time.monotonic(), set()

        def note():
            pending.update(self.monitoring.states())
        for number in (1, 2, 3):
            self.lab.stop_pod(number)
            note()
            self.lab.start_pod(number)
            note()
        daemon.close()
        note()
        daemon.enter_context(self.serve())
        self.lab.db_stop()
        time.sleep(2)       # a database takes its time
        self.lab.db_start()
        took = time.monotonic() - began
        deadline = time.monotonic() + _QUIET_SECONDS
        while time.monotonic() < deadline:
            note()
            time.sleep(0.5)
        told = receiver.told(began)
        self.expect(not told, f"a rolling restart told somebody: {brief(told)}")
        print(f"ok   {took:.0f} s of restarts of three pods, Rollcall and the database told nobody; "
              f"pending meanwhile: {sorted({alert for alert, _ in pending}) or 'nothing'}", flush=True)

    def pod_down(self):
        """The same rules do tell of a pod that does not come back."""
        receiver = self.monitoring.receiver
        self.lab.stop_pod(2)
        began = time.monotonic()
        wanted = {"alertname": "RollcallPodUnwell", "pod": "pod-2"}
        firing = wait_until(lambda: receiver.told(began, status="firing", **wanted), 120,
                            "nobody was told of a pod that is down")[0]
        others = [one for one in receiver.told(began) if one["labels"].get("pod") not in ("pod-2", None)]
        self.expect(not others, f"well pods were blamed: {brief(others)}")
        print(f"ok   a pod that stays down is told after {firing['at'] - began:.0f} s", flush=True)
        self.lab.start_pod(2)
        started = time.monotonic()
        wait_until(lambda: receiver.told(started, status="resolved", **wanted), 120, "its end was not told")


def brief(told):
    return [f"{one['status']} {one['labels']}: {one['annotations'].get('description', '')[:200]}" for one in told[:5]]


def interrupted(number, frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rollcall", required=True, metavar="BIN")
    arguments = parser.parse_args()
    for tool in ("prometheus", "prometheus-alertmanager"):
        if not shutil.which(tool):
            print(f"alerts: {tool} is missing; it is a Debian package of that name", file=sys.stderr)
            return 1
    signal.signal(signal.SIGTERM, interrupted)
    folder = tempfile.mkdtemp(prefix="rollcall-alerts-")
    good = False
    try:
        with Lab.up(_GHOST, pods=3, dir=os.path.join(folder, "lab")) as lab:
            good = Alerts(lab, Rollcall(arguments.rollcall, lab), folder).run()
    except LabError as error:
        print(f"alerts: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    finally:
        if good:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"alerts: logs and data are in {folder}", file=sys.stderr)
    print("passed" if good else "FAILED", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

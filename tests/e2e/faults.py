"""What must not lead to a false claim: pods that stop, boot or restart, and a database that is gone."""

import contextlib
import os
import threading
import time

from lab import LabError
from lab.common import copy_tree, remove_tree, wait_until

from . import truth
from .campaign import wait_ready, wait_settled

_CONTENT = ("posts", "archives", "sitemap")


class Faults:
    """Plays on the site of a finished campaign: all pods fresh."""

    def __init__(self, campaign):
        self.campaign = campaign
        self.lab = campaign.lab
        self.rollcall = campaign.rollcall
        self.outcome = campaign.outcome
        self.model = campaign.model
        self.lazy = not truth.routes_from_memory(self.lab.state["ghost"])

    def run(self):
        self.campaign.post("Fault post")
        self.campaign.judge("before the faults")
        self.stopped_pod()
        self.booting_pod()
        self.broken_theme()
        self.frozen_database()
        self.dead_database()
        self.database_back()
        self.campaign.post("Rolling post")
        self.rolling_restart()
        self.campaign.judge("after the rolling restart", daemon_seconds=90)
        self.campaign.judge_daemon_end()

    # One pod

    def stopped_pod(self):
        self.lab.stop_pod(2)
        check = self.without_pod_2("a stopped pod")
        problems = self.pod_2_problems(check, reachable=False)
        problems += self.pods_problems(check, {("RC101", "pod-2")})
        self.finish("a stopped pod", check, problems + self.verdict_problems(check, "fail"))

    def booting_pod(self):
        """The pod cannot finish booting while another session holds a table it needs."""
        with self.boot_held():
            self.lab.start_pod(2, wait=False)
            wait_until(lambda: self.answers(2, "/") == 503, 60, "pod-2 did not answer 503 while booting")
            check = self.without_pod_2("a pod that boots")
            still = self.answers(2, "/")
        problems = self.pod_2_problems(check, reachable=None)
        if still != 503:
            problems.append(f"the lab did not hold the boot: pod-2 answers {still}")
        problems += self.pods_problems(check, {("RC103", "pod-2")})
        worst = "unknown" if self.lazy else "fail"      # eager: pod-3 lacks a post, and it is known
        self.finish("a pod that boots", check, problems + self.verdict_problems(check, worst))
        wait_ready(self.lab, 2)
        self.campaign.judge("the pod has booted", daemon_seconds=90)

    @contextlib.contextmanager
    def boot_held(self):
        """Holds Ghost's table of migrations, which only a booting pod reads."""
        holder = threading.Thread(target=self.hold_table)
        holder.start()
        try:
            wait_until(self.holders, 10, "the table could not be locked")
            yield
        finally:
            for (number,) in self.holders():
                self.lab.sql(f"KILL {number}")
            holder.join()

    def hold_table(self):
        with contextlib.suppress(LabError):     # ends by KILL
            self.lab.sql("LOCK TABLES migrations WRITE; SELECT SLEEP(55) /* hold */")

    def holders(self):
        return self.lab.sql("SELECT id FROM information_schema.processlist "
                            "WHERE info LIKE 'SELECT SLEEP(55)%'")

    def broken_theme(self):
        """Pod 2 with an empty volume: no theme, as when a mount failed."""
        shared, empty = self.lab.state["content_dir"], os.path.join(self.lab.dir, "content-without-themes")
        copy_tree(shared, empty)
        remove_tree(os.path.join(empty, "themes"))
        os.mkdir(os.path.join(empty, "themes"))
        self.lab.change_pod_config(2, {"paths": {"contentPath": empty}})
        self.lab.restart_pod(2)
        check = self.without_pod_2("a pod without its theme")
        # The sitemap needs no theme: it answers, and has no gap.
        problems = self.pod_2_problems(check, reachable=True, blind=_CONTENT[:2]) + self.verdict_problems(check, "fail")
        problems += self.pods_problems(check, {("RC105", "pod-2")})
        self.finish("a pod without its theme", check, problems)
        self.lab.change_pod_config(2, {"paths": {"contentPath": shared}})
        self.lab.restart_pod(2)

    def without_pod_2(self, name):
        wait_settled(self.lab)
        self.expected = truth.find(self.lab, self.model, [1, 3])
        return self.rollcall.check()

    def pod_2_problems(self, check, reachable, blind=None):
        """Nothing is said about posts of pod 2 but that they could not be looked at (`blind`: by which checks)."""
        if check.report is None:
            return check.problems()
        problems = check.problems()
        for name in blind or (_CONTENT if self.lazy else _CONTENT[:2]):
            if not any(pod == "pod-2" for _, pod, _ in check.gaps(name)):
                problems.append(f"the check {name} has no gap for pod-2")
            others = {pod for _, pod, _ in check.gaps(name)} - {"pod-2"}
            if others:
                problems.append(f"the check {name} has gaps for {others}")
        shown = check.report["pods"][1]
        if reachable is not None and shown["reachable"] != reachable:
            problems.append(f"pod-2 is shown as reachable: {shown['reachable']}")
        if shown["verdict"] == "pass":
            problems.append("pod-2 passes")
        return problems

    def pods_problems(self, check, expected):
        """The check pods finds exactly these (code, pod)."""
        found = {(each["code"], each["pod"]) for each in check.findings("pods")}
        return [] if found == expected else [f"the check pods finds {sorted(found)}, not {sorted(expected)}"]

    def verdict_problems(self, check, expected):
        if check.report and check.report["verdict"] != expected:
            return [f"the verdict is {check.report['verdict']}, expected {expected}"]
        return []

    def finish(self, name, check, problems, expected=None):
        expected = self.expected if expected is None else expected
        problems = problems + self.daemon_problems()
        self.outcome.row(name, self.lab, check, expected, check.claims(*_CONTENT), problems)

    def daemon_problems(self):
        """The daemon says nothing of posts that was not true before the fault."""
        invented = self.campaign.daemon_claims() - self.campaign.right
        return [f"the daemon invented {claim}" for claim in sorted(invented)]

    def answers(self, number, path):
        """The status of a GET, 0 when the pod does not answer."""
        try:
            asker = truth.PodAsker(self.lab, number, timeout=5)
            return asker.get(path)[0]
        except OSError:
            return 0

    # The database

    def frozen_database(self):
        self.lab.db_freeze()
        try:
            check = self.rollcall.check("--timeout", "10s")
        finally:
            self.lab.db_thaw()
        problems = self.blind_problems(check)
        if check.seconds > 12:
            problems.append(f"it took {check.seconds:.1f} s with --timeout 10s")
        self.finish("a frozen database", check, problems, expected=set())

    def dead_database(self):
        self.lab.db_kill()
        check = self.rollcall.check()
        lost = {("RC104", pod["name"]) for pod in self.lab.state["pods"]}
        problems = self.blind_problems(check) + self.pods_problems(check, lost)
        self.finish("a dead database", check, problems, expected=set())

    def blind_problems(self, check):
        """Without the database nothing is known of posts. That it is gone, and that pods lost it, are findings."""
        found = {(each["check"], each["code"]) for each in check.findings()}
        problems = check.problems() + self.verdict_problems(check, "fail")
        expected = {("database", "RC701"), ("pods", "RC104")}
        if not {("database", "RC701")} <= found <= expected:
            problems.append(f"found {sorted(found)}, not {sorted(expected)}")
        if check.run_of("database").get("error"):
            problems.append("the check database ended in an error, though it is the one to tell")
        for name in ("posts", "archives", "schedule"):
            run = check.run_of(name)
            if not run.get("error") or run.get("verdict") != "unknown":
                problems.append(f"the check {name} is {run.get('verdict')} without an error")
        return problems

    def database_back(self):
        self.lab.db_start()
        for number in range(1, len(self.lab.state["pods"]) + 1):
            wait_until(lambda: self.answers(number, "/") == 200, 60, f"pod {number} did not recover")
        self.campaign.judge("the database is back", daemon_seconds=90)

    # All pods in turn

    def rolling_restart(self):
        """Checks run without a pause while each pod is restarted; every claim is tried at once."""
        wait_settled(self.lab)
        before = self.campaign.right = truth.find(self.lab, self.model)
        checks, stop = [], threading.Event()
        watcher = threading.Thread(target=self.watch, args=(checks, stop))
        watcher.start()
        times = {}
        try:
            wait_until(lambda: checks, 90, "no check ended")
            for number in range(1, len(self.lab.state["pods"]) + 1):
                times[f"pod-{number}"] = [time.monotonic()]
                self.lab.restart_pod(number)
                times[f"pod-{number}"].append(time.monotonic())
        finally:
            stop.set()
            watcher.join()
        problems = self.rolling_problems(before, checks, times)
        if truth.find(self.lab, self.model):
            problems.append("a restart did not heal the pods: the lab proves nothing")
        print(f"     {len(checks)} checks during the rolling restart", flush=True)
        self.outcome.row("rolling restart under checks", self.lab, checks[-1][0], (), (), problems)

    def watch(self, checks, stop):
        while not stop.is_set():
            check = self.rollcall.check()
            tried = {claim: self.answers(int(claim.pod[-1]), claim.path)
                     for claim in check.claims("posts", "archives") if claim.pod}
            checks.append((check, tried, time.monotonic(), self.daemon_problems()))

    def rolling_problems(self, before, checks, times):
        problems = []
        for check, tried, tried_at, daemon_problems in checks:
            problems += daemon_problems
            if check.report is None:
                problems += check.problems()
                continue
            for claim in check.claims(*_CONTENT):
                stopped = times.get(claim.pod, [float("inf")])[0]
                if claim not in before or check.began > stopped:
                    problems.append(f"not true at that time: {claim}")
                elif tried_at < stopped and tried.get(claim) == 200:
                    problems.append(f"asked right after, it answers 200: {claim}")
            problems += self.boot_problems(check, times)
        return problems

    def boot_problems(self, check, times):
        """A check that ran while a pod was down from first to last has a gap there."""
        return [f"{pod} was down, yet posts has no gap for it" for pod, (stopped, ready) in times.items()
                if stopped < check.began and check.ended < ready
                and not any(gap == pod for _, gap, _ in check.gaps("posts"))]



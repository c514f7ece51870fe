#!/usr/bin/python3
"""The random campaign: a seeded sequence of operations and faults on real Ghost, and the truth after each few.

    random_campaign.py --rollcall build/release/rollcall [--seed 1] [--operations 500] [VERSION...]
See README.md. Exits 0 when nothing was missed, invented or otherwise wrong, 130 when that is so but it was stopped.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab import LabError                                    # noqa: E402
from lab import seed as lab_seed                            # noqa: E402
from lab.common import free_ports, tail                     # noqa: E402

from e2e import random_plan                                 # noqa: E402
from e2e.bed import bed, keep_mounts_apart, keep_network_apart, tie     # noqa: E402
from e2e.program import Rollcall, claim_of, schema_problems  # noqa: E402
from e2e.random_stage import SETTLE_SECONDS, Stage          # noqa: E402
from e2e.random_truth import Onlooker                       # noqa: E402
from e2e.site_state import often                            # noqa: E402
from e2e.state import volume                                # noqa: E402
from e2e.truth import Claim                                 # noqa: E402
from e2e.wires import Wires                                 # noqa: E402

VERSIONS = ("5.130.6", "6.56.0", "6.65.0")
_DAEMON_SECONDS = 60        # to agree
_INTERVALS = ("5s", "15s")  # of its checks, and of those that render many pages
_CONTENT = ("posts", "archives", "sitemap")
_PORT = 2368                # behind which wires listen, in a network of our own


class WiredRollcall(Rollcall):
    """Rollcall behind the wires: it is told their addresses instead of the pods' and the database's."""

    def __init__(self, binary, lab, wires):
        super().__init__(binary, lab)
        self._wires = wires

    def pod_flags(self):
        return [flag for pod in self.lab.state["pods"]
                for flag in ("--pod", f"{pod['name']}=http://{self._wires.addresses[pod['name']]}")]

    def site_flags(self):
        database = self.lab.state["database"]
        return ["--url", self.lab.state["site"]["url"],
                "--db", f"mysql://{database['user']}@{self._wires.addresses['database']}/{database['name']}",
                "--db-password-file", os.path.join(self.lab.dir, "db-password")]

    def config(self, name, checks=None, *more):
        return super().config(name, checks, f"settle: {SETTLE_SECONDS:g}s", *more)


@dataclasses.dataclass
class Tally:
    """What a campaign comes to."""

    version: str
    seed: int
    operations: int = 0
    comparisons: int = 0        # of one check with the truth
    daemon: int = 0             # of the daemon with the truth
    expected: int = 0           # claims and gaps together
    gaps: int = 0               # of them
    found: int = 0
    missed: int = 0
    invented: int = 0
    again: int = 0              # looks that were repeated, for a pod of a busy machine answered late
    broken: int = 0             # times that the lab's own database crashed
    stopped: bool = False       # before its end, by hand
    other: int = 0              # exit codes, verdicts, schema, crashes
    longest_wait: float = 0.0   # for the daemon, in seconds
    seconds: float = 0.0
    acting: float = 0.0         # of them: the operations,
    settling: float = 0.0       # waiting for the settle window,
    looking: float = 0.0        # telling the truth,
    checking: float = 0.0       # rollcall check,
    waiting: float = 0.0        # for the daemon

    @property
    def passed(self):
        return not (self.missed or self.invented or self.other) and self.comparisons > 0

    def line(self):
        recall = (self.expected - self.missed) / self.expected if self.expected else 1.0
        precision = (self.found - self.invented) / self.found if self.found else 1.0
        mark = "FAIL" if not self.passed else "cut " if self.stopped else "ok  "
        return (f"{mark} {self.version:<8} seed {self.seed}: {self.operations} operations, "
                f"{self.comparisons} checks and {self.daemon} looks at the daemon compared with the truth; "
                f"{self.expected} claims and gaps were right ({self.gaps} gaps), {self.found} found, "
                f"{self.missed} missed, {self.invented} invented, {self.other} other faults; "
                f"precision {precision:.4f}, recall {recall:.4f}; {self.again} looked at again; "
                f"the lab's database crashed {self.broken} times; "
                f"{self.seconds:.0f} s: {self.acting:.0f} operations, {self.settling:.0f} settling, "
                f"{self.looking:.0f} truth, {self.checking:.0f} rollcall check, {self.waiting:.0f} the daemon; "
                f"the daemon agreed after at most {self.longest_wait:.1f} s")


class Campaign:
    """Plays a plan on one site, and compares."""

    def __init__(self, stage, rollcall, tally):
        self._stage = stage
        self._lab = stage.lab
        self._rollcall = rollcall
        self._tally = tally
        self._onlooker = Onlooker(stage)
        self._daemon = None
        self._agreed = set()        # what the daemon and the truth last agreed on
        self._rules = set()         # redirects that the daemon has seen
        self._over = False          # somebody has had enough: what was played until then counts
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, number, frame):
        if self._over:
            raise KeyboardInterrupt
        self._over = True

    @contextlib.contextmanager
    def _timed(self, phase):
        began = time.monotonic()
        try:
            yield
        finally:
            setattr(self._tally, phase, getattr(self._tally, phase) + time.monotonic() - began)

    def play(self, plan, first, daemon):
        """Judges from operation `first` on."""
        self._daemon = daemon
        for operation in plan:
            if self._over:
                print("     stopped before its end", flush=True)
                self._tally.stopped = True
                break
            print(f"{operation.number:4} {operation}", flush=True)
            try:
                if operation.loses:
                    with self._timed("looking"):
                        self._onlooker.part_from(operation.loses)
                with self._timed("acting"):
                    self._stage.act(operation)
                self._tally.operations += 1
                if operation.judged and operation.number >= first:
                    self.judge(operation)
            except (LabError, OSError):
                if not self._stage.broke():
                    raise
            if self._stage.broke():
                print("     the lab's database ended by itself: started again", flush=True)
                self._tally.broken += 1
                self._stage.recover()

    def judge(self, operation):
        with self._timed("settling"):
            self._stage.settle()
        right = self._look()
        check = self._check()
        problems = self._compare(right, check)
        if problems:
            now = self._look()
            if now != right or self._late(right, check):
                print(f"     looked again: {'; '.join(problems)[:500]}", flush=True)
                self._tally.again += 1
                right, check = now, self._check()
                problems = self._compare(right, check)
        if self._stage.broke():
            return
        self._count(right, check)
        with self._timed("waiting"):
            problems += self._daemon_problems(right)
        if problems:
            self._explain(operation, right, check, problems)

    def _look(self):
        with self._timed("looking"):
            return self._onlooker.look()

    def _check(self):
        with self._timed("checking"):
            return self._rollcall.check(patience=120)

    # One shot

    def _claims(self, findings):
        return {self._claim(each) for each in findings}

    def _claim(self, finding):
        """Of content with its address; of the rest by code and pod. The daemon tells no address of a draft."""
        claim = claim_of(finding, self._lab.state["site"]["url"])
        if finding["check"] not in _CONTENT:
            return Claim(claim.code, claim.pod, "", "")
        if claim.path:
            return claim
        known = self._stage.model.resources.get((claim.type, finding["resource"]["id"]))
        return claim._replace(path=self._stage.model.path(known)) if known else claim

    def _gaps(self, report):
        """(check, pod); pod is '' for an error and for what concerns no single pod."""
        found = set()
        for run in report["checks"]:
            if run["error"]:
                found.add((run["check"], ""))
            found |= {(run["check"], gap["pod"] or "") for gap in run["gaps"]}
        return found

    def _compare(self, right, check):
        problems = check.problems()
        if check.report is None:
            return problems
        missed, invented, missed_gaps, invented_gaps = self._differences(right, check)
        problems += [f"missed {claim}" for claim in missed] + [f"invented {claim}" for claim in invented]
        problems += [f"missed the gap {gap}" for gap in missed_gaps]
        problems += [f"invented the gap {gap}" for gap in invented_gaps]
        if not right.lossy and check.report["verdict"] != right.verdict():
            problems.append(f"the verdict is {check.report['verdict']}, not {right.verdict()}")
        return problems

    def _differences(self, right, check):
        """Claims missed and invented, gaps missed and invented."""
        claims, gaps = self._claims(check.report["findings"]), self._gaps(check.report)
        return (sorted(claim for claim in right.claims - claims if not right.doubts(claim)),
                sorted(claim for claim in claims - right.claims if not right.doubts(claim)),
                sorted(gap for gap in right.gaps - gaps if not right.doubts_gap(gap)),
                sorted(gap for gap in gaps - right.gaps if not right.doubts_gap(gap)))

    def _late(self, right, check):
        """Whether nothing is amiss but that some pod was called blind: on a busy machine it may have answered late."""
        if check.report is None:
            return False
        missed, _, missed_gaps, invented_gaps = self._differences(right, check)
        blind = {pod for _, pod in invented_gaps}
        return bool(blind) and not missed_gaps and all(claim.pod in blind or "" in blind for claim in missed)

    def _count(self, right, check):
        tally = self._tally
        tally.comparisons += 1
        tally.expected += len(right.claims) + len(right.gaps)
        tally.gaps += len(right.gaps)
        if check.report is None:
            tally.other += 1
            return
        missed, invented, missed_gaps, invented_gaps = self._differences(right, check)
        tally.found += len(self._claims(check.report["findings"])) + len(self._gaps(check.report))
        tally.missed += len(missed) + len(missed_gaps)
        tally.invented += len(invented) + len(invented_gaps)
        tally.other += len(check.problems()) + (not right.lossy and check.report["verdict"] != right.verdict())

    # The daemon

    def _daemon_problems(self, right):
        """It must come to say the same; while something hangs, and takes its time, only nothing new that is not so."""
        self._tally.daemon += 1
        gone = {Claim("RC553", pod, "", "") for _, pod in right.followed}
        known = {Claim("RC553", pod, "", "") for rule, pod in right.followed if rule in self._rules}
        wanted, perhaps = right.claims | known, gone - known
        began, patience = time.monotonic(), 0 if right.hangs or right.lossy else _DAEMON_SECONDS
        while True:
            report = self._daemon.report()
            said = self._spelled_out(self._claims(report["findings"]) - perhaps, right)
            if said == wanted:
                self._agreed = wanted
                self._rules |= set(self._stage.rules)
                self._tally.longest_wait = max(self._tally.longest_wait, time.monotonic() - began)
                return schema_problems(report)
            if time.monotonic() - began > patience:
                break
            time.sleep(0.2)
        invented, missed = said - wanted, wanted - said
        if patience == 0:       # of content nothing that neither is true nor was
            invented = {claim for claim in invented - self._agreed if claim.path and not right.doubts(claim)}
            missed = set()
        self._tally.missed += len(missed)
        self._tally.invented += len(invented)
        return [f"the daemon missed {claim}" for claim in sorted(missed)] + [
            f"the daemon invented {claim}" for claim in sorted(invented)]

    def _spelled_out(self, said, right):
        """What the daemon says of all pods, for it remembers those that are lost, told of those that can be seen."""
        out = set()
        for claim in said:
            at = (claim.type, claim.path)
            each = {other for other in right.claims if (other.type, other.path) == at and other.pod
                    and other.code[:3] + "1" == claim.code[:4]}
            remembered = right.unseen and all(at in wrong for wrong in right.unseen.values())
            out |= each if remembered and each and not claim.pod else {claim}
        return out

    def _explain(self, operation, right, check, problems):
        folder = os.path.join(self._lab.dir, f"failed-{operation.number}")
        print(f"FAIL {self._tally.version} seed {self._tally.seed}, operation {operation.number}: {operation}")
        for problem in problems:
            print(f"     {problem}")
        print(f"     what was said and what is true: {folder}", flush=True)
        os.makedirs(folder, exist_ok=True)
        self._keep(folder, "check.json", check.out)
        self._keep(folder, "check.stderr", check.err)
        self._keep(folder, "daemon.json", json.dumps(self._daemon.report(), indent=1))
        self._keep(folder, "truth", "\n".join(map(str, [*sorted(right.claims), *sorted(right.gaps)])) + "\n")
        for log in [pod["log"] for pod in self._lab.state["pods"]] + [self._daemon.log]:
            name = os.path.basename(os.path.dirname(log)) + "-" + os.path.basename(log)
            self._keep(folder, name, tail(log, 200))

    def _keep(self, folder, name, text):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(text)


# One version: a process of its own, with a network and mounts of its own.

def play(version, arguments, folder):
    """Plays on one version; returns the Tally."""
    tally = Tally(version, arguments.seed)
    began = time.monotonic()
    missing = keep_network_apart()
    keep_mounts_apart()
    with bed(version, os.path.join(folder, "lab")) as lab:
        lines = {pod["name"]: pod["address"] for pod in lab.state["pods"]}
        lines["database"] = f"127.0.0.1:{lab.state['database']['port']}"
        ways = {name: (_listen(number, missing), behind) for number, (name, behind) in enumerate(lines.items(), 1)}
        with Wires(ways) as wires:
            stage = Stage(lab, wires, missing)
            with volume.own_file_system(stage) as stage.no_volume:
                _campaign(stage, WiredRollcall(arguments.rollcall, lab, wires), tally, arguments)
                stage.heal()
    tally.seconds = time.monotonic() - began
    return tally


def _listen(number, missing):
    return f"127.0.21.{number}:{free_ports(1)[0] if missing else _PORT}"


def _campaign(stage, rollcall, tally, arguments):
    stage.prepare()
    campaign = Campaign(stage, rollcall, tally)
    with rollcall.serve(checks=often(*_INTERVALS)) as daemon:
        before = footprint(daemon)
        campaign.play(random_plan.plan(arguments.seed, arguments.operations), arguments.judge_from, daemon)
        print(f"     the daemon before and after: {before}, {footprint(daemon)}", flush=True)
        status, seconds = daemon.stop()
        if status != 0 or seconds > 5:
            print(f"FAIL the daemon ended with {status} after {seconds:.1f} s", flush=True)
            tally.other += 1
    left = stage.litter()
    if left:
        print(f"FAIL left on the volume: {left}", flush=True)
        tally.other += 1


def footprint(daemon):
    """Memory, descriptors, threads and children of the daemon."""
    pid = daemon.process["pid"]
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as source:
        fields = dict(line.split(":\t", 1) for line in source if ":\t" in line)
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as source:
        children = len(source.read().split())
    return (f"{int(fields['VmRSS'].split()[0]) // 1024} MiB, {len(os.listdir(f'/proc/{pid}/fd'))} descriptors, "
            f"{fields['Threads'].strip()} threads, {children} children")


def job(version, arguments):
    try:
        tally = play(version, arguments, arguments.folder)
    except KeyboardInterrupt:
        return 130
    except Exception:       # whatever broke the job, the others go on
        traceback.print_exc()
        return 1
    with open(os.path.join(arguments.folder, "tally.json"), "w", encoding="utf-8") as out:
        json.dump(dataclasses.asdict(tally), out)
    return 0 if tally.passed else 1


def run(version, arguments, folder):
    """One version in a child; returns its Tally, None when it broke off."""
    lab_seed.provide(version)       # while there is a network to install it from
    os.makedirs(folder)
    argv = [sys.executable, os.path.abspath(__file__), "--rollcall", arguments.rollcall, "--seed", str(arguments.seed),
            "--operations", str(arguments.operations), "--judge-from", str(arguments.judge_from), "--folder", folder,
            version]
    child = subprocess.Popen(argv, preexec_fn=tie(), start_new_session=True)
    while True:
        try:
            child.wait()
            break
        except KeyboardInterrupt:       # it stops in order, and tells how far it came; at once when it is told twice
            child.terminate()
    with open(os.path.join(folder, "tally.json"), encoding="utf-8") as source:
        return Tally(**json.load(source))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rollcall", required=True, metavar="BIN")
    parser.add_argument("--seed", type=int, default=1, help="the same seed is the same sequence of operations")
    parser.add_argument("--operations", type=int, default=500)
    parser.add_argument("--judge-from", type=int, default=1, metavar="N",
                        help="play the operations before N without looking, to come to a failure sooner")
    parser.add_argument("--keep", action="store_true", help="keep logs and data of passed runs as well")
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=f"of {', '.join(VERSIONS)}; default: all")
    arguments = parser.parse_args()
    arguments.rollcall = os.path.abspath(arguments.rollcall)
    signal.signal(signal.SIGTERM, _interrupted)
    if arguments.folder:
        return job(arguments.versions[0], arguments)
    folder = tempfile.mkdtemp(prefix="rollcall-campaign-")
    tallies, keep = [], True
    try:
        for version in arguments.versions or VERSIONS:
            if any(tally.stopped for tally in tallies):
                break
            try:
                tallies.append(run(version, arguments, os.path.join(folder, version)))
            except OSError:
                tallies.append(Tally(version, arguments.seed, other=1))
                print(f"FAIL {version}: the campaign broke off", flush=True)
        for tally in tallies:
            print(tally.line(), flush=True)
        keep = arguments.keep or not all(tally.passed for tally in tallies)
    except KeyboardInterrupt:
        return 130
    finally:
        if keep:
            print(f"campaign: logs and data are in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if not all(tally.passed for tally in tallies):
        return 1
    return 130 if any(tally.stopped for tally in tallies) else 0


def _interrupted(number, frame):
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

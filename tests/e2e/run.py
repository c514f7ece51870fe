#!/usr/bin/python3
"""End-to-end tests on real Ghost: see README.md.

    run.py --rollcall build/release/rollcall [VERSION...]
Exits 0 when everything passed; the last line says how many did.
"""

import argparse
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from e2e import edge, faults, variants                      # noqa: E402
from e2e.site_state import site_state                       # noqa: E402
from e2e.bed import BedBroke, bed, keep_mounts_apart, tie   # noqa: E402
from e2e.campaign import Campaign                           # noqa: E402
from e2e.outcome import Outcome, Row, load_rows, say        # noqa: E402
from e2e.program import Rollcall                            # noqa: E402

VERSIONS = ("5.130.6", "6.56.0", "6.65.0")
_LAB_MEGABYTES = 1800       # of memory a lab with three pods may take
_BED_BROKE = 75             # exit code of a job whose test bed ended by itself


# One job: a process of its own, because a lab lives and dies with the thread that started it.

def campaign_job(version, folder, rollcall_for, outcome):
    with bed(version, folder) as lab:
        campaign = Campaign(lab, rollcall_for(lab), outcome)
        campaign.prepare()
        with campaign.rollcall.serve() as campaign.daemon:
            campaign.run()
            faults.Faults(campaign).run()


def jobs_for(versions):
    """(name, version, function), the longest first."""
    listed = [("site_state", version, site_state) for version in versions]
    listed += [("campaign", version, campaign_job) for version in versions]
    listed += [(function.__name__, version, function) for version, function in variants.JOBS + edge.JOBS
               if version in versions]
    return listed


def run_job(name, version, binary, folder, rows):
    """Runs one job in this process; its exit code, 0 when all its rows passed."""
    signal.signal(signal.SIGTERM, _interrupted)
    keep_mounts_apart()
    outcome = Outcome(version, os.path.join(folder, "rows.json"))
    function = next(job for job_name, of, job in jobs_for([version]) if job_name == name and of == version)
    if rows and function is site_state:
        function = functools.partial(site_state, only=rows.split(","))
    try:
        function(version, os.path.join(folder, "lab"), lambda lab: Rollcall(binary, lab), outcome)
    except KeyboardInterrupt:
        return 1
    except BedBroke as broke:
        print(f"{name} on {version}: {broke}", file=sys.stderr)
        return _BED_BROKE
    except Exception as error:      # whatever broke a job is a failed row, and the others go on
        traceback.print_exc()
        outcome.row(f"{name} broke off", problems=[f"{type(error).__name__}: {error}"])
    return 0 if all(row.passed for row in outcome.rows) else 1


def _interrupted(number, frame):
    raise KeyboardInterrupt


# All jobs

class Pool:
    """Runs jobs as child processes, a few at a time; nothing outlives it."""

    def __init__(self, binary, folder, at_once, rows=None):
        self._binary = binary
        self._rows = ["--rows", rows] if rows else []
        self._folder = folder
        self._at_once = at_once
        self._running = []
        self._again = []    # jobs whose test bed broke once

    def run(self, jobs):
        """Returns the rows of all jobs; a job that left none has one that failed."""
        waiting, done = list(jobs), []
        try:
            while waiting or self._running:
                while waiting and len(self._running) < self._at_once:
                    self._start(waiting.pop(0))
                self._running = [each for each in self._running if not self._ended(each, waiting, done)]
                time.sleep(0.1)
        finally:
            self._end_all()
        return [row for rows in done for row in rows]

    def _start(self, job):
        name, version, _ = job
        again = "-again" if job in self._again else ""
        folder = os.path.join(self._folder, f"{name}-{version}{again}")
        os.makedirs(folder)
        argv = [sys.executable, os.path.abspath(__file__), "--rollcall", self._binary, "--job", name,
                "--folder", folder, *self._rows, version]
        with open(os.path.join(folder, "stderr"), "ab") as log:
            child = subprocess.Popen(argv, stderr=log, preexec_fn=tie(), start_new_session=True)
        self._running.append((job, folder, child, time.monotonic()))

    def _ended(self, running, waiting, done):
        job, folder, child, began = running
        name, version, _ = job
        if child.poll() is None:
            return False
        if child.returncode == _BED_BROKE and job not in self._again:
            with open(os.path.join(folder, "stderr"), encoding="utf-8", errors="replace") as log:
                print(log.read()[-4000:], flush=True)
            say(f"e2e: {name} on {version}: its test bed broke, which says nothing of Rollcall; once more")
            self._again.append(job)
            waiting.append(job)
            return True
        rows = load_rows(os.path.join(folder, "rows.json"))
        if child.returncode != 0 and all(row.passed for row in rows):
            rows.append(Row(version, f"{name} ended with {child.returncode}", problems=["see its log"]))
        if not all(row.passed for row in rows):
            with open(os.path.join(folder, "stderr"), encoding="utf-8", errors="replace") as log:
                print(log.read()[-4000:], flush=True)
        say(f"e2e: {name} on {version} took {time.monotonic() - began:.0f} s")
        done.append(rows)
        return True

    def _end_all(self):
        for _, _, child, _ in self._running:
            child.terminate()
        for _, _, child, _ in self._running:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()        # its pods are tied to it and go with it
                child.wait()


def memory_megabytes():
    with open("/proc/meminfo", encoding="ascii") as source:
        fields = dict(line.split(":", 1) for line in source)
    return int(fields["MemAvailable"].split()[0]) // 1024


def print_table(rows):
    print("\n" + "=" * 100)
    for row in sorted(rows, key=lambda row: VERSIONS.index(row.version)):
        print(row.line())
    print("=" * 100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rollcall", required=True, metavar="BIN")
    parser.add_argument("--at-once", type=int, help="jobs at a time (default: as memory allows, at most 3)")
    parser.add_argument("--keep", action="store_true", help="keep logs and data of passed runs as well")
    parser.add_argument("--only", help="only jobs of this name: campaign, site_state, subdirectory, https, routes, edge")
    parser.add_argument("--rows", help="of site_state only these modules, such as settings,theme")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=f"of {', '.join(VERSIONS)}; default: all")
    arguments = parser.parse_args()
    versions = arguments.versions or list(VERSIONS)
    if set(versions) - set(VERSIONS):
        parser.error(f"versions are {', '.join(VERSIONS)}")
    binary = os.path.abspath(arguments.rollcall)
    if not os.access(binary, os.X_OK):
        parser.error(f"{binary} is not there; build it with ./dev build")
    if arguments.job:
        return run_job(arguments.job, versions[0], binary, arguments.folder, arguments.rows)
    return run_all(arguments, versions, binary)


def run_all(arguments, versions, binary):
    signal.signal(signal.SIGTERM, _interrupted)
    began = time.monotonic()
    jobs = [job for job in jobs_for(versions) if arguments.only in (None, job[0])]
    at_once = arguments.at_once or max(1, min(3, memory_megabytes() // _LAB_MEGABYTES))
    folder = tempfile.mkdtemp(prefix="rollcall-e2e-")
    say(f"e2e: {len(jobs)} jobs, {at_once} at a time, in {folder}")
    worth_keeping = True
    try:
        rows = Pool(binary, folder, at_once, arguments.rows).run(jobs)
        print_table(rows)
        failed = sum(not row.passed for row in rows)
        worth_keeping = failed > 0 or not rows
        say(f"e2e: {time.monotonic() - began:.0f} s in all")
        print(f"{len(rows) - failed} passed, {failed} failed", flush=True)
    except KeyboardInterrupt:
        worth_keeping = False
        say("e2e: interrupted")
        return 130
    finally:
        if worth_keeping or arguments.keep:
            say(f"e2e: logs and data are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if worth_keeping else 0


if __name__ == "__main__":
    sys.exit(main())

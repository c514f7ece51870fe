"""Runs the fuzzers: run.py --build FOLDER [--seconds N] [NAME...], called by ./dev fuzz.

Two at a time, at a low priority. What they find is kept in FOLDER/findings: corpus/NAME, which
the next run goes on from, and crashes/NAME-*. Exits 1 when one of them fell over an input.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
AT_ONCE = 2
# What was freed is kept apart for a while, to see that nobody uses it: a little will do.
SANITIZER = {"ASAN_OPTIONS": "quarantine_size_mb=16"}
LIMITS = ["-timeout=60", "-rss_limit_mb=1024", "-malloc_limit_mb=256", "-max_len=8192"]


def names():
    return sorted(folder.name for folder in (HERE / "corpus").iterdir())


def seeds(name, folder):
    """The seeds as bytes: *.hex holds them as hexadecimal digits."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in (HERE / "corpus" / name).iterdir():
        content = seed.read_bytes()
        if seed.suffix == ".hex":
            content = bytes.fromhex(content.decode())
        (folder / seed.name).write_bytes(content)
    return folder


class Run:
    def __init__(self, name, programs, findings, seconds):
        self.name = name
        self.log = findings / "logs" / name
        self.crashes = findings / "crashes"
        corpus = findings / "corpus" / name
        for folder in (self.log.parent, self.crashes, corpus):
            folder.mkdir(parents=True, exist_ok=True)
        command = [str(programs / f"fuzz_{name}"), f"-max_total_time={seconds}", *LIMITS,
                   "-print_final_stats=1", f"-artifact_prefix={self.crashes}/{name}-",
                   str(corpus), str(seeds(name, findings / "seeds" / name))]
        self.began = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            cwd=self.crashes, env={**os.environ, **SANITIZER}, preexec_fn=lambda: os.nice(10))

    def row(self):
        """What the log says, as a line of the table."""
        text = self.log.read_text(errors="replace")

        def last(pattern):
            found = re.findall(pattern, text)
            return int(found[-1]) if found else 0

        executions = last(r"number_of_executed_units: (\d+)")
        edges, of = last(r"cov: (\d+)"), last(r"\((\d+) inline 8-bit counters\)")
        corpus, memory = last(r"corp: (\d+)"), last(r"peak_rss_mb: +(\d+)")
        took = time.monotonic() - self.began
        end = "clean" if self.process.returncode == 0 else f"FELL, see {self.log}"
        return (f"{self.name:<16}{took:>6.0f} s{executions:>13}{edges:>8} of {of:<7}{corpus:>8}"
                f"{memory:>6} MiB  {end}")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz")
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=600, help="for each (600)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all unless named: " + ", ".join(names()))
    options = parser.parse_args()
    unknown = set(options.names) - set(names())
    if unknown:
        parser.error(f"there is no fuzzer {', '.join(sorted(unknown))}; there are: {', '.join(names())}")
    waiting = options.names or names()
    build = options.build.resolve()
    findings = build / "findings"
    print(f"{'fuzzer':<16}{'time':>8}{'executions':>13}{'coverage in edges':>19}{'corpus':>10}{'memory':>10}",
          flush=True)
    running, fell = [], 0
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                running.append(Run(waiting.pop(0), build / "tests" / "fuzz", findings, options.seconds))
            time.sleep(0.2)
            for run in [one for one in running if one.process.poll() is not None]:
                running.remove(run)
                fell += run.process.returncode != 0
                print(run.row(), flush=True)
    finally:
        for run in running:
            run.end()
    print(f"kept in {findings}")
    return 1 if fell else 0


if __name__ == "__main__":
    sys.exit(main())

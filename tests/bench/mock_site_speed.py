#!/usr/bin/python3
"""Measures how many requests the mock site answers on one core: the others' figures lean on it.

    mock_site_speed.py --mock-site build/bench/tests/bench/mock_site [--seconds 4]

Asked for a post's page by wrk, over connections that stay open, plain and TLS. Per second of the site's own CPU time,
so that what else the machine does counts for nothing. Exits 1 below 20,000 (plain).
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request

from mock_bed import LabError, processes, wait_until

_BOUND = 20_000
_POSTS = 10_000


def cpu_seconds(process):
    with open(f"/proc/{process['pid']}/schedstat", encoding="ascii") as source:
        return int(source.read().split()[0]) / 1e9


def serving(program, folder, *flags):
    """Starts it: (process, what it says of itself)."""
    told = os.path.join(folder, f"told{len(flags)}")
    process = processes.spawn([program, "serve", "--pods", "1", "--posts", str(_POSTS), *flags], told, tied=True)

    def said():
        with open(told, encoding="utf-8") as source:
            return source.read()
    wait_until(lambda: said().endswith("\n"), 20, "mock_site did not say where it listens")
    return process, json.loads(said())


def a_post(where):
    """The path of some post."""
    request = urllib.request.Request(f"{where['control']}/catch-up?pod=1&post=17", method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["path"]


def measure(what, program, folder, seconds, *flags):
    process, where = serving(program, folder, *flags)
    try:
        url = where["pods"][0]["url"] + a_post(where)
        before = cpu_seconds(process)
        done = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", url], capture_output=True, text=True,
                              timeout=seconds + 60, check=True)
        cpu = cpu_seconds(process) - before
    finally:
        processes.end([process])
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise LabError(done.stdout)
    requests = int(re.search(r"(\d+) requests in", done.stdout)[1])
    print(f"{what}: {requests / cpu:9,.0f} requests a second of CPU ({requests:,} in {seconds} s, {cpu:.2f} s of CPU)",
          flush=True)
    return requests / cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mock-site", required=True, metavar="BIN")
    parser.add_argument("--seconds", type=int, default=4)
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.mock_site)
    with tempfile.TemporaryDirectory(prefix="rollcall-site-") as folder:
        cert, key = (os.path.join(folder, name) for name in ("cert.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-subj", "/CN=example.org", "-days", "30", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        plain = measure("plain", program, folder, arguments.seconds)
        measure("TLS  ", program, folder, arguments.seconds, "--tls-cert", cert, "--tls-key", key)
    print(f"bound: {_BOUND:,} (plain)")
    return 0 if plain >= _BOUND else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"mock_site_speed: {error}")

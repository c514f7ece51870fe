#!/usr/bin/python3
"""Measures the change feed: how soon `rollcall serve` tells of a stale post, and what following a busy server costs.

    follow.py --rollcall build/release/rollcall --mock-site build/bench/tests/bench/mock_site
              [--posts 10000] [--pods 10] [--events 200] [--rate 5000] [--seconds 20]
The mock site and a real MariaDB with a binary log, `settle: 0s`, `database.follow: binlog`. Posts are published that the
last pod lacks: from before the transaction that publishes one to the finding in /metrics. Then another database of that
server is written to, a transaction a row, while nothing changes on the site; the daemon's CPU time beyond that of as long
a time in which nothing is written. Exits 1 when the 99th percentile is 200 ms or more, when the feed is not up at the end
of either part, or when a transaction costs 20 us of CPU or more.
"""

import os
import random
import subprocess
import sys
import tempfile
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from bench import figures                                   # noqa: E402
from bench.mock_bed import MockBed                          # noqa: E402
from e2e.program import Rollcall, metric                    # noqa: E402
from lab import LabError                                    # noqa: E402

_P99_SECONDS = 0.2
_MICROSECONDS = 20      # of CPU a foreign transaction
_PATIENCE = 60
_LOG = ["--log-bin=log", "--server-id=1", "--sync-binlog=0"]
_SHOP = """CREATE DATABASE shop; USE shop; CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(200));
DELIMITER //
CREATE PROCEDURE sell(n INT) BEGIN WHILE n > 0 DO INSERT INTO orders (what) VALUES (REPEAT('x', 100)); SET n = n - 1;
END WHILE; END //"""


class Session:
    """A session of the administrator that stays open, so that no client has to start first."""

    def __init__(self, bed):
        self._client = subprocess.Popen(
            ["mariadb", "--no-defaults", f"--socket={bed.db['socket']}", "--batch", "--skip-column-names", "--unbuffered",
             "ghost"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, statements):
        """Comes back when they are done."""
        self._client.stdin.write(f"{statements.rstrip().rstrip(';')};\nSELECT 'done';\n")
        self._client.stdin.flush()
        if self._client.stdout.readline() != "done\n":
            raise LabError("the database did not take what it was told")

    def close(self):
        self._client.stdin.close()
        self._client.wait()


def demand_feed(result, daemon, when):
    result.demands(f"the feed is up {when}", metric(daemon.metrics(), "rollcall_database_follow_up") == 1)


def missing(daemon, pod):
    return metric(daemon.metrics(), "rollcall_pod_findings", pod=pod, code="RC201")


def detect(daemon, bed, session, events):
    """Seconds from each change to its finding."""
    names = [pod["name"] for pod in bed.where["pods"]]
    knowing, stale = ",".join(map(str, range(1, len(names)))), names[-1]
    seen = []
    for number in range(1, events + 1):
        # Not in step with the poll, and no faster than changes that go on, as of an import, are looked at (twice a
        # second: daemon/run/timetable.h).
        time.sleep(random.uniform(1, 2))
        before = missing(daemon, stale)
        published = bed.control("publish", pods=knowing)
        began = time.monotonic()
        session.run(published["sql"])
        while missing(daemon, stale) <= before:
            if time.monotonic() - began > _PATIENCE:
                raise LabError(f"/metrics did not tell of change {number} within {_PATIENCE} s")
            time.sleep(0.005)
        seen.append(time.monotonic() - began)
        if number % 20 == 0 or number == events:
            print(f"{number:4}: {seen[-1]:.3f} s", flush=True)
    return seen


def cpu_of(daemon, seconds, meanwhile):
    """The daemon's CPU seconds while `meanwhile(until)` goes on, and how long it went on."""
    before, began = figures.cpu_seconds(daemon.process["pid"]), time.monotonic()
    meanwhile(began + seconds)
    return figures.cpu_seconds(daemon.process["pid"]) - before, time.monotonic() - began


class Shop:
    """Writes to a database that is not Ghost's, at most `rate` transactions a second."""

    def __init__(self, session, rate):
        self._session, self._rate, self.sold = session, rate, 0

    def sell(self, until):
        began = time.monotonic()
        while time.monotonic() < until:
            due = int((time.monotonic() - began) * self._rate) - self.sold
            if due > 0:
                self._session.run(f"CALL shop.sell({due})")
                self.sold += due
            time.sleep(0.05)


def busy(result, daemon, bed, session, arguments):
    bed.sql(_SHOP)
    quiet, _ = cpu_of(daemon, arguments.seconds, lambda until: time.sleep(arguments.seconds))
    shop = Shop(session, arguments.rate)
    cost, took = cpu_of(daemon, arguments.seconds, shop.sell)
    rate = shop.sold / took
    each = max(0.0, cost - quiet * took / arguments.seconds) / shop.sold * 1e6
    print(f"\n{rate:.0f} foreign transactions/s for {took:.0f} s: {100 * cost / took:.2f} % of a core, without them "
          f"{100 * quiet / arguments.seconds:.2f} %", flush=True)
    result.holds("CPU of following a foreign transaction", each, _MICROSECONDS, "us")


def main():
    parser = figures.parser(__doc__, "rollcall", "mock-site")
    figures.add_shape(parser)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--seconds", type=int, default=20)
    arguments = parser.parse_args()
    result = figures.Verdict()
    with tempfile.TemporaryDirectory(prefix="rollcall-follow-") as folder, MockBed(
            arguments.mock_site, folder, database_options=_LOG, posts=arguments.posts, pods=arguments.pods) as bed:
        bed.sql(f"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '{bed.db['user']}'@'127.0.0.1'")
        rollcall = Rollcall(arguments.rollcall, bed)
        settings = rollcall.config("follow.yaml", None, "settle: 0s", "database: {follow: binlog}")
        session = Session(bed)
        with rollcall.serve(flags=[*bed.flags(), "--config", settings]) as daemon:
            seen = detect(daemon, bed, session, arguments.events)
            demand_feed(result, daemon, "after the changes")
            p99 = figures.percentile(seen, 99)
            print(f"\n{arguments.posts} posts on {arguments.pods} pods, settle: 0s, {len(seen)} changes: "
                  f"p50 {figures.percentile(seen, 50):.3f} s, p95 {figures.percentile(seen, 95):.3f} s, p99 {p99:.3f} s, "
                  f"max {max(seen):.3f} s, min {min(seen):.3f} s; {figures.load()}", flush=True)
            result.holds("p99", p99, _P99_SECONDS, "s", digits=3)
            busy(result, daemon, bed, session, arguments)
            demand_feed(result, daemon, "after the foreign transactions")
        session.close()
    return result


if __name__ == "__main__":
    figures.main("follow", main)

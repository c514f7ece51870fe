#!/usr/bin/python3
"""Measures what `rollcall serve` costs the pods in steady state.

    manners.py --rollcall build/release/rollcall [--minutes 3] [--posts 1000] [VERSION...]
A site with 1,000 posts, default settings: requests per pod and minute by reason, and the CPU time of
each pod process with Rollcall against a window of the same length without. Exits 1 when the difference
is 2 % of a core or more on any pod.
"""

import os
import sys
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from bench import figures                                   # noqa: E402
from bench.figures import cpu_seconds                       # noqa: E402
from e2e.campaign import restart_all                        # noqa: E402
from e2e.program import Rollcall, metric                    # noqa: E402
from lab import Lab, LabError                               # noqa: E402
from lab.common import wait_until                           # noqa: E402

_VERSIONS = ("5.130.6", "6.65.0")
_LIMIT_PERCENT = 2.0
_REASONS = ("health", "view", "newest", "suspect", "sweep")
_WARM_UP_SECONDS = 60       # after the first round: the first sweep steps and lists are read


def add_posts(lab, count):
    """`count` copies of one published post, with an author and a tag, an hour apart."""
    lab.api(1).create_post("Bulk pattern", slug="bulk-pattern", tags=["Bulk"])
    columns = [name for (name,) in lab.sql("SELECT column_name FROM information_schema.columns WHERE "
                                           "table_schema='ghost' AND table_name='posts'")]
    own = {"id": _id("seq"), "uuid": "UUID()", "slug": "CONCAT('bulk-', seq)",
           "title": "CONCAT('Bulk post ', seq)", "comment_id": _id("seq"),
           **{name: f"p.{name} - INTERVAL seq HOUR" for name in ("created_at", "updated_at", "published_at")}}
    quoted = ", ".join(f"`{name}`" for name in columns)
    values = ", ".join(own.get(name, f"p.`{name}`") for name in columns)
    source = f"seq_1_to_{count} s JOIN posts p ON p.slug='bulk-pattern'"
    lab.sql(f"INSERT INTO posts ({quoted}) SELECT {values} FROM {source}")
    for table, column, offset in (("posts_authors", "author_id", 1), ("posts_tags", "tag_id", 2)):
        lab.sql(f"INSERT INTO {table} (id, post_id, {column}, sort_order) "
                f"SELECT {_id(f'seq + {offset} * 16777216')}, {_id('seq')}, x.{column}, x.sort_order "
                f"FROM {source} JOIN {table} x ON x.post_id = p.id")


def _id(number):
    return f"LPAD(LOWER(HEX({number})), 24, '0')"


def check_served(lab, count):
    """The bulk posts are real to Ghost: pages answer on every pod."""
    for number in range(1, len(lab.state["pods"]) + 1):
        for each in (1, count):
            status = lab.get(number, f"/bulk-{each}/").status
            if status != 200:
                raise LabError(f"pod {number} answers {status} for /bulk-{each}/")


def cpu_percent(lab, seconds):
    """Percent of one core that each pod took during the next `seconds`."""
    before, began = [cpu_seconds(pod["pid"]) for pod in lab.state["pods"]], time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return [100 * (cpu_seconds(pod["pid"]) - start) / took for pod, start in zip(lab.state["pods"], before)]


def requests(daemon, pods):
    samples = daemon.metrics()
    return {(pod["name"], reason): metric(samples, "rollcall_http_requests_total", pod=pod["name"], reason=reason)
            for pod in pods for reason in _REASONS}


def measure(version, binary, folder, posts, seconds):
    """One version; True when the limit holds for every pod."""
    with Lab.up(version, pods=3, dir=folder) as lab:
        add_posts(lab, posts)
        restart_all(lab)
        check_served(lab, posts)
        time.sleep(20)                              # what Ghost does after a boot is not ours
        print(f"{version}: control window of {seconds:.0f} s", file=sys.stderr, flush=True)
        without = cpu_percent(lab, seconds)
        with Rollcall(binary, lab).serve() as daemon:
            wait_until(lambda: (daemon.report() or {}).get("verdict") == "pass", 120,
                       "rollcall serve did not say pass")
            time.sleep(_WARM_UP_SECONDS)
            print(f"{version}: window of {seconds:.0f} s with rollcall serve", file=sys.stderr, flush=True)
            before = requests(daemon, lab.state["pods"])
            having = cpu_percent(lab, seconds)
            after = requests(daemon, lab.state["pods"])
            resources = metric(daemon.metrics(), "rollcall_resources", type="post")
    return print_table(version, lab, resources, without, having,
                       {key: (after[key] - before[key]) * 60 / seconds for key in after})


def print_table(version, lab, resources, without, having, per_minute):
    print(f"\nGhost {version}, {resources:.0f} posts; requests a minute by reason; CPU in % of one core")
    print(f"{'pod':<8}" + "".join(f"{reason:>9}" for reason in _REASONS) +
          f"{'all':>9}{'CPU with':>11}{'without':>9}{'cost':>8}")
    good = True
    for pod, idle, busy in zip(lab.state["pods"], without, having):
        counts = [per_minute[(pod["name"], reason)] for reason in _REASONS]
        print(f"{pod['name']:<8}" + "".join(f"{each:9.1f}" for each in counts) +
              f"{sum(counts):9.1f}{busy:11.2f}{idle:9.2f}{busy - idle:8.2f}", flush=True)
        good = good and busy - idle < _LIMIT_PERCENT and sum(counts) > 0
    return good


def main():
    parser = figures.parser(__doc__, "rollcall")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("versions", nargs="*", metavar="VERSION")
    arguments = parser.parse_args()
    return figures.judged(
        "manners", f"the cost is below {_LIMIT_PERCENT:g} % of a core on every pod",
        lambda folder: [measure(version, arguments.rollcall, os.path.join(folder, version), arguments.posts,
                                arguments.minutes * 60) for version in arguments.versions or _VERSIONS])


if __name__ == "__main__":
    figures.main("manners", main)

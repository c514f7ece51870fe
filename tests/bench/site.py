#!/usr/bin/python3
"""Measures what it costs to ask every pod for every post, side by side with other tools on the same mock site.

    site.py --rollcall BIN --mock-site BIN --get-posts BIN [--posts 10000] [--pods 10] [--rounds 5]
Over plain HTTP and over TLS, on loopback: Rollcall's clients (get_posts) and wrk over kept connections, Debian's
prometheus-blackbox-exporter and check_http of monitoring-plugins over one for each request, as they do it; and
`rollcall check` with whole views. CPU time is the tool's own, of get_posts and the exporter without their start; the
requests are those that the mock site counted. Exits 1 when a bound is missed.
"""

import contextlib
import dataclasses
import json
import os
import re
import statistics
import subprocess
import sys
import urllib.parse

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from bench import figures                                   # noqa: E402
from bench.blackbox import BlackboxExporter                 # noqa: E402
from bench.figures import cpu_seconds                       # noqa: E402
from bench.mock_bed import MockBed                          # noqa: E402
from lab import LabError                                    # noqa: E402

_CHECK_HTTP = "/usr/lib/nagios/plugins/check_http"
_HOST = "example.org"
_PER_POD = 4                # connections, as a check has
_WRK_SECONDS = 3
_EXPORTER_TIMES = 25        # less CPU than the exporter
_WRK_SHARE = 0.45           # of wrk's requests per CPU second
_MOCK_RATE = 20_000         # requests per CPU second


@dataclasses.dataclass
class Cost:
    """What a tool took for the requests that arrived."""

    requests: int
    seconds: float      # of CPU

    @property
    def micros(self):
        return 1e6 * self.seconds / self.requests

    @property
    def rate(self):
        return self.requests / self.seconds


class PodsAlone(MockBed):
    """The mock site without a database."""

    def _start_database(self):
        pass


class Trial:
    """The tools against one running mock site."""

    def __init__(self, bed, programs, folder, ca_file):
        self.bed = bed
        self.programs = programs
        self.folder = folder
        self.ca_file = ca_file
        self.pods = [pod["url"] for pod in bed.where["pods"]]
        self.paths = sitemap_paths(bed.where["url"], self.pods[0], ca_file)
        self.paths_file = os.path.join(folder, "paths")
        with open(self.paths_file, "w", encoding="utf-8") as out:
            out.writelines(f"{path}\n" for path in self.paths)

    @contextlib.contextmanager
    def counted(self):
        """Gives a function that says how many requests arrived since the block was entered."""
        before = self._arrived()
        yield lambda: self._arrived() - before

    def _arrived(self):
        return sum(pod["requests"] for pod in self.bed.control("counts")["pods"])

    def rollcall(self):
        """Every post on every pod, by GET."""
        with self.counted() as arrived:
            out, _ = run([self.programs.get_posts, self.bed.where["url"], self.ca_file or "", self.paths_file, *self.pods])
            asked, wanted = arrived(), len(self.paths) * len(self.pods)
        told = json.loads(out)
        if asked != wanted or told["right"] != wanted:
            raise LabError(f"of {wanted} pages {asked} were asked for and {told['right']} were right")
        return Cost(asked, told["cpu_seconds"])

    def wrk(self):
        """One page again and again, from as many connections. Returns wrk's cost and the mock site's."""
        with self.counted() as arrived:
            served = cpu_seconds(self.bed.site["pid"])
            out, seconds = run(["wrk", "-t1", f"-c{_PER_POD * len(self.pods)}", f"-d{_WRK_SECONDS}s",
                                "-H", f"Host: {_HOST}", self.pods[0] + self.paths[0]])
            served = cpu_seconds(self.bed.site["pid"]) - served
            asked = arrived()
        done = int(re.search(r"(\d+) requests in", out)[1])
        if "Non-2xx" in out or "Socket errors" in out:
            raise LabError(f"wrk was not answered well:\n{out}")
        return Cost(done, seconds), Cost(asked, served)

    def exporter(self, probes):
        targets = [self.pods[i % len(self.pods)] + self.paths[i % len(self.paths)] for i in range(probes)]
        with BlackboxExporter(self.folder, self.bed.where["url"], self.ca_file) as exporter, self.counted() as arrived:
            exporter.probe_all(targets[:100], _PER_POD)             # what Go prepares once is not counted
            before, warm = exporter.cpu_seconds(), arrived()
            exporter.probe_all(targets, _PER_POD)
            return Cost(arrived() - warm, exporter.cpu_seconds() - before)

    def check_http(self, times):
        seconds = 0.0
        with self.counted() as arrived:
            for i in range(times):
                pod = urllib.parse.urlsplit(self.pods[i % len(self.pods)])
                tls = ["-S", "--sni"] if pod.scheme == "https" else []
                out, took = run([_CHECK_HTTP, *tls, "-H", _HOST, "-I", pod.hostname, "-p", str(pod.port),
                                 "-u", self.paths[i % len(self.paths)], "-e", "200"])
                seconds += took
            return Cost(arrived(), seconds)

    def whole_views(self):
        """`rollcall check`: every post on every pod, as it does it by itself."""
        with self.counted() as arrived:
            out, seconds = run([self.programs.rollcall, "check", *self.bed.flags(), "--only", "posts", "--output", "json"])
            if json.loads(out)["verdict"] != "pass":
                raise LabError(f"the check did not pass: {out[:1000]}")
            return Cost(arrived(), seconds)


def run(argv):
    """(stdout, CPU seconds) of a program that must exit 0."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as child:
        out, err = child.stdout.read(), child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise LabError(f"{os.path.basename(argv[0])} exits {child.returncode}: {(err or out).decode()[:500]}")
    return out.decode(), usage.ru_utime + usage.ru_stime


def sitemap_paths(site_url, pod, ca_file):
    address = urllib.parse.urlsplit(pod)
    out, _ = run(["curl", "-sSf", "--noproxy", "*", *(["--cacert", ca_file] if ca_file else []), "--connect-to",
                  f"::{address.netloc}", f"{site_url}/sitemap-posts.xml"])
    return [urllib.parse.urlsplit(each).path for each in re.findall(r"<loc>([^<]*)</loc>", out)]


def make_certificate(folder):
    """(certificate, key): one that is its own authority."""
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", key, "-out", certificate, "-subj", f"/CN={_HOST}", "-addext", f"subjectAltName=DNS:{_HOST}"])
    return certificate, key


def measure(name, trial, arguments):
    """All tools; the bounds that were missed."""
    rounds = [(trial.rollcall(), *trial.wrk()) for _ in range(arguments.rounds)]
    share = statistics.median(ours.rate / wrk.rate for ours, wrk, _ in rounds)
    shares = ", ".join(f"{ours.rate / wrk.rate:.2f}" for ours, wrk, _ in rounds)
    ours, wrk, mock = (median_cost(costs) for costs in zip(*rounds))
    exporter, plugin = trial.exporter(arguments.probes), trial.check_http(arguments.probes // 20)
    verdicts = len(trial.paths) * len(trial.pods)
    print(f"\n{name}: {len(trial.paths)} posts x {len(trial.pods)} pods; CPU time of the tool for each request")
    for what, cost in (("Rollcall, every post by GET", ours), ("wrk, one page", wrk),
                       ("blackbox_exporter", exporter), ("check_http", plugin)):
        print(f"  {what:<28} {cost.micros:9.1f} us of {cost.requests} requests; all {verdicts}: "
              f"{cost.micros * verdicts / 1e6:.1f} s")
    print(f"  the mock site                {mock.micros:9.1f} us, {mock.rate:.0f} requests per CPU second")
    times = exporter.micros / ours.micros
    results = [(f"{times:.0f} times less than blackbox_exporter", times >= _EXPORTER_TIMES, _EXPORTER_TIMES),
               (f"{share:.2f} of wrk's requests per CPU second ({shares})", share >= _WRK_SHARE, _WRK_SHARE)]
    if not trial.ca_file:
        results.append((f"{mock.rate:.0f} requests per CPU second of the mock site", mock.rate >= _MOCK_RATE, _MOCK_RATE))
    print(f"  {plugin.micros / ours.micros:.0f} times less than check_http")
    for text, good, bound in results:
        print(f"  {text}; at least {bound}: {'met' if good else 'MISSED'}", flush=True)
    return all(good for _, good, _ in results)


def median_cost(costs):
    return sorted(costs, key=lambda cost: cost.micros)[len(costs) // 2]


def compare_views(trial):
    """What whole views spare the checker."""
    cost = median_cost([trial.whole_views() for _ in range(3)])
    verdicts = len(trial.paths) * len(trial.pods)
    print(f"  rollcall check --only posts: {cost.requests} requests and {cost.seconds:.2f} s of CPU for all {verdicts}",
          flush=True)


def measure_both(arguments, folder):
    """Over plain HTTP, then over TLS: whether the bounds hold."""
    shape = {"posts": arguments.posts, "pods": arguments.pods, "addresses": True}
    certificate, key = make_certificate(folder)
    plain, tls = (os.path.join(folder, name) for name in ("plain", "tls"))
    os.mkdir(plain)
    with MockBed(arguments.mock_site, plain, url=f"http://{_HOST}", **shape) as bed:
        trial = Trial(bed, arguments, plain, None)
        yield measure("plain HTTP", trial, arguments)
        compare_views(trial)
    os.mkdir(tls)
    with PodsAlone(arguments.mock_site, tls, url=f"https://{_HOST}", tls_cert=certificate, tls_key=key,
                   **shape) as bed:
        yield measure("TLS", Trial(bed, arguments, tls, certificate), arguments)


def main():
    parser = figures.parser(__doc__, "rollcall", "mock-site", "get-posts")
    figures.add_shape(parser)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--probes", type=int, default=10_000, help="through the exporter; check_http: a twentieth")
    arguments = parser.parse_args()
    return figures.judged("site", "all bounds", lambda folder: measure_both(arguments, folder))


if __name__ == "__main__":
    figures.main("site", main)

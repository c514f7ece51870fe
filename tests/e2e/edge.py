"""What readers get: real Varnish and real nginx in front of real pods, made wrong for real.

Each row is one `rollcall check --only edge`; its claims are (code, path), where ("gap", "") stands for "could not
look". The last row has the precision and recall over all of them.
"""

import http.client
import http.server
import json
import os
import signal
import threading

from lab import LabError, processes
from lab.common import free_ports, wait_until, write_private
from support.authority import Certificates

from . import caches
from .bed import bed
from .campaign import SETTLE_SECONDS, restart_all

# Of this process alone: jobs run beside each other, and caches that chose the same port would be one.
_NET = f"127.{100 + os.getpid() // 250 % 100}.{os.getpid() % 250}"
_VARNISH, _NGINX = f"{_NET}.1", f"{_NET}.2"
_GAP = ("gap", "")
_ALLOWED = 2                # seconds a good copy may be old, here
_SETTINGS = ("rest: 50ms, requests: 100, newest: 12, changed: 12, unpublished: 6, "
             f"allowed_age: {_ALLOWED}s, timeout: 60s")
_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_TOKEN = "t0ken-of-the-cdn"


class Play:
    """One site on three pods with its caches."""

    def __init__(self, lab, rollcall, outcome):
        self.lab = lab
        self.api = lab.api(1)
        self.rollcall = rollcall
        self.outcome = outcome
        self.posts = {}         # by slug
        self.truth = self.missed = self.invented = 0
        self._configs = 0
        self.fills = {}         # by cache: the address by which a pod can be chosen; its own when absent

    # Deeds

    def publish(self, *slugs):
        for slug in slugs:
            self.posts[slug] = self.api.create_post(slug.replace("-", " "), slug=slug)

    def ask(self, url, slug, pod=None, method="GET"):
        """What a reader is answered at the cache `url`; `pod` fills it from that pod."""
        host = (self.fills.get(url, url) if pod else url).split("://")[1]
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            headers = {"Accept-Encoding": "gzip", "Accept": _BROWSER} | ({"X-Test-Pod": str(pod)} if pod else {})
            connection.request(method, f"/{slug}/", headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def poison(self, url, slug, pod=2):
        """Lets the cache keep what `pod` says, which has not heard of the post."""
        status = self.ask(url, slug, pod)
        if status == 200 or self.ask(url, slug) != status:
            raise LabError(f"{url} was to keep a wrong answer of pod {pod}, but says {status}")

    def ripen(self):
        """Returns when every change is older than the settle window and the allowed age."""
        age = "SELECT TIMESTAMPDIFF(MICROSECOND, MAX(updated_at), UTC_TIMESTAMP(6)) FROM posts"
        enough = (max(SETTLE_SECONDS, _ALLOWED) + 1.2) * 1e6
        wait_until(lambda: int(self.lab.sql(age)[0][0]) > enough, 60, "the posts did not settle")

    # Judging

    def flags(self, url, settings="", pods=None, top=()):
        self._configs += 1
        config = self.rollcall.config(f"edge-{self._configs}.yaml",
                                      {"edge": f"url: '{url}', {_SETTINGS}" + (f", {settings}" if settings else "")},
                                      *top)
        named = [flag for pod in self.lab.state["pods"] if pods is None or pod["name"] in pods
                 for flag in ("--pod", f"{pod['name']}={pod['url']}")]
        return [*self.rollcall.site_flags(), *named, "--content", self.lab.state["content_dir"], "--config", config]

    def judge(self, name, url, expected, *extra, settings="", pods=None, top=(), purge=None):
        """One row; `expected`: paths by code, as {("RC601", "/a/")}. `purge`: what the evidence of it begins with."""
        # What purges is done once: the second time there is nothing to purge.
        look = self.rollcall.check if _GAP in expected or purge else self.rollcall.check_whole
        check = look("--only", "edge", *extra, flags=self.flags(url, settings, pods, top))
        site = self.lab.state["site"]["url"]
        found, problems = set(), check.problems()
        for each in check.findings():
            found.add((each["code"], (each["resource"] or {}).get("url", "").removeprefix(site)))
            if purge and each["code"] == "RC601" and not each["evidence"].get("purge", "").startswith(purge):
                problems.append(f"the evidence says {each['evidence'].get('purge')!r} of the purge")
            if _TOKEN in json.dumps(each):
                problems.append("the token is shown")
        if check.gaps():
            found.add(_GAP)
        run = check.run_of("edge")
        if run.get("verdict") == "not_applicable" or run.get("error"):
            problems.append(f"the check did not run: {run}")
        self.outcome.row(f"edge: {name}", self.lab, check, expected, found, problems)
        row = self.outcome.rows[-1]
        self.truth += row.truth
        self.missed += len(row.missed)
        self.invented += len(row.invented)
        return check

    def sum_up(self):
        right = self.truth - self.missed
        precision = right / (right + self.invented) if right + self.invented else 0
        recall = right / self.truth if self.truth else 0
        self.outcome.row(f"edge: precision {precision:.3f}, recall {recall:.3f} of {self.truth} claims",
                         problems=[] if precision == recall == 1 else ["both must be 1"])


class FakeApi(http.server.ThreadingHTTPServer):
    """The purge APIs of Fastly and Cloudflare, and a cache that takes PURGE; does only what a request with the right
    method, headers and body asks for."""

    def __init__(self, host, port, purge):
        super().__init__((host, 0), _ApiHandler)
        self.purge = purge
        self.port = port        # of the site that is purged
        self.refused = []
        self.url = f"http://{host}:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _ApiHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self._wanted(body)
        if path is None:
            self.server.refused.append((self.path, dict(self.headers)))
            return self._say(401, {"success": False})
        self.server.purge(path)
        self._say(200, {"success": True, "status": "ok"})

    def do_PURGE(self):
        if self.headers.get("Host") != f"{_NGINX}:{self.server.port}":
            self.server.refused.append((self.path, dict(self.headers)))
            return self._say(405, {})
        self.server.purge(self.path)
        self._say(200, {})

    def _wanted(self, body):
        """The path to purge; None when the request is not as the CDN's documentation has it."""
        if self.path.startswith("/purge/") and self.headers.get("Fastly-Key") == _TOKEN:
            return "/" + self.path.split("/", 3)[3]
        if (self.path == "/client/v4/zones/zone1/purge_cache"
                and self.headers.get("Authorization") == f"Bearer {_TOKEN}"
                and self.headers.get("Content-Type") == "application/json"):
            [url] = json.loads(body)["files"]
            return "/" + url.split("/", 3)[3]
        return None

    def _say(self, status, document):
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format, *arguments):
        """Nobody reads it."""


def edge(version, folder, rollcall_for, outcome):
    if caches.missing():
        outcome.row("edge", problems=[f"not installed: {caches.missing()}"])
        return
    with bed(version, folder) as lab:
        play = Play(lab, rollcall_for(lab), outcome)
        ports = free_ports(18)
        varnish = f"http://{_VARNISH}:{ports[0]}"
        with caches.varnish(lab, _VARNISH, ports[0], (_NGINX, ports[1])):
            _contents(play, varnish, ports)
        _headers(play, ports)
        play.sum_up()


def _contents(play, varnish, ports):
    certificates = Certificates(os.path.join(play.lab.dir, "tls"))
    sites = _Sites(certificates, ports[1:-1])
    nginx = sites.url("cached")
    play.fills[nginx] = sites.url("fill")
    with caches.nginx(play.lab, sites.blocks, sites.addresses, (_NGINX, ports[1])) as process:
        play.ripen()
        play.judge("varnish, fresh", varnish, set())
        play.judge("nginx, fresh", nginx, set())
        for url, mark in ((varnish, "v"), (nginx, "n")):
            slugs = [f"{kind}-{mark}" for kind in ("stale", "zombie", "deleted")]
            play.publish(*slugs)
            for slug in slugs:
                if play.ask(url, slug, pod=1) != 200:
                    raise LabError(f"{slug} is not served by pod 1")
        poisoned = ("poisoned-v", "banned-v", "poisoned-n")
        play.publish(*poisoned)
        for slug in poisoned:
            play.poison(varnish if slug.endswith("v") else nginx, slug)
        restart_all(play.lab, (2, 3))
        play.publish("split")
        play.lab.restart_pod(3)
        for mark in "vn":
            play.api.edit_post(play.posts[f"stale-{mark}"]["id"], title=f"stale {mark}, edited")
            play.api.unpublish(play.posts[f"zombie-{mark}"]["id"])
        _wrong(play, varnish, nginx, sites)
        _purges(play, varnish, nginx)
        _blind(play, varnish, sites, process)


def _wrong(play, varnish, nginx, sites):
    known = {"pod-1", "pod-3"}      # pod 2 has not heard of the post `split`: Rollcall is not told of it
    # The caches also keep the front page, the feed and the sitemap of the rows before: no resource.
    shared = {("RC602", "/stale-%s/"), ("RC603", "/zombie-%s/"), ("RC601", "/poisoned-%s/")}
    old = {("RC602", "")}
    play.ripen()
    play.judge("varnish: poisoned, stale, zombie", varnish,
               {(code, path % "v") for code, path in shared} | {("RC601", "/banned-v/")} | old, pods=known)
    play.judge("nginx: poisoned, stale, zombie", nginx,
               {(code, path % "n") for code, path in shared} | old, pods=known)
    play.judge("nginx without a cache: split", sites.url("split"), {("RC604", "/split/")}, pods=known)
    play.lab.restart_pod(2)


def _purges(play, varnish, nginx):
    left = {mark: {("RC602", ""), ("RC602", f"/stale-{mark}/"), ("RC603", f"/zombie-{mark}/")} for mark in "vn"}
    two = {("RC601", "/poisoned-v/"), ("RC601", "/banned-v/")}
    play.judge("purge, dry", varnish, left["v"] | two, "--purge", "dry", purge="would do: PURGE http")
    play.judge("purge, dry: nothing was done", varnish, left["v"] | two, "--purge", "now",
               settings=f"purge_how: varnish, purge_url: 'http://{_NET}.9:9'", purge="failed: PURGE http")
    play.judge("Varnish is asked to purge", varnish, left["v"] | two, "--purge", "now",
               settings=f"purge_how: varnish, purge_url: '{varnish}'", purge="done: PURGE http")
    play.judge("Varnish, purged", varnish, left["v"])
    for slug in ("poisoned-v", "banned-v"):
        play.ask(varnish, slug, method="PURGE")
        play.poison(varnish, slug, pod=9)
    play.judge("Varnish is asked to ban", varnish, left["v"] | two, "--purge", "now",
               settings=f"purge_how: ban, purge_url: '{varnish}'", purge="done: BAN http")
    play.judge("Varnish, banned", varnish, left["v"])
    api = FakeApi(f"{_NET}.3", int(nginx.rsplit(":", 1)[1]), lambda path: caches.forget(play.lab, path))
    token = os.path.join(play.lab.dir, "token")
    poisoned = left["n"] | {("RC601", "/poisoned-n/")}
    play.judge("Fastly: no token", nginx, poisoned, settings="purge: now, purge_how: fastly",
               purge="not done: there is no token")
    write_private(token, _TOKEN + "\n")
    top = [f"purge_token_file: {token}"]
    play.judge("Fastly's API", nginx, poisoned, top=top, purge="done: POST http",
               settings=f"purge: now, purge_how: fastly, purge_url: '{api.url}'")
    play.judge("Fastly, purged", nginx, left["n"])
    caches.forget(play.lab, "/poisoned-n/")
    play.poison(nginx, "poisoned-n", pod=9)
    play.judge("Cloudflare's API", nginx, poisoned, top=top, purge="done: POST http",
               settings=f"purge: now, purge_how: cloudflare, purge_zone: zone1, purge_url: '{api.url}/client/v4'")
    caches.forget(play.lab, "/poisoned-n/")
    play.poison(nginx, "poisoned-n", pod=9)
    play.judge("a purger beside nginx", nginx, poisoned, "--purge", "now", purge="done: PURGE http",
               settings=f"purge_how: nginx, purge_url: '{api.url}'")
    play.judge("nginx, purged", nginx, left["n"])
    api.shutdown()
    if api.refused:
        play.outcome.row("edge: the APIs refused nothing", problems=[f"refused: {api.refused}"])


def _blind(play, varnish, sites, process):
    for name in ("forbidden", "limited", "trouble", "challenge", "elsewhere"):
        play.judge(f"an edge that answers for itself: {name}", sites.url(name), {_GAP})
    ca = f"ca: '{sites.ca}'"
    play.judge("TLS in order", sites.url("tls"), set(), settings=ca)
    play.judge("TLS that nobody here can verify", sites.url("tls"), {_GAP})
    play.judge("a certificate that ends soon", sites.url("soon"), {("RC605", "")}, settings=ca)
    play.judge("a certificate that has ended", sites.url("ended"), {("RC606", ""), _GAP}, settings=ca)
    play.judge("a certificate of another host", sites.url("other"), {("RC607", ""), _GAP}, settings=ca)
    play.judge("no TLS where TLS is expected", sites.url("cached").replace("http:", "https:"), {_GAP}, settings=ca)
    if os.geteuid() == 0:
        play.judge("plain http shows pages", sites.url("shows"), {("RC608", "")}, settings=ca)
        play.judge("plain http leads to https", sites.url("leads"), set(), settings=ca)
    play.judge("a cookie on what may be kept", sites.url("cookie"), {("RC611", "")})
    play.judge("pages without compression", sites.url("unpacked"), {("RC610", "")})
    processes.send(process, signal.SIGSTOP)
    try:
        play.judge("an edge that hangs", sites.url("cached"), {_GAP}, "--timeout", "60s")
    finally:
        processes.send(process, signal.SIGCONT)
    play.judge("nobody there", f"http://{_NET}.4:{free_ports(1)[0]}", {_GAP})
    _daemon(play, varnish)


def _daemon(play, varnish):
    """What is deleted is known to a daemon that saw it before."""
    with play.rollcall.serve("--only", "edge", flags=play.flags(varnish, "interval: 1s")) as daemon:
        def zombies():
            """Nothing that tells a slug is shown of what is not public."""
            return sum(each["code"] == "RC603" for each in daemon.report()["findings"])
        wait_until(lambda: daemon.report() and daemon.report()["checks"], 30, "no first round")
        before = zombies()
        play.api.delete_post(play.posts["deleted-v"]["id"])
        try:
            wait_until(lambda: zombies() == before + 1, 40, "the daemon did not tell of a deleted post", every=0.3)
            problems = []
        except LabError as error:
            problems = [str(error)]
    play.outcome.row("edge: the daemon tells of a deleted post", play.lab, problems=problems)


def _headers(play, ports):
    nothing = (_NGINX, ports[1])
    with caches.varnish(play.lab, _VARNISH, ports[-1], nothing, kept=False, name="varnish-as-is"):
        play.judge("Varnish by Ghost's own headers keeps nothing", f"http://{_VARNISH}:{ports[-1]}", {("RC609", "")})


class _Sites:
    """The servers of one nginx, by name."""

    def __init__(self, certificates, ports):
        self.ca = certificates.ca
        self.blocks = []
        self.addresses = []
        self._urls = {}
        ports = list(ports)
        page = f"location / {{ proxy_pass http://all; {caches.CACHED} }}"
        fill = f"location / {{ proxy_pass http://$origin; {caches.CACHED} }}"
        plain = "location / { proxy_pass http://$origin; }"
        for name, inside in (("nothing", "location / { return 404; }"), ("cached", page), ("fill", fill),
                             ("split", "location / { proxy_pass http://$origin; }"
                                       "location = /split/ { proxy_pass http://two; }"),
                             ("forbidden", "location / { return 403; }"), ("limited", "location / { return 429; }"),
                             ("trouble", "location / { return 503; }"),
                             ("challenge", "location / { add_header CF-Mitigated challenge always; return 403; }"),
                             ("cookie", "location / { proxy_pass http://$origin; proxy_hide_header Cache-Control; "
                                        "add_header Cache-Control 'public, max-age=60'; add_header Set-Cookie id=1; }"),
                             ("unpacked", "location / { proxy_set_header Accept-Encoding identity; "
                                          "proxy_set_header Host $http_host; proxy_pass http://$origin; }"),
                             ("elsewhere", "location / { return 302 https://login.example.net/; }")):
            self._add(name, "http", ports.pop(0), inside)
        for name, alt, days in (("tls", f"IP:{_NGINX}", 60), ("soon", f"IP:{_NGINX}", 3), ("ended", f"IP:{_NGINX}", -1),
                                ("other", "DNS:other.example.net", 60)):
            certificate, key = certificates.issue(name, alt, days)
            self._add(name, "https", ports.pop(0), f"ssl_certificate {certificate}; ssl_certificate_key {key};" + plain)
        if os.geteuid() != 0:
            return      # nobody else may listen where browsers go first
        for name, host, inside in (("shows", f"{_NET}.11", plain),
                                   ("leads", f"{_NET}.12", "return 301 https://$host$request_uri;")):
            certificate, key = certificates.issue(name, f"IP:{host}")
            self._add(name, "http", 80, inside, host)
            self._add(name, "https", 443, f"ssl_certificate {certificate}; ssl_certificate_key {key};" + plain, host)

    def url(self, name):
        return self._urls[name]

    def _add(self, name, scheme, port, inside, host=_NGINX):
        ssl = " ssl" if scheme == "https" else ""
        self.blocks.append(f"  server {{ listen {host}:{port}{ssl}; {inside} }}")
        self.addresses.append((host, port))
        self._urls[name] = f"{scheme}://{host}" + ("" if port == 443 else f":{port}")


# Each once, on the two that differ in what they answer for what they do not know.
JOBS = [("5.130.6", edge), ("6.56.0", edge)]

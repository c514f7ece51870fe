"""One of two pods behind a proxy that breaks."""

import json

from component.small_pod import Pod
from component.volume.daemon import furnish, owner
from support.authority import Certificates
from support.faulty_proxy import FaultyProxy
from support.serving import environment

from . import database
from .matrix import Bed, Cell, NotApplicable

KEY = "0123456789abcdef01234567"
SETTINGS = json.dumps({"settings": {"title": "Lab", "description": "", "url": "http://example.org/"}}).encode()
UNKNOWN_KEY = json.dumps({"errors": [{"message": "Unknown Content API Key", "type": "UnauthorizedError",
                                      "code": "UNKNOWN_CONTENT_API_KEY"}]}).encode()


def with_key(key):
    """The part of a pod that wants a Content API key."""
    def answers(path):
        if "/members/api/announcement/" in path:
            return 200, b'{"announcement": [{}]}'
        if "/ghost/api/content/settings/" not in path:
            return None
        return (200, SETTINGS) if f"key={key}" in path else (401, UNKNOWN_KEY)
    return answers


class Pods(Bed):
    """Two of them; the first is the one that breaks."""

    others = ("volume",)
    interval = 6
    scheme = "http"

    def make(self):
        self.broken, self.fine = (Pod(answers=with_key(KEY), tls=self.tls()) for _ in "12")
        for each in (self.broken, self.fine):
            self.stack.callback(each.close)
        self.proxy = self.enter(FaultyProxy(self.broken.address))
        furnish_plain(self)

    def tls(self):
        return None

    def config(self):
        places = (self.proxy.port, self.fine.address[1])
        return {"pods": [{"name": f"pod-{number}", "url": f"{self.scheme}://127.0.0.1:{port}"}
                         for number, port in enumerate(places, 1)], "content": {"path": self.content}}

    def settings(self):
        return {check: {"timeout": "5900ms"} for check in self.needs} | {
            "volume": {"ghost_uid": owner()}, "pods": {"patience": "2500ms", "timeout": "5900ms", "front_every": 1}}

    def is_true(self, finding):
        return finding["pod"] == "pod-1"


class OnePod(Pods):
    name = "a pod"
    needs = ("pods", "settings")

    def make(self):
        super().make()
        self.server = database.serve(self)
        self.server.sql("INSERT INTO settings (id, `key`, value) VALUES ('1', 'title', 'Lab')")

    def config(self):
        return super().config() | {"database": database.account(self.server.port)}

    def environment(self):
        return environment(ROLLCALL_CONTENT_API_KEY=KEY, ROLLCALL_DB_PASSWORD=database.PASSWORD)

    def cells(self):
        proxy = self.proxy

        def cell(fault, begin, says, code):
            return Cell(fault, begin, proxy.mend, says, (code,))
        return [
            cell("refused", proxy.refuse, "refused", "RC101"),
            cell("black hole", proxy.swallow, "no answer within", "RC102"),
            cell("reset", proxy.reset, "closed|reset", "RC101"),
            cell("slow", proxy.drip, "no answer within", "RC102"),
            cell("garbage", proxy.garble, "HTTP", "RC108"),
            Cell("expired credential", lambda: self.lose(KEY[::-1]), lambda: self.lose(KEY),
                 {"settings": 'it answers 401 "Unknown Content API Key"'}),
            NotApplicable("wrong TLS", "this pod speaks plain HTTP; see the next rows"),
            cell("cut mid-answer", lambda: proxy.cut(120), "closed|cut|ended|incomplete", "RC101"),
            Cell("flapping", proxy.flap, proxy.mend, None, ("RC101",)),
        ]

    def lose(self, key):
        """The key is another on both pods, as it is when somebody makes it anew."""
        for each in (self.broken, self.fine):
            each.answers = with_key(key)


def furnish_plain(bed):
    """A content folder that is well, for the check `volume`."""
    bed.content = bed.path("content")
    furnish(bed.content)


class OnePodTls(Pods):
    name = "a pod, TLS"
    whole = False
    needs = ("pods", "private")
    scheme = "https"

    def tls(self):
        if not hasattr(self, "certificates"):
            self.certificates = Certificates(self.path("tls"))
        return self.certificates.server("good", "DNS:example.org")

    def make(self):
        super().make()
        self.stranger = Pod(tls=self.certificates.server("other", "DNS:other.example.org"))
        self.late = Pod(tls=self.certificates.server("late", "DNS:example.org", days=-1))
        for each in (self.stranger, self.late):
            self.stack.callback(each.close)

    def config(self):
        return super().config() | {"pod_ca": self.certificates.ca}

    def swap(self, pod):
        self.proxy.target = pod.address
        self.proxy.mend()

    def cells(self):
        good = lambda: self.swap(self.broken)  # noqa: E731
        return [
            Cell("wrong TLS", lambda: self.swap(self.stranger), good, "certificate", ("RC101", "RC108")),
            Cell("expired credential", lambda: self.swap(self.late), good, "certificate", ("RC101", "RC108")),
            Cell("cut mid-answer", lambda: self.proxy.cut(6000), self.proxy.mend, "closed|TLS", ("RC101", "RC108")),
            Cell("garbage", self.proxy.garble, self.proxy.mend, "TLS", ("RC101", "RC108")),
        ]

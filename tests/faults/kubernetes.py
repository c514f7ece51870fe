"""The Kubernetes API behind a proxy that breaks."""

import os
import time

from support.faulty_proxy import FaultyProxy
from tests.kube.fake_api import FakeApi
from tests.kube.program import Account
from tests.kube.world import Ghost, World

from .matrix import STALL, Bed, Cell

ADDRESS = "127.0.17.2"
LONGEST_REST = 30  # s


class Kubernetes(Bed):
    """The list of pods has no interval: it is watched, and asked for again the later the longer the API is away, 30 s at
    most. By default that is half of the interval of the check."""

    name = "Kubernetes API"
    needs = ("deployment",)
    interval = 3

    def make(self):
        self.api = self.enter(FakeApi(self.folder))
        self.stranger = self.enter(FakeApi(self.make_folder("other")))
        self.proxy = self.enter(FaultyProxy(("127.0.0.1", self.api.port)))
        world = World(self.api.store)
        world.deploy(replicas=1)
        ghost = Ghost(ADDRESS)
        self.stack.callback(ghost.stop)
        world.create_owned("ghost-a", ADDRESS, ghost.port)
        world.sync()
        self.account = Account(self.api, self.folder)

    def make_folder(self, name):
        os.mkdir(self.path(name))
        return self.path(name)

    def config(self):
        return {"kubernetes": {"selector": "app=ghost", "service": "ghost"}}

    def settings(self):
        return {"deployment": {"timeout": "2900ms"}}

    def environment(self):
        return self.account.environment | {"KUBERNETES_SERVICE_PORT_HTTPS": str(self.proxy.port)}

    def voices(self, report):
        return {"the list of pods": [report["pods_stale"]] if report["pods_stale"] else []}

    def is_well(self, since=0):
        report = self.daemon.report()
        return report and not report["pods_stale"] and len(report["pods"]) == 1 and super().is_well(since)

    def well_since(self, ended):
        return time.time() if self.is_well(ended) else None

    def is_ill_after(self, last):
        return super().is_ill_after(last) or time.time() > last + LONGEST_REST + STALL

    def cells(self):
        proxy = self.proxy

        def cell(fault, begin, says, end=proxy.mend):
            says = says and {"deployment": says, "the list of pods": says}
            return Cell(fault, begin, end, says)
        return [
            cell("refused", proxy.refuse, "refused"),
            cell("black hole", self.swallow, "no answer within|in time"),
            cell("reset", proxy.reset, "reset|closed"),
            cell("slow", proxy.drip, "no answer within|in time"),
            cell("garbage", proxy.garble, "TLS|SSL"),
            cell("expired credential", self.expire, "token", self.renew),
            cell("wrong TLS", lambda: self.turn_to(self.stranger), "certificate", lambda: self.turn_to(self.api)),
            # A watch that is cut begins again at once, so the list stays as fresh as ever.
            Cell("cut mid-answer", lambda: proxy.cut(2500), proxy.mend, {"deployment": "closed"}),
            cell("flapping", proxy.flap, None),
        ]

    def swallow(self):
        """What is open ends; that a watch is noticed which does not even end, tests/kube shows: it takes 75 s."""
        self.proxy.mend()
        self.proxy.swallow()

    def expire(self):
        self.api.tokens = {"another"}
        self.api.cut_watches()

    def renew(self):
        self.api.tokens = {"first-token"}

    def turn_to(self, api):
        self.proxy.target = ("127.0.0.1", api.port)
        self.proxy.mend()

"""The receiver of a webhook behind a proxy that breaks. What is to be told comes from a pod that is made ill."""

import itertools
import re
import time

from component.small_pod import Pod
from support import volumes
from support.authority import Certificates
from support.faulty_proxy import FaultyProxy
from support.serving import environment, wait_until
from support.webhook_receiver import SECRET, Receiver

from .matrix import PATIENCE, STALL, Bed, Cell, NotApplicable, stalled

ADDRESS = "127.0.17.1"
PODS = 10
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
LONGEST_REST = 30  # s


class Webhook(Bed):
    """Recovery is that the end of what began during the fault has been told, after its beginning. `interval`: of attempts;
    they begin sooner after each other, and come more seldom the longer the fault lasts."""

    name = "webhook"
    scheme = "http"
    interval = 5
    most_rounds = 2     # then its pods have come and gone too often for it to be told at once

    def make(self):
        self.receiver = self.enter(Receiver(ADDRESS, tls=self.tls()))
        self.proxy = self.enter(FaultyProxy((ADDRESS, self.receiver.port), ADDRESS))
        # One for each cell: what comes and goes is told four times, and then seldom.
        self.pods = [Pod() for _ in range(PODS)]
        for pod in self.pods:
            self.stack.callback(pod.close)
        self.ill = itertools.cycle(self.pods)

    def tls(self):
        return None

    def config(self):
        return {"pods": [{"name": f"pod-{number}", "url": f"http://127.0.0.1:{pod.address[1]}"}
                         for number, pod in enumerate(self.pods, 1)]}

    def environment(self):
        return environment(ROLLCALL_WEBHOOK_URL=f"{self.scheme}://{ADDRESS}:{self.proxy.port}/hook",
                           ROLLCALL_WEBHOOK_SECRET=SECRET)

    def begin(self, fault):
        def begin():
            self.seen, self.ended = len(self.daemon.told()), self.receiver.events().count("ended")
            self.begun = time.monotonic()
            fault()
            next(self.ill).well = False
        return begin

    def end(self):
        self.lasted = time.monotonic() - self.begun
        self.receiver.statuses.clear()
        self.proxy.mend()
        # Last: what is told of it has to be taken.
        for pod in self.pods:
            pod.well = True

    def warm_up(self):
        wait_until(self.is_well, PATIENCE, self.state)
        self.begin(lambda: None)()
        wait_until(lambda: "started" in self.receiver.events(), PATIENCE, self.state)
        self.end()
        wait_until(lambda: self.well_since(0), PATIENCE, self.state)

    def is_well(self, since=0):
        """The webhook takes messages, too: only the first that it does not take is told."""
        told = re.findall(r'"message":"(over: )?the webhook does not take messages"', self.daemon.told())
        return super().is_well(since) and (not told or told[-1] == "over: ")

    def voices(self, report):
        return {"webhook": re.findall(r'"message":"the webhook does not take messages".*?"detail":"(.*?)"',
                                      self.daemon.told()[self.seen:])}

    def companion_is_fine(self, run):
        """The pod really is ill."""
        return run["verdict"] == "fail"

    def well_since(self, ended):
        told = self.receiver.events().count("ended") > self.ended
        return time.time() if told and self.is_well() else None

    def cell(self, fault, begin, says):
        return Cell(fault, self.begin(begin), self.end, {"webhook": says} if says else None, ("RC107",))

    def is_ill_after(self, last):
        # A rest is at most twice as long as all before it. They are many only where the machine made the fault last.
        rest = min(LONGEST_REST, 2 * self.lasted) if stalled(self.begun) else 0
        return time.time() > last + max(STALL, rest)

    def cells(self):
        proxy, cell = self.proxy, self.cell
        return [
            cell("refused", proxy.refuse, "refused"),
            cell("black hole", proxy.swallow, "no answer within"),
            cell("reset", proxy.reset, "reset|closed"),
            cell("slow", proxy.drip, "no answer within"),
            cell("garbage", proxy.garble, "HTTP"),
            cell("expired credential", lambda: self.receiver.statuses.extend([401] * 1000), "it answers 401"),
            NotApplicable("wrong TLS", "this receiver speaks plain HTTP; see the next row"),
            cell("cut mid-answer", lambda: proxy.cut(20), "closed|cut|ended"),
            cell("flapping", proxy.flap, None),
        ]


class WebhookTls(Webhook):
    """The machine's authorities are all it trusts: they get one more, in a mount namespace of this process."""

    name = "webhook, TLS"
    whole = False
    scheme = "https"

    def make(self):
        volumes.own_mounts()
        self.certificates = Certificates(self.path("tls"))
        with open(self.certificates.ca, encoding="ascii") as ca, open(AUTHORITIES, encoding="ascii") as theirs:
            both = self.write("both.pem", theirs.read() + ca.read())
        volumes.run("mount", "--bind", both, AUTHORITIES)
        super().make()
        self.stranger = self.enter(Receiver(ADDRESS, tls=self.certificates.server("other", "DNS:other.example.org")))

    def tls(self):
        return self.certificates.server("good", f"IP:{ADDRESS}")

    def cells(self):
        return [self.cell("wrong TLS", lambda: self.turn_to(self.stranger), "certificate")]

    def end(self):
        self.turn_to(self.receiver)
        super().end()

    def turn_to(self, receiver):
        self.proxy.target = (ADDRESS, receiver.port)

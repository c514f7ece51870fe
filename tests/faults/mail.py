"""Real aiosmtpd behind a proxy that breaks."""

from component import mail_test
from component.small_pod import Pod
from support.faulty_proxy import FaultyProxy

from .matrix import Bed, Cell


class Mail(Bed):
    """A visit that fails is made again after 2 s."""

    name = "mail server"
    needs = ("mail",)
    interval = 6

    def make(self):
        certificates = mail_test.Certificates(self.folder)
        self.server, self.stranger = self.real(certificates.good), self.real(certificates.expired)
        self.ca = certificates.ca
        self.proxy = self.enter(FaultyProxy((mail_test.HOST, self.server.port), mail_test.HOST, greets=True))
        self.pod = Pod()
        self.stack.callback(self.pod.close)

    def real(self, tls):
        server = mail_test.Real(tls=tls)
        self.stack.callback(server.stop)
        return server

    def config(self):
        auth = {"user": mail_test.USER, "pass": mail_test.SECRET}
        ghost = {"mail": {"transport": "SMTP", "options": {"host": mail_test.HOST, "port": self.proxy.port, "auth": auth}}}
        return {"pods": [{"name": "pod-1", "url": f"http://127.0.0.1:{self.pod.address[1]}"}],
                "ghost_config": self.write("ghost.json", mail_test.json.dumps(ghost))}

    def settings(self):
        return {"mail": {"timeout": "5900ms", "patience": "1900ms", "ca": self.ca, "login": True}}

    def cells(self):
        proxy = self.proxy

        def cell(fault, begin, says, *codes, end=proxy.mend):
            return Cell(fault, begin, end, says, codes)
        return [
            cell("refused", proxy.refuse, "refused", "RC653"),
            cell("black hole", proxy.swallow, "no answer within|in time"),
            cell("reset", proxy.reset, "closed|reset"),
            cell("slow", proxy.drip, "no answer within|in time"),
            cell("garbage", proxy.garble, "no mail server|closed", "RC653"),
            cell("expired credential", lambda: self.let_in("another"), "refuses", "RC659",
                 end=lambda: self.let_in(mail_test.SECRET)),
            cell("wrong TLS", lambda: self.turn_to(self.stranger), "certificate", "RC656",
                 end=lambda: self.turn_to(self.server)),
            cell("cut mid-answer", lambda: proxy.cut(60), "closed|ended"),
            cell("flapping", proxy.flap, None, "RC653"),
        ]

    def let_in(self, password):
        self.server.inbox.password = password

    def turn_to(self, server):
        self.proxy.target = (mail_test.HOST, server.port)
        self.proxy.mend()

"""Real MariaDB behind a proxy that breaks."""

import os
import re
import shutil

from component.small_pod import Pod
from lab import mariadb, processes
from lab.common import free_ports
from support.authority import Certificates
from support.faulty_proxy import FaultyProxy
from support.serving import environment

from .matrix import Bed, Cell, NotApplicable

HERE = os.path.dirname(os.path.abspath(__file__))
PASSWORD = "hunter2"


def ghost_tables():
    """Those that tests in C++ use."""
    with open(os.path.join(HERE, "..", "support", "ghost_tables.h"), encoding="utf-8") as header:
        return re.search(r'R"sql\((.*?)\)sql"', header.read(), re.DOTALL)[1]


class Server(mariadb.Database):
    """With TLS, by a certificate that can be replaced."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "mariadb")
        mariadb.initialise(self.folder)
        self.certificates = Certificates(os.path.join(folder, "tls"))
        self.good = self.certificates.issue("good", "IP:127.0.0.1")
        self.other = self.certificates.issue("other", "DNS:other.example.org")
        self.port, = free_ports(1)
        self.socket = mariadb.socket_path(self.folder)
        self.use(self.good)
        super().__init__({"datadir": self.folder, "socket": self.socket, "port": self.port,
                          "log": os.path.join(folder, "mariadb.log")})

    def use(self, pair):
        for path, name in zip(pair, ("cert.pem", "key.pem")):
            shutil.copy(path, os.path.join(self.folder, name))

    def show(self, pair):
        self.use(pair)
        self.sql("FLUSH SSL", database="")

    def _command_line(self):
        return [*super()._command_line(), f"--ssl-cert={self.folder}/cert.pem", f"--ssl-key={self.folder}/key.pem"]

    def let_in(self, password):
        self.sql(f"CREATE OR REPLACE USER rollcall@'127.0.0.1' IDENTIFIED BY '{password}'; "
                 f"GRANT SELECT ON {mariadb.NAME}.* TO rollcall@'127.0.0.1'", database="")


def serve(bed):
    """Ghost's tables, empty, on a server that ends with the bed."""
    server = Server(bed.folder)
    bed.stack.callback(lambda: mariadb.forget_socket(server.socket, server.folder))
    started = server.start(tied=True)
    bed.stack.callback(lambda: processes.end([started]))
    server.sql(f"CREATE DATABASE {mariadb.NAME} CHARACTER SET utf8mb4", database="")
    server.sql(ghost_tables())
    server.let_in(PASSWORD)
    return server


def account(port):
    return {"host": "127.0.0.1", "port": port, "name": mariadb.NAME, "user": "rollcall", "query_timeout": "500ms"}


class Database(Bed):
    name = "database"
    needs = ("database", "posts", "schedule")

    def make(self):
        self.server = serve(self)
        self.proxy = self.enter(FaultyProxy(("127.0.0.1", self.server.port), greets=True))
        self.pod = Pod()
        self.stack.callback(self.pod.close)

    def config(self):
        return {"pods": [{"name": "pod-1", "url": f"http://127.0.0.1:{self.pod.server.server_port}"}],
                "database": account(self.proxy.port) | self.tls()}

    def settings(self):
        return {check: {"timeout": "1900ms"} for check in self.needs} | {
            "database": {"timeout": "1900ms", "latency": "20s"}}

    def environment(self):
        return environment(ROLLCALL_DB_PASSWORD=PASSWORD)

    @staticmethod
    def tls():
        return {}

    def cell(self, fault, begin, says, end=None):
        return Cell(fault, begin, end or self.proxy.mend, says, ("RC701",))

    def cells(self):
        proxy, place = self.proxy, f"127.0.0.1:{self.proxy.port}"
        closed = "closed the connection"
        return [
            self.cell("refused", proxy.refuse, f"{place}: Connection refused"),
            self.cell("black hole", proxy.swallow, f"{place}.*did not answer in time"),
            self.cell("reset", proxy.reset, f"{place}.*{closed}"),
            self.cell("slow", proxy.drip, f"{place}.*did not answer in time"),
            self.cell("garbage", proxy.garble, f"{place}.*(error|{closed})"),
            self.cell("expired credential", self.expire, f'{place}.*refuses the account "rollcall"',
                      lambda: self.server.let_in(PASSWORD)),
            NotApplicable("wrong TLS", "this daemon asks without; see the next rows"),
            self.cell("cut mid-answer", lambda: proxy.cut(300), f"{place}.*{closed}"),
            self.cell("flapping", proxy.flap, None),
        ]

    def expire(self):
        self.server.let_in("another")
        self.server.sql("KILL USER rollcall", database="")


class DatabaseTls(Database):
    name = "database, TLS"
    whole = False

    def tls(self):
        return {"tls": {"enabled": True, "ca": self.server.certificates.ca}}

    def cells(self):
        proxy, place = self.proxy, f"127.0.0.1:{self.proxy.port}"
        return [
            self.cell("wrong TLS", self.masquerade, f'certificate of the database at {place} is for another name',
                      lambda: self.server.show(self.server.good)),
            self.cell("garbage", proxy.garble, place),
            self.cell("cut mid-answer", lambda: proxy.cut(1000), place),
        ]

    def masquerade(self):
        self.server.show(self.server.other)
        # What is open stays as it was.
        self.proxy.mend()

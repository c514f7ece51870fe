"""Real nginx, where readers come to, behind a proxy that breaks."""

import os
import shutil

from component.small_pod import Pod
from lab import mariadb, processes
from lab.common import free_ports, wait_until
from support.authority import Certificates
from support.faulty_proxy import FaultyProxy

from .matrix import Bed, Cell

ADDRESS = "127.0.17.4"

CONFIGURATION = """daemon off;
master_process off;
pid %(folder)s/nginx.pid;
error_log stderr;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy;
  fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi;
  scgi_temp_path %(folder)s/scgi;
%(servers)s
}
"""
SERVER = """  server { listen 127.0.0.1:%(port)d ssl; ssl_certificate %(certificate)s; ssl_certificate_key %(key)s;
    location / { %(inside)s } }"""


class Edge(Bed):
    name = "edge"
    needs = ("edge",)
    interval = 3

    def make(self):
        self.pod = Pod()
        self.stack.callback(self.pod.close)
        certificates = Certificates(self.path("tls"))
        self.ca = certificates.ca
        self.good, self.stranger, self.closed = free_ports(3)
        page = f"proxy_set_header Host example.org; proxy_pass http://127.0.0.1:{self.pod.address[1]}; gzip on;"
        servers = []
        for port, name, alt, inside in ((self.good, "good", f"IP:{ADDRESS}", page),
                                        (self.stranger, "other", "DNS:other.example.org", page),
                                        (self.closed, "closed", f"IP:{ADDRESS}", "return 403;")):
            certificate, key = certificates.issue(name, alt)
            servers.append(SERVER % {"port": port, "certificate": certificate, "key": key, "inside": inside})
        folder = self.path("nginx")
        os.mkdir(folder)
        path = self.write("nginx.conf", CONFIGURATION % {"folder": folder, "servers": "\n".join(servers)})
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        started = processes.spawn([program, "-p", folder, "-c", path, "-g", "user root;" if os.geteuid() == 0 else ""],
                                  self.path("nginx.log"), tied=True)
        self.stack.callback(lambda: processes.end([started]))
        wait_until(lambda: mariadb.accepts(self.closed), 30, "nginx did not listen")
        self.proxy = self.enter(FaultyProxy(("127.0.0.1", self.good), ADDRESS))

    def config(self):
        return {"pods": [{"name": "pod-1", "url": f"http://127.0.0.1:{self.pod.address[1]}"}]}

    def settings(self):
        return {"edge": {"url": f"https://{ADDRESS}:{self.proxy.port}/", "ca": self.ca, "timeout": "2s", "rest": "50ms"}}

    def cells(self):
        proxy = self.proxy

        def cell(fault, begin, says, *codes, end=proxy.mend):
            return Cell(fault, begin, end, says, codes)

        def turn(port):
            proxy.target = ("127.0.0.1", port)
            proxy.mend()
        return [
            cell("refused", proxy.refuse, "refused"),
            cell("black hole", proxy.swallow, "no answer within|in time|time"),
            cell("reset", proxy.reset, "reset|closed"),
            cell("slow", proxy.drip, "no answer within|in time|time"),
            cell("garbage", proxy.garble, "TLS|SSL"),
            cell("expired credential", lambda: turn(self.closed), "403", end=lambda: turn(self.good)),
            cell("wrong TLS", lambda: turn(self.stranger), "certificate", "RC607", end=lambda: turn(self.good)),
            cell("cut mid-answer", lambda: proxy.cut(5000), "closed|cut|ended|TLS"),
            cell("flapping", proxy.flap, None),
        ]

"""Real Pushgateway behind a proxy that breaks: `rollcall report --push`, each fault with a report of its own."""

import concurrent.futures
import dataclasses
import re
import shutil
import subprocess
import tempfile
import time

from component.report_test import Pushgateway
from component.small_pod import Pod
from support.authority import Certificates
from support.faulty_proxy import FaultyProxy
from support.serving import environment

from .matrix import Row, held

NAME = "Pushgateway, report"
LONGEST = 75  # s: three tries of 15 s each, their rests, and a busy machine


@dataclasses.dataclass
class Fault:
    name: str
    begin: object
    says: str
    scheme: str = "http"


FAULTS = (
    Fault("refused", FaultyProxy.refuse, "refused"),
    Fault("black hole", FaultyProxy.swallow, "no answer within"),
    Fault("reset", FaultyProxy.reset, "reset|closed"),
    Fault("slow", FaultyProxy.drip, "no answer within"),
    Fault("garbage", FaultyProxy.garble, "HTTP"),
    Fault("wrong TLS", lambda proxy: None, "not signed by an authority", "https"),
    Fault("cut mid-answer", lambda proxy: proxy.cut(15), "closed"),
    Fault("flapping", FaultyProxy.flap, ""),
)
NOT_APPLICABLE = (
    ("expired credential", "a Pushgateway asks for none"),
)


class Reports:
    def __init__(self, arguments, folder):
        self.program = arguments.rollcall
        self.gateway = Pushgateway(shutil.which("prometheus-pushgateway"))
        self.port = int(self.gateway.url.rpartition(":")[2])
        self.pod = Pod()
        self.stranger = Pod(tls=Certificates(f"{folder}/tls").server("gateway", "IP:127.0.0.1"))
        self.config = f"{folder}/rollcall.yaml"
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("commands: [{name: ours, argv: [/bin/true]}]\n"
                       f"pods: [{{name: pod-1, url: 'http://127.0.0.1:{self.pod.address[1]}'}}]\n")

    def close(self):
        self.gateway.close()
        self.pod.close()
        self.stranger.close()

    def report(self, site, url):
        """(exit code, stdout, stderr, seconds)"""
        began = time.monotonic()
        done = subprocess.run([self.program, "report", "--url", site, "--only", "exec", "--push", url, "--config",
                               self.config], env=environment(), capture_output=True, text=True, timeout=LONGEST,
                              check=False)
        return done.returncode, done.stdout, done.stderr, time.monotonic() - began

    def play(self, fault):
        site = f"http://{re.sub('[^a-z]', '-', fault.name)}.example.org"
        with FaultyProxy(("127.0.0.1", self.port)) as proxy:
            address = f"127.0.0.1:{proxy.port}"
            if fault.scheme == "https":
                proxy.target = self.stranger.address
            fault.begin(proxy)
            code, out, err, took = self.report(site, f"{fault.scheme}://{address}")
            require(out.startswith("# PASS"), f"the report is not there: {out}{err}")
            if fault.says:
                require(code == 3 and re.search(f"did not take the report: .*({fault.says})", err),
                        f"{code} {err}")
            else:
                require(code in (0, 3), f"{code} {err}")
            proxy.target = ("127.0.0.1", self.port)
            proxy.mend()
            again, _, err_again, recovered = self.report(site, f"http://{address}")
            require(again == 0, f"after it {again} {err_again}")
            require(f'site="{site}"' in self.gateway.metrics(), f"the gateway has nothing of {site}")
        said = next((line for line in err.splitlines() if "did not take" in line), "it was taken, by the third try at the latest")
        return Row(NAME, fault.name, said, f"a report in {took:.1f} s", f"{recovered:.1f} s", "ends with the report")


def require(holds, what):
    if not holds:
        raise AssertionError(what)


def play(arguments):
    """The rows."""
    with tempfile.TemporaryDirectory(prefix="rollcall-faults-") as folder:
        reports = Reports(arguments, folder)
        try:
            with concurrent.futures.ThreadPoolExecutor(len(FAULTS)) as pool:
                rows = list(pool.map(lambda fault: held(f"{NAME}, {fault.name}", lambda: reports.play(fault)), FAULTS))
        finally:
            reports.close()
    return rows + [Row(NAME, fault, f"does not apply: {reason}") for fault, reason in NOT_APPLICABLE]

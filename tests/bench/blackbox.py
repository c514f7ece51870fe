"""Debian's prometheus-blackbox-exporter, as somebody would use it who wants every post of every pod asked for."""

import http.client
import json
import os
import queue
import threading
import urllib.parse

from bench.figures import cpu_seconds
from lab import LabError, processes
from lab.common import free_ports, wait_until

_PROGRAM = "/usr/bin/prometheus-blackbox-exporter"
_MODULE = "pod"


class BlackboxExporter:
    """A running exporter whose one module asks as the ingress would: Host and scheme of the site.

    Ended when the block is left. Call from the main thread."""

    def __init__(self, folder, site_url, ca_file=None):
        site = urllib.parse.urlsplit(site_url)
        http_prober = {"valid_status_codes": [200], "follow_redirects": False, "preferred_ip_protocol": "ip4",
                       "headers": {"Host": site.netloc, "X-Forwarded-Proto": site.scheme}}
        if ca_file:
            http_prober["tls_config"] = {"ca_file": ca_file}
        config = os.path.join(folder, "blackbox.yml")
        with open(config, "w", encoding="utf-8") as out:        # JSON is YAML
            json.dump({"modules": {_MODULE: {"prober": "http", "timeout": "20s", "http": http_prober}}}, out)
        self.port = free_ports(1)[0]
        self._log = os.path.join(folder, "blackbox.log")
        self._argv = [_PROGRAM, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{self.port}",
                      "--log.level=error"]

    def __enter__(self):
        self.process = processes.spawn(self._argv, self._log, tied=True)
        try:
            wait_until(self._answers, 20, f"the blackbox exporter did not answer (see {self._log})")
        except BaseException:
            processes.end([self.process])
            raise
        return self

    def __exit__(self, *exception):
        processes.end([self.process])

    def cpu_seconds(self):
        return cpu_seconds(self.process["pid"])

    def probe_all(self, targets, at_once):
        """Asks for each of the URLs once, over so many kept connections. LabError when one is not as it should be."""
        todo, wrong = queue.SimpleQueue(), []
        for target in targets:
            todo.put(target)
        threads = [threading.Thread(target=self._work, args=(todo, wrong)) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if wrong:
            raise LabError(f"{len(wrong)} probes did not succeed, one of them of {wrong[0]}")

    def _answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/-/healthy")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _work(self, todo, wrong):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not wrong:
            try:
                target = todo.get_nowait()
            except queue.Empty:
                break
            try:
                connection.request("GET", "/probe?" + urllib.parse.urlencode({"module": _MODULE, "target": target}))
                if b"\nprobe_success 1\n" not in connection.getresponse().read():
                    wrong.append(target)
            except (OSError, http.client.HTTPException) as error:
                wrong.append(f"{target}: {error}")
        connection.close()

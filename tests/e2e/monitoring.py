"""Real Prometheus, real Alertmanager and a webhook that remembers, beside a lab. One thread drives them."""

import http.client
import http.server
import json
import os
import shutil
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml     # Debian's python3-yaml

from dashboards import files
from lab import LabError, processes
from lab.common import free_ports, tail, wait_until, write_private

JOB = "the-blog"     # any name will do


class Receiver:
    """What Alertmanager tells people: every alert of every notification, with when it came."""

    def __init__(self):
        told = self._told = []
        lock = self._lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = min(int(self.headers.get("Content-Length", 0)), 1 << 20)
                body = json.loads(self.rfile.read(length))
                with lock:
                    for alert in body["alerts"]:
                        told.append({**alert, "receiver": body["receiver"], "at": time.monotonic()})
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments):
                pass
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def told(self, since=0.0, **labels):
        """The alerts told since that time.monotonic() which have these labels; `status` is one of them."""
        with self._lock:
            return [alert for alert in self._told if alert["at"] >= since and
                    all({**alert["labels"], "status": alert["status"]}.get(name) == value
                        for name, value in labels.items())]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Monitoring:
    """Prometheus scrapes and judges every second; rules and routes are those of dashboards/."""

    def __init__(self, folder, rollcall_port):
        self.folder = os.path.join(folder, "monitoring")
        os.makedirs(self.folder)
        self.receiver = Receiver()
        self.port, self._alertmanager_port = free_ports(2)
        self._rules = os.path.join(self.folder, "rules.yaml")
        self._rollcall_port = rollcall_port
        self._running = []

    def __enter__(self):
        try:
            self.use_rules(60)
            self._start_alertmanager()
            self._start_prometheus()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        processes.end(self._running)
        self.receiver.close()

    def use_rules(self, factor):
        """Writes the rules with every duration divided by `factor`, for the next start."""
        write_private(self._rules, files.hurried(files.text(files.RULES), factor))

    def start_anew(self, factor):
        """Prometheus without anything it knew, with other rules."""
        processes.end([self._prometheus])
        self._running.remove(self._prometheus)
        shutil.rmtree(os.path.join(self.folder, "data"))
        self.use_rules(factor)
        self._start_prometheus()

    def _spawn(self, program, ready, *arguments):
        log = os.path.join(self.folder, os.path.basename(program) + ".log")
        with processes.uninterrupted():
            process = processes.spawn([program, *arguments], log, tied=True)
            self._running.append(process)

        def answers():
            if not processes.is_alive(process):
                raise LabError(f"{program} ended; its log says:\n{tail(log)}")
            return _status(ready) == 200
        wait_until(answers, 30, f"{program} did not become ready")
        return process

    def _start_alertmanager(self):
        """The example's routes and inhibitions; its waits shortened, its receivers replaced."""
        config = yaml.safe_load(files.text(files.ALERTMANAGER))

        def hurry(route):
            if "group_wait" in route:
                route["group_wait"] = "0s"
            if "group_interval" in route:
                route["group_interval"] = "1s"
            for below in route.get("routes", ()):
                hurry(below)
        hurry(config["route"])
        for receiver in config["receivers"]:
            for hook in receiver.get("webhook_configs", ()):
                hook["url"] = f"http://127.0.0.1:{self.receiver.port}/"
        path = os.path.join(self.folder, "alertmanager.yaml")
        write_private(path, yaml.safe_dump(config))
        address = f"127.0.0.1:{self._alertmanager_port}"
        self._spawn("prometheus-alertmanager", f"http://{address}/-/ready", f"--config.file={path}",
                    f"--storage.path={os.path.join(self.folder, 'alertmanager')}",
                    f"--web.listen-address={address}", "--cluster.listen-address=")

    def _start_prometheus(self):
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [self._rules],
            "alerting": {"alertmanagers": [
                {"static_configs": [{"targets": [f"127.0.0.1:{self._alertmanager_port}"]}]}]},
            "scrape_configs": [{"job_name": JOB, "honor_labels": True, "static_configs": [
                {"targets": [f"127.0.0.1:{self._rollcall_port}"]}]}]}
        path = os.path.join(self.folder, "prometheus.yaml")
        write_private(path, yaml.safe_dump(config))
        self._prometheus = self._spawn(
            "prometheus", f"http://127.0.0.1:{self.port}/-/ready", f"--config.file={path}",
            f"--storage.tsdb.path={os.path.join(self.folder, 'data')}",
            f"--web.listen-address=127.0.0.1:{self.port}")
        wait_until(lambda: self.ask("rollcall:pod_up:min"), 30, "Prometheus knew nothing of the pods")

    def ask(self, expression):
        """[(labels, value)] of an instant query; LabError when Prometheus refuses it."""
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                result = json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise LabError(f"Prometheus refuses {expression}: {error.read().decode()[:300]}") from error
        except OSError:
            return []
        return [(each["metric"], float(each["value"][1])) for each in result]

    def states(self):
        """{(alert, state)} that are pending or firing now."""
        return {(labels["alertname"], labels["alertstate"]) for labels, _ in self.ask("ALERTS")}


def _status(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except (OSError, http.client.HTTPException):
        return 0

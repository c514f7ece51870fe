"""Runs `rollcall` with commands as checks: Debian's monitoring plug-ins as they are, and hostile ones.

usage: exec_test.py PROGRAM
"""

import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from kube.program import PASSTHROUGH, until     # noqa: E402
from lab import common, mariadb, processes      # noqa: E402

PROGRAM = ""
PLUGINS = "/usr/lib/nagios/plugins"
ROOT = os.path.dirname(sys.path[0])


class Front:
    """A pod as readers see it: answers every GET with `status`."""

    def __init__(self, host):
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 (the name is http.server's)
                body = b"<html>Lab</html>"
                self.send_response(front.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.status = 200
        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.url = f"http://{host}:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class ExecTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rollcall-exec-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.fronts = [Front("127.0.15.1"), Front("127.0.15.2")]
        for front in self.fronts:
            self.addCleanup(front.close)
        # Everything that Rollcall starts carries it, so that what is left of it is found.
        self.mark = f"rollcall-exec-{os.getpid()}-{self.id().rpartition('.')[2]}"

    def environment(self):
        env = {name: os.environ[name] for name in PASSTHROUGH if name in os.environ}
        env.update(PATH=os.environ["PATH"], MARK=self.mark, ROLLCALL_DB_PASSWORD="hunter2")
        return env

    def config(self, *commands):
        """A configuration file with these commands; each passes the mark on."""
        path = os.path.join(self.folder, "rollcall.yaml")
        pods = [{"name": f"ghost-{i}", "url": front.url} for i, front in enumerate(self.fronts)]
        told = [{**each, "env": each.get("env", []) + ["MARK"]} for each in commands]
        # JSON is YAML.
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"site": {"url": "http://blog.example.org"}, "pods": pods, "commands": told,
                       "listen": "127.0.0.1:0", "checks": {"exec": {"interval": "1s"}}}, out)
        return path

    def check(self, *commands, output="json"):
        """(exit code, what it printed)"""
        done = subprocess.run([PROGRAM, "check", "--config", self.config(*commands), "--only", "exec",
                               "--output", output], env=self.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(self.left(), [])
        return done.returncode, json.loads(done.stdout) if output == "json" else done.stdout

    def left(self):
        """Processes that Rollcall's commands left behind; Rollcall itself carries the mark, too."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as environ, open(f"/proc/{pid}/cmdline", "rb") as line:
                    if f"MARK={self.mark}".encode() in environ.read().split(b"\0"):
                        found.append(line.read().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                pass
        return [line for line in found if not line.startswith(PROGRAM)]

    def codes(self, report):
        return [(each["code"], each["pod"], each["resource"]["id"]) for each in report["findings"]]

    def gaps(self, report):
        return [(gap["pod"], gap["what"], gap["why"]["code"]) for run in report["checks"] for gap in run["gaps"]]


@unittest.skipUnless(os.path.exists(f"{PLUGINS}/check_mysql"),
                     "monitoring-plugins-basic and -standard are not installed")
class DebiansPlugIns(ExecTest):
    def test_check_http_is_run_for_each_pod(self):
        command = {"name": "front-page", "per_pod": True, "argv": [
            f"{PLUGINS}/check_http", "-I", "$ROLLCALL_POD_HOST", "-p", "$ROLLCALL_POD_PORT", "-H",
            "$ROLLCALL_SITE_HOST"]}
        status, report = self.check(command)
        self.assertEqual((status, report["verdict"], report["findings"]), (0, "pass", []))
        self.fronts[1].status = 500
        status, report = self.check(command)
        self.assertEqual((status, self.codes(report)), (2, [("RC682", "ghost-1", "front-page")]))
        self.assertIn("HTTP CRITICAL: HTTP/1.0 500 Internal Server Error", report["findings"][0]["message"])
        self.fronts[1].status = 404
        status, report = self.check(command)
        self.assertEqual((status, self.codes(report)), (1, [("RC681", "ghost-1", "front-page")]))

    def test_check_mysql_sees_a_real_server_come_and_go(self):
        folder = os.path.join(self.folder, "db")
        mariadb.initialise(folder)
        port, = common.free_ports(1)
        socket_path = mariadb.socket_path(folder)
        self.addCleanup(mariadb.forget_socket, socket_path, folder)
        database = mariadb.Database({"datadir": folder, "socket": socket_path, "port": port,
                                     "log": os.path.join(self.folder, "db.log")})
        started = database.start(tied=True, spawned=lambda it: self.addCleanup(processes.kill, it))
        database.sql("CREATE USER 'watch'@'127.0.0.1' IDENTIFIED BY 'hunter3'", database="")
        secret = os.path.join(self.folder, "my.cnf")
        common.write_private(secret, "[client]\nuser=watch\npassword=hunter3\n")
        command = {"name": "db", "argv": [f"{PLUGINS}/check_mysql", "-H", "127.0.0.1", "-P", str(port), "-f", secret,
                                          "-g", "client"]}
        status, report = self.check(command)
        self.assertEqual((status, report["findings"], self.gaps(report)), (0, [], []))
        metrics = self.check(command, output="prometheus")[1]
        self.assertRegex(metrics, r'rollcall_exec_value\{command="db",label="Connections",unit="total"\} [1-9]')
        processes.end([started])
        status, report = self.check(command)
        self.assertEqual((status, self.codes(report)), (2, [("RC682", None, "db")]))
        self.assertNotIn("hunter3", json.dumps(report))

    def test_check_disk_tells_numbers_in_base_units(self):
        status, page = self.check({"name": "disk", "argv": [f"{PLUGINS}/check_disk", "-w", "0%", "-c", "0%", "-p", "/"]},
                                  output="prometheus")
        self.assertEqual(status, 0, page)
        used = re.search(r'^rollcall_exec_value\{command="disk",label="/",unit="bytes"\} (\S+)$', page, re.MULTILINE)
        space = os.statvfs("/")
        self.assertLess(abs(float(used[1]) - (space.f_blocks - space.f_bfree) * space.f_frsize), 20e9)
        if not shutil.which("promtool"):
            self.skipTest("promtool is missing")
        judged = subprocess.run(["promtool", "check", "metrics"], input=page, text=True, capture_output=True, check=False)
        self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)

    def test_check_dummy_says_each_verdict(self):
        for state, exit_code, codes, gaps in ((0, 0, [], []), (1, 1, [("RC681", None, "dummy")], []),
                                              (2, 2, [("RC682", None, "dummy")], []),
                                              (3, 3, [], [(None, "command dummy", "protocol")])):
            with self.subTest(state):
                status, report = self.check({"name": "dummy", "argv": [f"{PLUGINS}/check_dummy", str(state), "said"]})
                self.assertEqual((status, self.codes(report), self.gaps(report)), (exit_code, codes, gaps))


class Commands(ExecTest):
    def shell(self, name, script, **more):
        return {"name": name, "argv": ["/bin/sh", "-c", script], **more}

    def test_one_that_hangs_holds_up_none_of_the_others(self):
        status, report = self.check(self.shell("hangs", "trap '' TERM; setsid sleep 300 & sleep 300", timeout="1s"),
                                    self.shell("warns", "echo too much; exit 1"), self.shell("fine", "exit 0"))
        self.assertEqual(status, 3)
        self.assertEqual(self.codes(report), [("RC681", None, "warns")])
        self.assertEqual(self.gaps(report), [(None, "command hangs", "deadline_exceeded")])
        self.assertLess(report["took_ms"], 20000)

    def test_rollcalls_own_secrets_are_not_handed_on_unless_named(self):
        script = "echo \"${ROLLCALL_DB_PASSWORD:-none}\"; exit 1"
        for env, said in (([], "shown: none"), (["ROLLCALL_DB_PASSWORD"], "shown: hunter2")):
            report = self.check(self.shell("shown", script, env=env))[1]
            self.assertEqual(report["findings"][0]["message"], said)

    def test_what_a_command_says_harms_no_output(self):
        command = self.shell("evil", r"printf '\033[2J<script>alert(1)</script>|'\''a\033[31m\"}'\''=1\n\033]0;x\007'; exit 2")
        for output in ("table", "markdown", "junit", "nagios", "prometheus", "json"):
            with self.subTest(output):
                status, said = self.check(command, output=output)
                said = json.dumps(said, ensure_ascii=False) if output == "json" else said
                self.assertEqual(status, 2)
                self.assertNotRegex(said, "[\x00-\x08\x0b-\x1f\x7f]")
                if output == "junit":
                    self.assertNotIn("<script>", said)

    def test_the_report_is_as_its_schema_says(self):
        report = self.check(self.shell("warns", "exit 1"), self.shell("unknown", "exit 3"))[1]
        path = os.path.join(self.folder, "report.json")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(report, out)
        done = subprocess.run([sys.executable, f"{ROOT}/schema/validate.py", f"{ROOT}/schema/report.schema.json", path],
                              capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, 77), done.stdout + done.stderr)

    def start(self, *arguments):
        process = subprocess.Popen([PROGRAM, *arguments], env=self.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def ends_with_its_commands(self, arguments, number, status):
        config = self.config(self.shell("hangs", "trap '' TERM INT; setsid sleep 300 & sleep 300", timeout="45s"))
        process = self.start(*arguments, "--config", config, "--only", "exec")
        until(lambda: len(self.left()) >= 2, "the command runs")
        begun = time.monotonic()
        process.send_signal(number)
        self.assertEqual(process.wait(30), status)
        self.assertLess(time.monotonic() - begun, 15)
        until(lambda: not self.left(), "nothing is left")

    def test_sigterm_ends_the_daemon_with_what_it_runs(self):
        self.ends_with_its_commands(["serve"], signal.SIGTERM, 0)

    def test_ctrl_c_ends_a_check_with_what_it_runs(self):
        self.ends_with_its_commands(["check"], signal.SIGINT, 130)

    def test_what_runs_ends_when_rollcall_is_killed(self):
        self.ends_with_its_commands(["serve"], signal.SIGKILL, -signal.SIGKILL)

    def test_the_page_and_the_metrics_of_a_daemon_show_it(self):
        marker = os.path.join(self.folder, "well")
        command = self.shell("evil",
                             f"[ -e {marker} ] && exit 0; echo '<b>broken</b>|n=1'; exit 2")
        process = self.start("serve", "--config", self.config(command), "--only", "exec")
        log = []
        reader = threading.Thread(target=lambda: log.extend(iter(process.stderr.readline, "")), daemon=True)
        reader.start()
        port = until(lambda: next((json.loads(line)["port"] for line in log if '"port"' in line), None), "the start")

        def get(path):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.read().decode()
        found = 'rollcall_findings{check="exec",code="RC682",severity="critical"} '
        until(lambda: found + "1" in get("/metrics"), "the finding")
        self.assertIn('rollcall_exec_value{command="evil",label="n",unit=""} 1', get("/metrics"))
        page = get("/")
        self.assertIn("RC682", page)
        self.assertIn("&lt;b&gt;broken&lt;/b&gt;", page)
        self.assertNotIn("<b>broken", page)
        with open(marker, "w", encoding="utf-8"):
            pass
        until(lambda: found + "0" in get("/metrics"), "the end of the finding")
        self.assertNotIn("rollcall_exec_value", get("/metrics"))


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()

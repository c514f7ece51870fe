"""Runs the program as people do and looks at exit codes, stdout and stderr.

usage: cli_test.py PROGRAM
"""

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

PROGRAM = ""
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECRET = "hunter2secret"
ADMIN_KEY = "0123456789abcdef01234567:" + "7e57" * 16
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
PASSTHROUGH = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")


def environment(**more):
    env = {name: os.environ[name] for name in PASSTHROUGH if name in os.environ}
    env["PATH"] = os.environ["PATH"]
    env.update(more)
    return env


def run(*arguments, **env):
    return subprocess.run([PROGRAM, *arguments], env=environment(**env), capture_output=True,
                          text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


class Listener:
    """Listens on loopback; accepts and stays silent, or says `reply` at once."""

    def __init__(self, reply=b""):
        self.reply = reply

    def __enter__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(50)
        self.port = self.socket.getsockname()[1]
        self.kept = []
        self.accepted = threading.Event()
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self

    def accept(self):
        while True:
            try:
                self.kept.append(self.socket.accept()[0])
                self.kept[-1].sendall(self.reply)
            except OSError:
                return
            self.accepted.set()

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
        for connection in self.kept:
            connection.close()


class Screen:
    """What a terminal of this size shows of what a program prints; `scrolled` counts the lines it lost."""

    def __init__(self, rows, columns):
        self.columns, self.lines, self.row, self.column, self.scrolled = columns, [""] * rows, 0, 0, 0

    def take(self, text):
        for control, character in re.findall(r"\x1b\[([?0-9;]*[A-Za-z])|(.)", text, re.DOTALL):
            if character:
                self.put(character)
            elif control == "H":
                self.row = self.column = 0
            elif control == "J":
                self.lines[self.row] = self.lines[self.row][:self.column]
                self.lines[self.row + 1:] = [""] * (len(self.lines) - self.row - 1)
        return self

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.down()
        else:
            if self.column == self.columns:
                self.down()
                self.column = 0
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
            self.column += 1

    def down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines = self.lines[1:] + [""]
            self.row -= 1
            self.scrolled += 1


def closed_port():
    """A port where nobody listens: bound, so nobody else takes it, but not listening."""
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    return reserved, reserved.getsockname()[1]


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rollcall-cli-")
        self.addCleanup(shutil.rmtree, self.folder)
        reserved, self.closed = closed_port()
        self.addCleanup(reserved.close)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def refused(self, result, *fragments):
        self.assertEqual(result.returncode, 64, result)
        self.assertEqual(result.stdout, "")
        for fragment in fragments:
            self.assertIn(fragment, result.stderr)

    def unreachable(self):
        return ["--url", "http://example.org", "--pod", f"pod-1=http://127.0.0.1:{self.closed}",
                "--db", f"mysql://u@127.0.0.1:{self.closed}/ghost", "--only", "posts"]

    # Usage

    def test_no_control_character_of_an_argument_reaches_the_terminal(self):
        evil = "\x1b[2J\x9b\x07"
        for arguments in (["check", "--only", evil], ["check", "--output", evil],
                          ["check", "--url", "http://e.org/" + evil, "--pod", evil + "=http://x"],
                          ["check", "--config", evil], [evil], ["check", "--" + evil],
                          ["explain", evil], ["config", "check", "--pods-dns", evil]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 64, result)
            for character in ("\x1b", "\x9b", "\x07"):
                self.assertNotIn(character, result.stderr, arguments)

    def test_nothing_configured_shows_the_ways_to_start(self):
        for arguments in ([], ["check"], ["serve"]):
            self.refused(run(*arguments), "Three usual ways to start", "--ghost-config")

    def test_no_pods_and_no_url_are_named_together(self):
        self.refused(run("check", "--db", "mysql://u@127.0.0.1:1/g"), "--url", "--ghost-config",
                     "--pod NAME=URL", "--pods-dns HOST:PORT")
        result = run("check", "--url", "http://example.org")
        self.refused(result, "no pods are given")
        self.assertEqual(result.stderr.count("\n"), 1)

    def test_an_unknown_check_is_refused_with_the_nearest(self):
        self.refused(run("check", *self.unreachable(), "--only", "psots"),
                     'rollcall: --only: there is no check "psots", did you mean "posts"?')
        self.refused(run("serve", *self.unreachable(), "--only", "posts,zzzzz"),
                     'there is no check "zzzzz"')

    def test_flags_are_named_in_what_is_wrong_with_them(self):
        for flag, value in (("--url", "x"), ("--db", "x"), ("--pod", "x"), ("--pods-dns", "x"),
                            ("--routes", "/none"), ("--pod-ca", "/none"), ("--db-ca", "/none"),
                            ("--db-password-file", "/none"), ("--max-findings", "x")):
            result = run("config", "check", flag, value)
            self.refused(result, f"rollcall: {flag}: ")
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for flag in ("--config", "--ghost-config"):
            self.refused(run("check", flag, "/none"), "/none: there is no such file")

    # Verdicts

    def test_what_cannot_be_looked_at_exits_3(self):
        result = run("check", *self.unreachable())
        self.assertEqual(result.returncode, 3, result)
        self.assertIn("UNKNOWN", result.stdout)
        self.assertNotIn("\033", result.stdout)
        self.assertEqual(result.stderr, "")
        self.assertEqual(run("check", *self.unreachable(), "--fail-on", "fail").returncode, 3)
        self.assertEqual(run("check", *self.unreachable(), "--fail-on", "never").returncode, 0)

    def test_every_output_goes_to_stdout_alone(self):
        for output in ("table", "json", "junit", "nagios", "prometheus", "markdown"):
            result = run("check", *self.unreachable(), "--output", output)
            self.assertEqual(result.returncode, 3)
            self.assertEqual(result.stderr, "", output)
            self.assertTrue(result.stdout, output)
            if output == "json":
                self.assertEqual(json.loads(result.stdout)["verdict"], "unknown")

    def test_nothing_applicable_exits_3_with_a_sentence(self):
        result = run("check", *self.unreachable()[:4], "--only", "posts", "--output", "json")
        self.assertEqual(result.returncode, 3, result)
        self.assertEqual(json.loads(result.stdout)["verdict"], "not_applicable")
        self.assertIn("no database is given", result.stderr)
        self.assertIn("nothing was looked at", result.stderr)

    def test_a_report_that_cannot_be_written_exits_3(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([PROGRAM, "check", *self.unreachable(), "--fail-on", "never"],
                                    env=environment(), stdout=full, stderr=subprocess.PIPE,
                                    text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 3)
        self.assertIn("the output could not be written: No space left", result.stderr)

    def test_every_command_notices_a_full_disk(self):
        for arguments in (["list"], ["explain", "RC201"], ["explain", "posts"], ["config", "show"],
                          ["config", "check"], ["version"], ["completion", "bash"], ["--help"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                result = subprocess.run([PROGRAM, *arguments], env=environment(), stdout=full,
                                        stderr=subprocess.PIPE, text=True, timeout=60, check=False)
            self.assertEqual(result.returncode, 3, arguments)
            self.assertIn("the output could not be written: No space left", result.stderr)

    def test_a_reader_that_leaves_early_is_no_failure(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as closed:
            result = subprocess.run([PROGRAM, "check", *self.unreachable(), "--fail-on", "never"],
                                    env=environment(), stdout=closed, stderr=subprocess.PIPE,
                                    text=True, timeout=60, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    # Time and signals

    def test_the_timeout_is_kept(self):
        with Listener() as silent:
            start = time.monotonic()
            result = run("check", "--url", "http://example.org", "--pod",
                         f"pod-1=http://127.0.0.1:{silent.port}", "--db",
                         f"mysql://u@127.0.0.1:{silent.port}/ghost", "--timeout", "500ms",
                         "--only", "posts")
            self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(result.returncode, 3, result)

    def test_an_interrupt_ends_it_within_a_second(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with Listener() as silent:
                process = subprocess.Popen(
                    [PROGRAM, "check", "--url", "http://example.org", "--pod",
                     f"pod-1=http://127.0.0.1:{silent.port}", "--db",
                     f"mysql://u@127.0.0.1:{silent.port}/ghost"],
                    env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                self.assertTrue(silent.accepted.wait(20))
                start = time.monotonic()
                process.send_signal(number)
                out, _ = process.communicate(timeout=20)
                took = time.monotonic() - start
            self.assertEqual(process.returncode, code)
            self.assertEqual(out, "")
            # Well below what the database client would wait; a second on a machine at rest.
            self.assertLess(took, 3.0)

    def on_a_terminal(self, arguments, **env):
        """Runs on a pseudo terminal 60 columns wide; all that was printed, and the exit code."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        with subprocess.Popen([PROGRAM, *arguments], env=environment(**env), stdin=slave,
                              stdout=slave, stderr=slave) as process:
            os.close(slave)
            text = b""
            while True:
                try:
                    piece = os.read(master, 65536)
                except OSError:
                    break
                if not piece:
                    break
                text += piece
        os.close(master)
        return text.decode(), process.returncode

    def test_a_terminal_gets_colour_and_its_width(self):
        text, code = self.on_a_terminal(["check", *self.unreachable()], TERM="xterm")
        self.assertEqual(code, 3)
        self.assertIn("\033[", text)
        plain, _ = self.on_a_terminal(["check", *self.unreachable()], TERM="xterm", NO_COLOR="1")
        self.assertNotIn("\033[", plain)
        dumb, _ = self.on_a_terminal(["check", *self.unreachable()], TERM="dumb")
        self.assertNotIn("\033[", dumb)
        self.assertLessEqual(max(len(line) for line in plain.split("\r\n")), 60)

    def test_a_terminal_gets_a_progress_line_that_vanishes(self):
        with Listener() as silent:
            arguments = ["check", "--url", "http://example.org", "--pod",
                         f"pod-1=http://127.0.0.1:{silent.port}", "--db",
                         f"mysql://u@127.0.0.1:{silent.port}/ghost", "--timeout", "1500ms",
                         "--only", "posts"]
            text, _ = self.on_a_terminal(arguments, TERM="xterm", NO_COLOR="1")
            dumb, _ = self.on_a_terminal(arguments, TERM="dumb")
        self.assertIn("asking 1 pod", text)
        self.assertIn("\r\033[KUNKNOWN", text)
        self.assertNotIn("asking 1 pod", dumb)

    # Watching

    def watching(self, ending, *more, rounds=2, size=(40, 100), arguments=None, **env):
        """Watches on a pseudo terminal until `rounds` rounds were shown, then sends `ending`; what
        was printed and the exit code."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        arguments = arguments or self.unreachable()
        with subprocess.Popen([PROGRAM, "check", *arguments, "--watch", "1", *more],
                              env=environment(**env), stdin=slave, stdout=slave, stderr=slave) as process:
            os.close(slave)
            text = b""
            while True:
                try:
                    piece = os.read(master, 65536)
                except OSError:
                    break
                text += piece
                if ending and f"round {rounds},".encode() in text:
                    process.send_signal(ending)
                    ending = None
        os.close(master)
        return text.decode(), process.returncode

    def test_watching_draws_in_place_and_gives_the_terminal_back(self):
        for ending in (signal.SIGINT, signal.SIGTERM):
            text, code = self.watching(ending, TERM="xterm")
            self.assertEqual(code, 3, text)       # of the last round, not of the signal
            self.assertTrue(text.startswith("\033[?1049h\033[?25l"), text[:60])
            self.assertEqual(text.count("\033[?1049h"), 1)
            self.assertEqual(text.count("\033[?25h\033[?1049l"), 1)
            drawn, _, left = text.partition("\033[?25h\033[?1049l")
            self.assertIn("\033[H\033[Jround 2,", drawn)
            self.assertIn("CHANGED SINCE THE ROUND BEFORE", drawn)
            self.assertIn("UNKNOWN", left)        # the last table stays readable
            self.assertNotIn("\033[?", left)

    def test_a_command_longer_than_a_row_does_not_scroll_the_verdict_away(self):
        pods = [part for i in (1, 2, 3)
                for part in ("--pod", f"pod-{i}=http://127.0.0.{i}:{self.closed}")]
        text, code = self.watching(signal.SIGINT, "--only", "pods", size=(30, 80), TERM="xterm",
                                   arguments=["--url", "http://example.org", *pods])
        self.assertEqual(code, 2, text)
        screen = Screen(30, 80).take(text.partition("\033[?25h")[0])
        shown = "\n".join(screen.lines)
        self.assertEqual(screen.scrolled, 0, shown)
        self.assertTrue(screen.lines[0].startswith("round 2,"), shown)
        self.assertIn("FAIL: 3 of 3 pods: a pod cannot be reached", shown)
        self.assertRegex(screen.lines[-1] or screen.lines[-2], "more lines; a higher window", shown)
        self.assertIn("'http://example.org/ghost/api/admin/site/'",
                      shown.replace("\n", ""), "a command is whole")

    def test_watching_without_a_terminal_appends_rounds_as_plain_text(self):
        with subprocess.Popen([PROGRAM, "check", *self.unreachable(), "--watch", "1s"],
                              env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            text = ""
            for line in process.stdout:
                text += line
                if line.startswith("round 2,"):
                    process.terminate()
        self.assertEqual(process.returncode, 3, text)
        self.assertNotIn("\033", text)
        self.assertNotIn("\r", text)
        self.assertEqual(text.count("UNKNOWN: "), 2, text)
        dumb, _ = self.watching(signal.SIGTERM, TERM="dumb")
        self.assertNotIn("\033", dumb)

    def test_watching_ends_when_nobody_reads(self):
        with subprocess.Popen([PROGRAM, "check", *self.unreachable(), "--watch"],
                              env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.wait(timeout=60), 3)
            self.assertEqual(process.stderr.read(), "")
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([PROGRAM, "check", *self.unreachable(), "--watch"],
                                    env=environment(), stdout=full, stderr=subprocess.PIPE,
                                    text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 3)
        self.assertIn("the output could not be written: No space left", result.stderr)

    def test_what_watch_takes_is_checked(self):
        self.refused(run("check", *self.unreachable(), "--watch", "0"),
                     "--watch: must be from 1s to 1h")
        self.refused(run("check", *self.unreachable(), "--watch", "often"), "--watch: ")
        self.refused(run("check", *self.unreachable(), "--watch", "--output", "json"),
                     "--watch: shows the table")
        self.refused(run("serve", "--watch"), "--watch: unknown flag")
        self.assertIn("--watch", run("check", "--help").stdout)
        self.assertEqual(self.complete("rollcall", "check", "--wa"), ["--watch"])

    # Configuration

    def test_the_examples_are_valid(self):
        examples = os.path.join(ROOT, "examples")
        for name in sorted(os.listdir(examples)):
            if not (name.startswith("rollcall.") and name.endswith(".yaml")):
                continue  # Prometheus' and others'
            shutil.copy(os.path.join(examples, name), self.folder)
            self.write("db-password", SECRET + "\n")
            self.write("content-api-key", "0123456789abcdef0123456789\n")
            self.write("admin-api-key", ADMIN_KEY + "\n")
            self.write("purge-token", SECRET + "\n")
            self.write("webhook-url", "https://hooks.example.org/T0/B0\n")
            self.write("webhook-secret", SECRET * 4 + "\n")
            self.write("db-ca.pem", CERTIFICATE)
            self.write("pods-ca.pem", CERTIFICATE)
            self.write("routes.yaml", "collections:\n  /:\n    permalink: /{slug}/\n")
            result = run("config", "check", "--config", os.path.join(self.folder, name))
            self.assertEqual((result.returncode, result.stderr), (0, ""), name)
            self.assertIn("The configuration is valid", result.stdout)

    def test_what_is_shown_is_accepted_again_and_shows_the_same(self):
        self.write("db-password", SECRET + "\n")
        config = self.write("rollcall.yaml", "site: {url: 'https://example.org'}\n"
                            "pods: ['pod-1=http://10.0.0.1:2368']\n"
                            "database: {url: 'mysql://u@db/ghost', password_file: db-password}\n")
        shown = run("config", "show", "--config", config)
        self.assertEqual(shown.returncode, 0, shown)
        self.assertIn("# password: (set)", shown.stdout)
        again = self.write("again.yaml", shown.stdout)
        self.assertEqual(run("config", "check", "--config", again).returncode, 0)
        second = run("config", "show", "--config", again)
        self.assertEqual(second.stdout, shown.stdout.replace("(set)", "(not set)", 1))

    def test_ghosts_environment_is_enough(self):
        result = run("config", "check", url="https://example.org",
                     database__client="mysql", database__connection__host="db",
                     database__connection__user="ghost",
                     database__connection__password=SECRET,
                     database__connection__database="ghost_prod")
        self.assertEqual(result.returncode, 0, result)
        self.assertIn("https://example.org", result.stdout)
        self.assertIn("mysql://ghost@db:3306/ghost_prod", result.stdout)

    def test_ghost_on_sqlite_gets_one_sentence(self):
        ghost = self.write("config.production.json",
                           '{"url": "http://e.org", "database": {"client": "sqlite3"}}')
        result = run("check", "--ghost-config", ghost, "--pod", "a=http://127.0.0.1:1")
        self.refused(result, "SQLite", "cannot run as several pods", "MySQL 8")
        self.assertEqual(result.stderr.count("\n"), 1)

    def test_a_password_may_come_through_a_pipe(self):
        reader, writer = os.pipe()
        os.write(writer, (SECRET + "\n").encode())
        os.close(writer)
        try:
            result = subprocess.run(
                [PROGRAM, "config", "show", "--db", "mysql://u@db/g", "--db-password-file",
                 f"/dev/fd/{reader}"], env=environment(), capture_output=True, text=True,
                timeout=60, check=False, pass_fds=[reader])
        finally:
            os.close(reader)
        self.assertIn("# password: (set)", result.stdout)

    def test_rollcall_config_stands_in_for_the_flag(self):
        config = self.write("rollcall.yaml", "site: {url: 'https://example.org'}\n")
        other = self.write("other.yaml", "site: {url: 'https://other.org'}\n")
        self.assertIn("https://example.org", run("config", "check", ROLLCALL_CONFIG=config).stdout)
        self.assertIn("https://other.org",
                      run("config", "check", "--config", other, ROLLCALL_CONFIG=config).stdout)
        for command in (["check"], ["serve"], ["config", "show"]):
            self.refused(run(*command, ROLLCALL_CONFIG="/none"),
                         "rollcall: ROLLCALL_CONFIG: /none: there is no such file\n")

    # Secrets

    def test_secrets_are_never_printed(self):
        ghost = self.write("ghost.json", json.dumps({
            "url": f"http://me:{SECRET}@e.org", "database": {"client": "mysql", "connection": {
                "host": "127.0.0.1", "port": self.closed, "user": "u", "password": SECRET,
                "database": "g"}}}))
        good = self.write("good.json", json.dumps({
            "url": "http://e.org", "database": {"client": "mysql", "connection": {
                "host": "127.0.0.1", "port": self.closed, "user": "u", "password": SECRET,
                "database": "g"}}}))
        broken = self.write("broken.json", '{"database": {"password": "' + SECRET + '" oops}}')
        yaml = self.write("a.yaml", f"database: {{password: {SECRET}, url: 'mysql://u:{SECRET}@h/n'}}\n"
                          f"content_api_key: {SECRET}\nsite: {{url: 'https://u:{SECRET}@h?x'}}\n"
                          f"pods: ['a=http://u:{SECRET}@h', 'u:{SECRET}@h']\n"
                          f"pods_dns: 'u:{SECRET}@h'\nlisten: 'u:{SECRET}@h'\n")
        alias = self.write("b.yaml", f"database: {{password: *{SECRET}}}\n")
        secret_file = self.write("secret", SECRET + "\nmore\n")
        pod = ["--pod", f"a=http://127.0.0.1:{self.closed}"]
        runs = [
            run("check", "--ghost-config", ghost, *pod),
            run("check", "--ghost-config", broken, *pod),
            run("config", "check", "--config", yaml),
            run("config", "check", "--config", alias),
            run("config", "check", "--db-password-file", secret_file),
            run("check", "--db", f"mysql://u:{SECRET}@h/n", *pod),
            run("check", "--db", f"u:{SECRET}@h/n", *pod),
            run("check", "--url", f"https://u:{SECRET}@h", *pod),
            run("check", "--db-password", SECRET),
            run("check", f"--db-pass={SECRET}"),
            run("check", "--pod", f"a=http://u:{SECRET}@h"),
            run("config", "show", "--ghost-config", good),
            run("config", "check", "--ghost-config", good),
            run("config", "show", ROLLCALL_CONTENT_API_KEY=SECRET),
            run("config", "show", ROLLCALL_CONTENT_API_KEY="a:" + SECRET),
            run("config", "show", ROLLCALL_ADMIN_API_KEY=SECRET),
            run("config", "show", ROLLCALL_ADMIN_API_KEY=ADMIN_KEY),
            run("config", "show", ROLLCALL_PURGE_TOKEN=SECRET),
            run("config", "show", ROLLCALL_PURGE_TOKEN=SECRET + " "),
            run("config", "check", ROLLCALL_DB=f"mysql://u:{SECRET}@h/n"),
        ]
        for output in ("table", "json", "junit", "nagios", "prometheus", "markdown"):
            runs.append(run("check", "--ghost-config", good, *pod, "--output", output, "--verbose",
                            ROLLCALL_CONTENT_API_KEY=SECRET, ROLLCALL_ADMIN_API_KEY=ADMIN_KEY))
        for result in runs:
            self.assertTrue(result.stdout + result.stderr, result.args)
            self.assertNotIn(SECRET, result.stdout + result.stderr, result.args)
            self.assertNotIn(ADMIN_KEY[-64:], result.stdout + result.stderr, result.args)

    # The daemon's health

    def test_health_is_what_livez_says(self):
        with subprocess.Popen([PROGRAM, "serve", *self.unreachable(), "--listen", "127.0.0.1:0"],
                              env=environment(), stderr=subprocess.PIPE, text=True) as daemon:
            try:
                started = next(line for line in map(json.loads, daemon.stderr) if "port" in line)
                address = f"127.0.0.1:{started['port']}"
                alive = run("health", "--address", address)
                self.assertEqual((alive.returncode, alive.stdout, alive.stderr),
                                 (0, f"the daemon at {address} is alive\n", ""))
            finally:
                daemon.terminate()
                daemon.communicate(timeout=30)
        gone = run("health", "--address", address)
        self.assertEqual((gone.returncode, gone.stdout), (1, ""))
        self.assertIn(f"rollcall: the daemon at {address} is not alive: ", gone.stderr)

    def test_health_is_bad_when_the_engine_stands_still(self):
        reply = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 6\r\n\r\nstuck\n"
        with Listener(reply) as stuck:
            result = run("health", "--address", f"127.0.0.1:{stuck.port}")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/livez answered 503: stuck", result.stderr)

    def test_health_waits_no_longer_than_three_seconds(self):
        with Listener() as silent:
            start = time.monotonic()
            result = run("health", "--address", f"127.0.0.1:{silent.port}")
            self.assertLess(time.monotonic() - start, 10)
        self.assertEqual(result.returncode, 1)

    # The small commands

    def test_list_explain_and_version(self):
        listed = run("list")
        self.assertEqual(listed.returncode, 0)
        self.assertIn("posts", listed.stdout)
        self.assertIn("RC201", listed.stdout)
        for what in ("RC201", "rc201", "posts"):
            explained = run("explain", what)
            self.assertEqual((explained.returncode, explained.stderr), (0, ""))
            self.assertIn("RC201", explained.stdout)
        self.refused(run("explain", "RC999999"), 'there is no finding or check "RC999999"')
        self.assertRegex(run("version").stdout, r"^rollcall \d+\.\d+\.\d+\n$")
        self.assertEqual(run("version").stdout, run("--version").stdout)

    def test_completion_scripts_parse(self):
        for shell in ("bash", "zsh", "fish"):
            script = run("completion", shell)
            self.assertEqual(script.returncode, 0)
            self.assertIn("ghost-config", script.stdout)
            interpreter = shutil.which(shell)
            if not interpreter:
                print(f"skipped: {shell} is not installed, its completion was not parsed")
                continue
            subprocess.run([interpreter, "-n"], input=script.stdout, text=True, check=True,
                           timeout=60)

    def complete(self, *words):
        """What bash would offer for the last word."""
        line = " ".join(f"'{word}'" for word in words)
        script = (f"source <('{PROGRAM}' completion bash)\nCOMP_WORDS=({line})\n"
                  f"COMP_CWORD={len(words) - 1}\n_rollcall\n"
                  'printf "%s\\n" "${COMPREPLY[@]}"\n')
        result = subprocess.run(["bash", "--norc"], input=script, env=environment(),
                                cwd=self.folder, capture_output=True, text=True, timeout=60,
                                check=True)
        self.assertEqual(result.stderr, "")
        return result.stdout.split()

    def test_bash_offers_what_fits(self):
        self.write("ghost.json", "{}")
        self.assertEqual(self.complete("rollcall", "che"), ["check"])
        self.assertEqual(self.complete("rollcall", "config", ""), ["check", "show"])
        self.assertEqual(self.complete("rollcall", "check", "--pods"), ["--pods-dns"])
        self.assertEqual(self.complete("rollcall", "check", "--output", "j"), ["json", "junit"])
        self.assertEqual(self.complete("rollcall", "check", "--ghost-config", "gh"), ["ghost.json"])
        self.assertEqual(self.complete("rollcall", "serve", "--lis"), ["--listen"])
        self.assertEqual(self.complete("rollcall", "volume-agent", "--f"), ["--folders"])
        os.mkdir(os.path.join(self.folder, "content"))
        self.assertEqual(self.complete("rollcall", "volume-agent", "--content-path", "c"),
                         ["content"])


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()

"""The check mail against real and scripted mail servers and a fake of Mailgun's API, as a process.

usage: mail_test.py PROGRAM

Every case says what is to be found and whether something could not be looked at; the last test prints the precision
and the recall over all of them.
"""

import base64
import collections
import concurrent.futures
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

PROGRAM = ""
HOST = "127.0.14.1"
USER, SECRET = "ghost@example.org", "hunter2secret"
NO_HOST = "smtp.rollcall.invalid"
KEY = "key-0123456789abcdef"
PASSTHROUGH = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
# A run's process: visits end after PATIENCE, a second try begins 2 s after the first.
PATIENCE = "3s"
SLOWEST = 25


class Certificates:
    """An authority and what it signs, in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = os.path.join(folder, "ca.pem")
        self.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=test "
                     "-keyout ca.key -out ca.pem")
        self.write("ca.cnf", "[ca]\ndefault_ca=d\n[d]\ndir=.\ndatabase=./index\nserial=./serial\nnew_certs_dir=.\n"
                   "certificate=ca.pem\nprivate_key=ca.key\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy\n"
                   "unique_subject=no\n[p]\ncommonName=supplied\n")
        self.write("index", "")
        self.write("serial", "01\n")
        self.good = self.issue("good", "IP:" + HOST, "-days 365")
        self.soon = self.issue("soon", "IP:" + HOST, "-days 5")
        self.other = self.issue("other", "DNS:other.example.org", "-days 365")
        self.expired = self.issue("expired", "IP:" + HOST,
                                  "-startdate 20200101000000Z -enddate 20200201000000Z")
        self.openssl(f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=self "
                     f"-addext subjectAltName=IP:{HOST} -keyout self.key -out self.pem")
        self.own = self.context("self")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
            file.write(text)

    def openssl(self, arguments):
        subprocess.run(["openssl", *arguments.split()], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name, names, days):
        self.openssl(f"req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} "
                     f"-addext subjectAltName={names} -keyout {name}.key -out {name}.csr")
        self.openssl(f"ca -batch -notext -config ca.cnf -in {name}.csr -out {name}.pem {days}")
        return self.context(name)

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, name + ".pem"), os.path.join(self.folder, name + ".key"))
        return context


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Inbox:
    """Takes every mail; remembers it and the logins, which need `password`."""

    def __init__(self):
        self.password = SECRET
        self.mails, self.logins = [], []

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"

    def authenticate(self, _server, session, _envelope, _mechanism, data):
        user, password = data.login.decode(), data.password.decode()
        self.logins.append((user, session.ssl is not None))
        return AuthResult(success=(user, password) == (USER, self.password), handled=False)


async def without_auth(_server, session, _envelope, hostname, responses):
    session.host_name = hostname
    return [each for each in responses if "AUTH" not in each]


async def refuse(_server, _arguments):
    return AuthResult(success=False, handled=False)


class Real:
    """A server of aiosmtpd, Debian's. `tls` is offered as STARTTLS, `implicit` is TLS from the first byte; `strong`: a
    login that Ghost does not take is offered, too, and refuses everybody."""

    def __init__(self, tls=None, implicit=None, auth=True, need_tls=True, strong=False):
        self.inbox = Inbox()
        more = {"authenticator": self.inbox.authenticate, "auth_require_tls": need_tls and not implicit}
        if not auth:
            self.inbox.handle_EHLO = without_auth
        if strong:
            setattr(self.inbox, "auth_CRAM__MD5", refuse)
        for _ in range(5):
            self.port = free_port()
            try:
                self.controller = Controller(self.inbox, hostname=HOST, port=self.port, ssl_context=implicit,
                                             tls_context=tls, ready_timeout=20, **more)
                self.controller.start()
                return
            except OSError:
                continue
        raise RuntimeError("no free port")

    def stop(self):
        self.controller.stop(no_assert=True)


class Scripted:
    """Runs `behave(connection, number)` for each connection, in a thread; then closes it."""

    def __init__(self, behave):
        self.behave = behave
        self.stopped = threading.Event()
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.open = []
        self.count = 0
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self.serve, args=(connection, self.count), daemon=True).start()
            self.count += 1

    def serve(self, connection, number):
        try:
            self.behave(self, connection, number)
        except OSError:
            pass
        finally:
            connection.close()

    def stop(self):
        self.stopped.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.thread.join()


def says(text, hold=False):
    """Greets with `text`; closes, or waits for the end."""
    def behave(server, connection, _number):
        connection.sendall(text)
        if hold:
            server.stopped.wait()
        else:
            connection.settimeout(5)
            connection.recv(100)
    return behave


def dialogue(replies, greeting=b"220 ready\r\n"):
    """Answers each command by its first word."""
    def behave(_server, connection, _number):
        connection.sendall(greeting)
        with connection.makefile("rb") as lines:
            for line in lines:
                reply = replies.get(line.split()[0].decode(errors="replace"), b"221 bye\r\n")
                if reply is None:
                    time.sleep(0.1)
                    return
                connection.sendall(reply)
    return behave


def mailbox(verdict, thinks=0, farewell=b"221 bye\r\n"):
    """Takes mails as far as their end, and then says `verdict`; holds the connection after QUIT without a farewell."""
    def behave(server, connection, _number):
        connection.sendall(b"220 ready\r\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                if line.startswith(b"DATA"):
                    connection.sendall(b"354 go\r\n")
                    while lines.readline() not in (b".\r\n", b""):
                        pass
                    server.stopped.wait(thinks)
                    connection.sendall(verdict)
                elif line.startswith(b"QUIT") and farewell is None:
                    server.stopped.wait()
                elif line.startswith(b"QUIT"):
                    connection.sendall(farewell)
                    return
                else:
                    connection.sendall(b"250 ok\r\n")
    return behave


def hangs_after_starttls(server, connection, _number):
    for reply in (b"220 ready\r\n", b"250-e.org\r\n250 STARTTLS\r\n", b"220 go\r\n"):
        connection.sendall(reply)
        connection.recv(1000)
    server.stopped.wait()


def in_turn(*behaviours):
    """The first connection gets the first, and so on; the last is everybody else's."""
    def behave(server, connection, number):
        behaviours[min(number, len(behaviours) - 1)](server, connection, number)
    return behave


def drips(server, connection, _number):
    for letter in b"220 this greeting is so slow that nobody waits for its end\r\n":
        connection.sendall(bytes([letter]))
        if server.stopped.wait(1):
            return


def endless(server, connection, _number):
    while not server.stopped.is_set():
        connection.sendall(b"220-and there is more\r\n" * 50)


def endless_line(server, connection, _number):
    connection.sendall(b"220 ")
    while not server.stopped.is_set():
        connection.sendall(b"x" * 4096)


class Mailgun:
    """Answers as Mailgun's API does: method, path and key have to be right."""

    def __init__(self, status=None, body=None, state="active", delay=0):
        outer = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                outer.requests.append((self.command, self.path, self.headers["Authorization"]))
                time.sleep(delay)
                self.answer(*outer.reply(self.path, self.headers["Authorization"]))

            def answer(self, code, text):
                self.send_response(code)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_PUT = do_DELETE = lambda self: self.answer(405, b"")

            def log_message(self, *_):
                pass

        self.status, self.body, self.state = status, body, state
        self.server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def reply(self, path, authorization):
        if self.status:
            return self.status, self.body
        if authorization != "Basic " + base64.b64encode(f"api:{KEY}".encode()).decode():
            return 401, b"Forbidden"
        if path != "/v3/domains/mg.example.org":
            return 404, b'{"message": "Domain not found"}'
        return 200, json.dumps({"domain": {"name": "mg.example.org", "state": self.state}}).encode()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Result:
    def __init__(self, process, took):
        self.exit, self.took, self.stderr, self.text = process.returncode, took, process.stderr, process.stdout
        self.document = json.loads(process.stdout)
        run, = self.document["checks"]
        self.verdict = run["verdict"]
        self.findings, self.gaps = self.document["findings"], run["gaps"]
        self.codes = sorted(each["code"] for each in self.findings)


class Bed:
    folder = None
    certificates = None

    @classmethod
    def make(cls):
        cls.folder = tempfile.mkdtemp(prefix="rollcall-mail-")
        cls.certificates = Certificates(cls.folder)

    @classmethod
    def clear(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def run(cls, ghost, params=None, arguments=(), **more):
        """`rollcall check` of a Ghost with this configuration; `ghost` None: no file is given."""
        folder = tempfile.mkdtemp(dir=cls.folder)
        settings = {"patience": PATIENCE, "ca": cls.certificates.ca, **(params or {})}
        config = os.path.join(folder, "rollcall.yaml")
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"site": {"url": "http://blog.example.org"}, "pods": [{"name": "a", "url": "http://127.0.0.1:1"}],
                       "checks": {"mail": settings}}, file)
        command = [PROGRAM, "check", "--config", config, "--only", "mail", "--output", "json", *arguments]
        if ghost is not None:
            path = os.path.join(folder, "ghost.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(ghost, file)
            command += ["--ghost-config", path]
        env = {name: os.environ[name] for name in PASSTHROUGH if name in os.environ}
        env.update({"PATH": os.environ["PATH"]}, **more)
        begin = time.monotonic()
        process = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False,
                                 stdin=subprocess.DEVNULL)
        assert SECRET not in process.stdout + process.stderr, "a password was shown"
        assert KEY not in process.stdout + process.stderr, "a key was shown"
        return Result(process, time.monotonic() - begin)


def smtp(port, auth=True, host=HOST, **options):
    mail = {"transport": "SMTP", "options": {"host": host, "port": port, **options}}
    if auth:
        mail["options"]["auth"] = {"user": USER, "pass": SECRET}
    return {"mail": mail}


def bulk(port, domain="mg.example.org", key=KEY):
    return {"mail": {"transport": "stub"},
            "bulkEmail": {"mailgun": {"apiKey": key, "domain": domain, "baseUrl": f"http://{HOST}:{port}/v3"}}}


# `make` gives the server or None; `ghost` the configuration for its port.
Case = collections.namedtuple("Case", "name make ghost codes gap params", defaults=((), False, None))


def resolver_answers():
    try:
        socket.getaddrinfo(NO_HOST, None)
    except socket.gaierror as error:
        return error.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
    return True


def cases():
    cert = Bed.certificates
    auth = b"250-e.org\r\n250 AUTH PLAIN LOGIN\r\n"
    plain = {"EHLO": b"250 e.org\r\n"}
    return [
        # What is in order.
        Case("STARTTLS and AUTH", lambda: Real(tls=cert.good), smtp),
        Case("TLS from the first byte", lambda: Real(implicit=cert.good), lambda port: smtp(port, secure=True)),
        Case("a relay without login or TLS", lambda: Real(auth=False), lambda port: smtp(port, auth=False)),
        Case("the right password", lambda: Real(tls=cert.good), smtp, params={"login": True}),
        Case("a login that Ghost does not take", lambda: Real(tls=cert.good, strong=True), smtp, params={"login": True}),
        Case("no farewell", lambda: Scripted(mailbox(b"", farewell=None)), lambda port: smtp(port, auth=False)),
        Case("closed at QUIT", lambda: Scripted(mailbox(b"", farewell=b"")), lambda port: smtp(port, auth=False)),
        Case("the right password over TLS", lambda: Real(implicit=cert.good), lambda port: smtp(port, secure=True),
             params={"login": True}),
        Case("a certificate nobody verifies", lambda: Real(tls=cert.expired),
             lambda port: smtp(port, tls={"rejectUnauthorized": False})),
        Case("busy once", lambda: Scripted(in_turn(says(b"421 busy\r\n"), dialogue(plain))),
             lambda port: smtp(port, auth=False)),
        Case("closed once", lambda: Scripted(in_turn(lambda *_: None, dialogue(plain))),
             lambda port: smtp(port, auth=False)),
        Case("HELO only", lambda: Scripted(dialogue({"EHLO": b"502 what?\r\n", "HELO": b"250 e.org\r\n"})),
             lambda port: smtp(port, auth=False)),
        # What is wrong.
        Case("no transport", None, lambda _: {}, ["RC651"]),
        Case("direct", None, lambda _: {"mail": {"transport": "Direct"}}, ["RC651"]),
        Case("unknown transport", None, lambda _: {"mail": {"transport": "Postmark"}}, ["RC652"]),
        Case("nobody listens", None, lambda _: smtp(1), ["RC653"]),
        # Without a resolver that answers, nobody knows.
        Case("no such host", None, lambda _: smtp(587, host=NO_HOST), ["RC653"] if resolver_answers() else [],
             not resolver_answers()),
        Case("a web server", lambda: Scripted(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")), smtp, ["RC653"]),
        Case("garbage", lambda: Scripted(says(b"\x00\xff\x1b[2J\r\n")), smtp, ["RC653"]),
        Case("421", lambda: Scripted(says(b"421 4.7.0 too busy\r\n")), smtp, ["RC654"]),
        Case("450 greylist", lambda: Scripted(says(b"450 4.2.0 greylisted\r\n")), smtp, ["RC654"]),
        Case("554", lambda: Scripted(says(b"554 no access\r\n")), smtp, ["RC654"]),
        Case("EHLO and HELO refused", lambda: Scripted(dialogue({"EHLO": b"550 no\r\n", "HELO": b"550 no\r\n"})),
             lambda port: smtp(port, auth=False), ["RC654"]),
        Case("secure on a plain port", lambda: Real(), lambda port: smtp(port, secure=True), ["RC655"]),
        Case("requireTLS and none offered", lambda: Real(auth=False), lambda port: smtp(port, requireTLS=True),
             ["RC655"]),
        Case("STARTTLS refused", lambda: Scripted(dialogue({"EHLO": b"250-e.org\r\n250 STARTTLS\r\n",
                                                            "STARTTLS": b"454 not now\r\n"})), smtp, ["RC655"]),
        Case("expired", lambda: Real(tls=cert.expired), smtp, ["RC656"]),
        Case("expired, TLS", lambda: Real(implicit=cert.expired), lambda port: smtp(port, secure=True), ["RC656"]),
        Case("another host", lambda: Real(tls=cert.other), smtp, ["RC656"]),
        Case("self-signed", lambda: Real(tls=cert.own), smtp, ["RC656"]),
        Case("expires soon", lambda: Real(tls=cert.soon), smtp, ["RC657"]),
        Case("no AUTH", lambda: Real(tls=cert.good, auth=False), smtp, ["RC658"]),
        Case("no AUTH, no TLS", lambda: Real(auth=False), smtp, ["RC658"]),
        Case("wrong password", lambda: Real(tls=cert.good),
             lambda port: {"mail": {"transport": "smtp", "options": {"host": HOST, "port": port, "auth": {
                 "user": USER, "pass": "wrong"}}}}, ["RC659"], params={"login": True}),
        Case("a password in clear", lambda: Real(need_tls=False), smtp, ["RC660"]),
        Case("a password in clear is not sent", lambda: Real(need_tls=False), smtp, ["RC660"], params={"login": True}),
        Case("ignoreTLS", lambda: Real(tls=cert.good, need_tls=False), lambda port: smtp(port, ignoreTLS=True),
             ["RC660"]),
        Case("expires soon and no AUTH", lambda: Real(tls=cert.soon, auth=False), smtp, ["RC657", "RC658"]),
        # What could not be looked at.
        Case("hangs after connect", lambda: Scripted(says(b"", hold=True)), smtp, gap=True),
        Case("a byte a second", lambda: Scripted(drips), smtp, gap=True),
        Case("an endless greeting", lambda: Scripted(endless), smtp, gap=True),
        Case("an endless line", lambda: Scripted(endless_line), smtp, gap=True),
        Case("closes at once", lambda: Scripted(lambda *_: None), smtp, gap=True),
        Case("closes after EHLO", lambda: Scripted(dialogue({"EHLO": None})), smtp, gap=True),
        Case("garbage after EHLO", lambda: Scripted(dialogue({"EHLO": b"what?\r\n"})), smtp, gap=True),
        Case("hangs after STARTTLS", lambda: Scripted(hangs_after_starttls), smtp, gap=True),
        Case("no TLS after STARTTLS", lambda: Scripted(dialogue({"EHLO": b"250-e.org\r\n250 STARTTLS\r\n",
                                                                "STARTTLS": b"220 go\r\n"})), smtp, gap=True),
        Case("hangs at the login", lambda: Scripted(dialogue({"EHLO": auth, "AUTH": b""})), smtp, ["RC660"]),
        Case("a short name", None, lambda _: smtp(587, host="rollcall-no-such-host"), gap=True),
        # Mailgun.
        Case("Mailgun active", Mailgun, bulk),
        Case("Mailgun wrong key", Mailgun, lambda port: bulk(port, key="key-wrong"), ["RC661"]),
        Case("Mailgun wrong domain", Mailgun, lambda port: bulk(port, domain="other.example.org"), ["RC662"]),
        Case("Mailgun unverified", lambda: Mailgun(state="unverified"), bulk, ["RC662"]),
        Case("Mailgun disabled", lambda: Mailgun(state="disabled"), bulk, ["RC662"]),
        Case("Mailgun 500", lambda: Mailgun(500, b"oops"), bulk, gap=True),
        Case("Mailgun busy", lambda: Mailgun(429, b"{}"), bulk, gap=True),
        Case("a page that says 404", lambda: Mailgun(404, b"<html>not found</html>"), bulk, gap=True),
        Case("not Mailgun", lambda: Mailgun(200, b'{"hello": 1}'), bulk, gap=True),
        Case("Mailgun away", None, lambda _: bulk(1), gap=True),
        Case("Mailgun as transport", Mailgun, lambda port: {"mail": {"transport": "Mailgun", "options": {
            "url": f"http://{HOST}:{port}", "auth": {"api_key": "key-wrong", "domain": "mg.example.org"}}}},
             ["RC661"]),
    ]


def judged(case):
    server = case.make() if case.make else None
    try:
        return Bed.run(case.ghost(server.port if server else 0), case.params)
    finally:
        if server:
            server.stop()


class Campaign(unittest.TestCase):
    def test_every_case_is_judged_as_it_is(self):
        rows = cases()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = list(pool.map(judged, rows))
        right = claimed = wanted = 0
        for case, result in zip(rows, results):
            with self.subTest(case.name):
                self.assertEqual(result.codes, sorted(case.codes), result.text)
                self.assertEqual(bool(result.gaps), case.gap, result.text)
                self.assertLess(result.took, SLOWEST)
                self.assertNotIn("\x1b", result.text)
            right += len(set(result.codes) & set(case.codes))
            claimed += len(result.codes)
            wanted += len(case.codes)
        print(f"{len(rows)} cases, {wanted} faults: precision {right / claimed:.3f}, recall {right / wanted:.3f}; "
              f"the slowest took {max(each.took for each in results):.1f} s", file=sys.stderr)
        self.assertEqual((right, right), (claimed, wanted))
        listed = subprocess.run([PROGRAM, "list"], capture_output=True, text=True, check=True).stdout
        codes = set(re.findall(r"\bRC6[56]\d\b", listed)) - {"RC663"}  # that needs --send-test, below
        self.assertEqual(codes, {code for case in rows for code in case.codes})


class Behaviour(unittest.TestCase):
    def serve(self, server):
        self.addCleanup(server.stop)
        return server

    def test_without_being_told_it_neither_logs_in_nor_sends(self):
        server = self.serve(Real(tls=Bed.certificates.good))
        self.assertEqual(Bed.run(smtp(server.port)).verdict, "pass")
        self.assertEqual((server.inbox.mails, server.inbox.logins), ([], []))

    def test_a_login_is_tried_once_over_tls_and_sends_nothing(self):
        server = self.serve(Real(tls=Bed.certificates.good))
        self.assertEqual(Bed.run(smtp(server.port), {"login": True}).verdict, "pass")
        self.assertEqual((server.inbox.mails, server.inbox.logins), ([], [(USER, True)]))

    def test_no_login_goes_over_an_unencrypted_connection(self):
        server = self.serve(Real(need_tls=False))
        result = Bed.run(smtp(server.port), {"login": True}, ["--send-test", "reader@example.net"])
        self.assertEqual(server.inbox.logins, [])
        self.assertEqual(server.inbox.mails, [])
        self.assertIn("not sent", result.gaps[0]["why"]["message"])

    def test_a_test_mail_is_sent_once_with_the_sites_sender(self):
        server = self.serve(Real(tls=Bed.certificates.good))
        ghost = smtp(server.port)
        ghost["mail"]["from"] = "The Blog <blog@example.org>"
        result = Bed.run(ghost, arguments=["--send-test", "reader@example.net"])
        self.assertEqual(result.verdict, "pass", result.text)
        (sender, recipients, text), = server.inbox.mails
        self.assertEqual((sender, recipients), ("blog@example.org", ["reader@example.net"]))
        self.assertIn("http://blog.example.org", text)
        self.assertNotIn(SECRET, text)

    def test_a_refused_test_mail_is_a_finding(self):
        server = self.serve(Scripted(dialogue({
            "EHLO": b"250 e.org\r\n", "MAIL": b"250 ok\r\n", "RCPT": b"550 5.1.1 nobody here\r\n"})))
        result = Bed.run(smtp(server.port, auth=False), arguments=["--send-test", "reader@example.net"])
        self.assertEqual(result.codes, ["RC663"], result.text)
        self.assertIn("550", result.findings[0]["message"])

    def test_a_test_mail_refused_for_its_text_is_a_finding(self):
        server = self.serve(Scripted(mailbox(b"554 5.7.1 spam\r\n")))
        result = Bed.run(smtp(server.port, auth=False), arguments=["--send-test", "reader@example.net"])
        self.assertEqual(result.codes, ["RC663"], result.text)
        self.assertIn("the answer to DATA: 554 5.7.1 spam", result.findings[0]["message"])

    def test_a_server_may_think_about_a_mail(self):
        server = self.serve(Scripted(mailbox(b"250 taken\r\n", thinks=6)))
        result = Bed.run(smtp(server.port, auth=False), {"patience": "20s"}, ["--send-test", "reader@example.net"])
        self.assertEqual(result.verdict, "pass", result.text)

    def test_a_mail_that_cannot_be_sent_is_told(self):
        result = Bed.run({"mail": {"transport": "SES"}}, arguments=["--send-test", "reader@example.net"])
        self.assertEqual(result.verdict, "unknown")
        self.assertIn("not sent: mail goes through the API of Amazon SES", result.gaps[0]["why"]["message"])

    def test_a_file_that_says_direct_does_not_overrule_the_environment_of_a_pod(self):
        ghost = {"mail": {"transport": "Direct"}}
        away = ["--pod", "a=http://192.0.2.1:2368"]
        self.assertEqual(Bed.run(ghost, arguments=away).verdict, "not_applicable")
        self.assertEqual(Bed.run(ghost, arguments=away, mail__transport="Direct").codes, ["RC651"])

    def test_the_environment_is_stronger_than_the_file(self):
        server = self.serve(Real(tls=Bed.certificates.good))
        result = Bed.run({"mail": {"transport": "Direct"}}, mail__transport="SMTP", mail__options__host=HOST,
                         mail__options__port=str(server.port), mail__options__secure="false")
        self.assertEqual((result.verdict, result.codes), ("pass", []), result.text)

    def test_the_environment_alone_will_do(self):
        result = Bed.run(None, mail__transport="SMTP", mail__options__host=HOST, mail__options__port="1")
        self.assertEqual(result.codes, ["RC653"], result.text)

    def test_without_any_knowledge_it_is_not_applicable(self):
        result = Bed.run(None)
        self.assertEqual((result.verdict, result.codes), ("not_applicable", []), result.text)

    def test_what_is_not_looked_at_is_not_applicable(self):
        for transport in ("SES", "sendmail", "stub"):
            with self.subTest(transport):
                self.assertEqual(Bed.run({"mail": {"transport": transport}}).verdict, "not_applicable")

    def test_mailgun_is_asked_once_with_the_key(self):
        server = self.serve(Mailgun())
        self.assertEqual(Bed.run(bulk(server.port)).verdict, "pass")
        (method, path, authorization), = server.requests
        self.assertEqual((method, path), ("GET", "/v3/domains/mg.example.org"))
        self.assertEqual(base64.b64decode(authorization.split()[1]).decode(), "api:" + KEY)

    def test_mailgun_can_be_left_out(self):
        server = self.serve(Mailgun())
        Bed.run(bulk(server.port), {"mailgun": False})
        self.assertEqual(server.requests, [])

    def test_a_test_mail_that_no_check_would_send_is_refused(self):
        pod = ["check", "--url", "http://e.org", "--pod", "a=http://127.0.0.1:1", "--send-test", "you@example.net"]
        config = os.path.join(Bed.folder, "without.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("checks: {mail: {enabled: false}}\n")
        for more, why in ((["--only", "pods"], "--only leaves that out"),
                          (["--config", config], "checks.mail.enabled is false")):
            with self.subTest(why):
                process = subprocess.run([PROGRAM, *pod, *more], capture_output=True, text=True, check=False, timeout=60)
                self.assertEqual(process.returncode, 64, process.stdout)
                self.assertIn(f"--send-test: the check mail sends it, and {why}", process.stderr)

    def test_addresses_that_are_none_are_refused(self):
        process = subprocess.run([PROGRAM, "check", "--url", "http://e.org", "--pod", "a=http://127.0.0.1:1",
                                  "--send-test", "nobody"], capture_output=True, text=True, check=False)
        self.assertEqual(process.returncode, 64)
        self.assertIn("--send-test: must be one address", process.stderr)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    Bed.make()
    try:
        unittest.main()
    finally:
        Bed.clear()

#!/usr/bin/python3
"""The mock site against the program: a check passes on it, and finds exactly what was done to it.

    mock_site_test.py MOCK_SITE ROLLCALL [unittest options]
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from mock_bed import LabError, MockBed

_HOUR = 3_600


def findings(bed, *extra):
    """What `rollcall check` says: (exit code, [(code, pod, path)])."""
    done = subprocess.run([ROLLCALL, "check", *bed.flags(), "--output", "json", *extra], capture_output=True,
                          text=True, timeout=60, check=False)
    if not done.stdout.startswith("{"):
        raise AssertionError(done.stdout + done.stderr)
    report = json.loads(done.stdout)
    return done.returncode, [(each["code"], each["pod"], urllib.parse.urlsplit(each["resource"]["url"]).path)
                             for each in report["findings"]]


def connect(bed, pod=0):
    return http.client.HTTPConnection(urllib.parse.urlsplit(bed.where["pods"][pod]["url"]).netloc, timeout=20)


class OnDatabase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rollcall-mock-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.bed = cls.enterClassContext(MockBed(MOCK_SITE, cls.folder, posts=300, pods=3))

    def tearDown(self):
        for pod in (1, 2, 3):
            self.bed.control("heal", pod=pod)

    def test_a_check_passes_on_it(self):
        self.assertEqual(findings(self.bed), (0, []))

    def test_the_fault_it_is_told_is_the_only_one_found(self):
        path = self.bed.control("fault", pod=2, post=17, kind="missing")["path"]
        self.assertEqual(findings(self.bed), (2, [("RC201", "pod-2", path)]))

    def test_what_is_published_is_missing_on_the_pods_that_do_not_know_it_until_they_do(self):
        made = self.bed.control("publish", pods="1,3", at=int(time.time()) - _HOUR)
        self.bed.sql(made["sql"])
        self.assertEqual(findings(self.bed), (2, [("RC201", "pod-2", made["path"])]))
        self.bed.control("catch-up", pod=2, post=made["post"])
        self.assertEqual(findings(self.bed), (0, []))

    def test_an_update_shows_on_the_pods_that_know_it_alone(self):
        made = self.bed.control("update", post=5, pods="1", at=int(time.time()) - _HOUR)
        self.bed.sql(made["sql"])
        pages = []
        for pod in (0, 1):
            connection = connect(self.bed, pod)
            connection.request("GET", made["path"])
            pages.append(connection.getresponse().read().decode())
            connection.close()
        self.assertIn(made["title"], pages[0])
        self.assertNotIn(made["title"], pages[1])
        self.assertEqual(self.bed.sql("SELECT title FROM posts WHERE title LIKE '%revision%'"), [[made["title"]]])

    def test_it_counts_by_pod_and_kind_and_forgets_when_told(self):
        self.bed.control("forget")
        connection = connect(self.bed)
        for method in ("GET", "HEAD"):
            connection.request(method, "/")
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200)
            self.assertEqual(len(answer.read()) > 0, method == "GET")
        connection.request("GET", "/", headers={"If-None-Match": answer.headers["ETag"]})
        answer = connection.getresponse()
        answer.read()
        self.assertEqual(answer.status, 304)
        connection.close()
        first, second, _ = self.bed.control("counts")["pods"]
        self.assertEqual((first["front"], first["heads"], first["requests"]), (3, 1, 3))
        self.assertEqual(second["requests"], 0)

    def test_requests_may_come_in_pieces_and_several_at_once(self):
        host, port = urllib.parse.urlsplit(self.bed.where["pods"][0]["url"]).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            one = b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n"
            connection.sendall(one[:20])
            connection.sendall(one[20:] + one + one.replace(b"Host", b"Connection: close\r\nHost"))
            got = b""
            while piece := connection.recv(65_536):
                got += piece
        self.assertEqual(got.count(b"HTTP/1.1 200 OK\r\n"), 3)

    def test_what_it_does_not_understand_it_says(self):
        for command, query, words in (("fault", {"pod": 4, "post": 1, "kind": "missing"}, "no pod"),
                                      ("fault", {"pod": 1, "post": 10**9, "kind": "missing"}, "post is none of"),
                                      ("fault", {"pod": 1, "post": 1, "kind": "ill"}, "kind is none of"),
                                      ("dance", {}, "no such command")):
            with self.subTest(command=command, query=query), self.assertRaisesRegex(LabError, words):
                self.bed.control(command, **query)


class OfALaterVersion(unittest.TestCase):
    def test_its_sitemap_is_wrong_and_its_pages_are_right(self):
        with tempfile.TemporaryDirectory(prefix="rollcall-mock-") as folder, \
                MockBed(MOCK_SITE, folder, posts=50, pods=2, ghost="6.65", tags=3, authors=2) as bed:
            missing = bed.control("fault", pod=1, post=3, kind="unlisted")["path"]
            old = bed.control("fault", pod=2, post=4, kind="date")["path"]
            self.assertEqual(findings(bed), (1, [("RC401", "pod-1", missing), ("RC403", "pod-2", old)]))


class WithTls(unittest.TestCase):
    def test_a_check_passes_over_tls_and_the_program_ends_by_a_signal(self):
        with tempfile.TemporaryDirectory(prefix="rollcall-mock-") as folder:
            cert, key = (os.path.join(folder, name) for name in ("cert.pem", "key.pem"))
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                            "-nodes", "-subj", "/CN=example.org", "-addext", "subjectAltName=DNS:example.org",
                            "-days", "30", "-keyout", key, "-out", cert], check=True, capture_output=True)
            with MockBed(MOCK_SITE, folder, posts=50, pods=2, tls_cert=cert, tls_key=key,
                         url="https://example.org") as bed:
                self.assertEqual(findings(bed, "--pod-ca", cert), (0, []))
                self.assertEqual(bed.quiet_end(), 0)


if __name__ == "__main__":
    MOCK_SITE, ROLLCALL = sys.argv[1:3]
    if not (shutil.which("mariadbd") or os.path.exists("/usr/sbin/mariadbd")):
        print("SKIPPED: mariadb-server is not installed")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])

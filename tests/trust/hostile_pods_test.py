"""Whatever a pod answers, Rollcall asks nobody but the pods it was told of; what a file holds is not told.

usage: hostile_pods_test.py PROGRAM
"""

import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.lab import processes  # noqa: E402
from tests.lab.common import free_ports  # noqa: E402
from tests.soak.site import KEY, PASSWORD, Database  # noqa: E402

PROGRAM = ""
PODS, TRAP = ("127.0.66.1", "127.0.66.2"), "127.0.66.6"
PASSTHROUGH = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS", "PATH")
ROWS = ("INSERT INTO settings (id, `key`, value) VALUES ('1','title','A'), ('2','is_private','false'), "
        "('3','active_theme','source');"
        f"INSERT INTO integrations VALUES ('1','internal','Core','ghost-core-content');"
        f"INSERT INTO api_keys VALUES ('1','content','{KEY}','1');"
        "INSERT INTO tags SET id='1', slug='news', created_at='2026-01-01';"
        "INSERT INTO posts SET id='1', slug='a', title='A', status='published', created_at='2026-01-01', "
        "updated_at='2026-01-01', published_at='2026-01-01', "
        "feature_image='__GHOST_URL__/content/images/a.png';"
        "INSERT INTO posts_tags VALUES ('1','1','1',0);")


class Server:
    """Counts what it is asked; `answer(path)` gives (status, type, body, headers)."""

    def __init__(self, address, answer):
        server = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802 (the name is http.server's)
                server.asked.append(self.path)
                status, kind, body, headers = answer(self.path)
                self.send_response(status)
                for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{address}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def redirecting(status, everything):
    """Every answer leads elsewhere; or all but those by which a pod is known for one of Ghost."""
    def answer(trap, path):
        if not everything and "/ghost/api/admin/" in path:
            return 200, "application/json", json.dumps({"site": {"title": "A", "url": trap + "/", "version": "5.130"},
                                                        "setup": [{"status": True}]}).encode(), {}
        return status, "text/html", b"", {"Location": trap + "/latest/meta-data/", "Refresh": f"0; url={trap}/refresh/",
                                          "Alt-Svc": f'h2="{trap.removeprefix("http://")}"'}
    return answer


def misleading(trap, path):
    """All is well, but every address that is told lies elsewhere."""
    if "/ghost/api/" in path:
        listed = [{"id": "1", "slug": "a", "url": f"{trap}/a/"}]
        document = {"site": {"title": "A", "url": trap + "/", "version": "5.130"}, "setup": [{"status": True}],
                    "posts": listed, "pages": [], "settings": {"title": "A", "logo": f"{trap}/content/images/logo.png"},
                    "meta": {"pagination": {"page": 1, "pages": 2, "next": f"{trap}/next/"}}}
        return 200, "application/json", json.dumps(document).encode(), {"Link": f'<{trap}/next/>; rel="next"'}
    if path.endswith(".xml"):
        root, entry = ("sitemapindex", "sitemap") if path == "/sitemap.xml" else ("urlset", "url")
        body = f"<{root}><{entry}><loc>{trap}/a/</loc></{entry}><{entry}><loc>//{trap[7:]}/b/</loc></{entry}></{root}>"
        return 200, "text/xml", body.encode(), {}
    page = (f'<html><head><base href="{trap}/"><link rel="canonical" href="{trap}/a/">'
            f'<link rel="stylesheet" href="{trap}/assets/built/screen.css?v=1"></head>'
            f'<body><img src="{trap}/content/images/a.png"></body></html>')
    return 200, "text/html", page.encode(), {}


class HostilePods(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin"):
            raise unittest.SkipTest("mariadb-server is not installed")
        cls.folder = tempfile.mkdtemp(prefix="rollcall-hostile-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.database = Database(cls.folder, free_ports(1)[0])
        cls.addClassCleanup(processes.end, [cls.database.process])
        cls.database.sql(ROWS)

    def look(self, answer):
        """What the pod was asked while everything was checked."""
        trap = Server(TRAP, lambda path: (200, "text/html", b"caught", {}))
        self.addCleanup(trap.close)
        pods = [Server(address, lambda path: answer(trap.url, path)) for address in PODS]
        for pod in pods:
            self.addCleanup(pod.close)
        with urllib.request.urlopen(trap.url + "/it-can-be-reached/") as reached:
            self.assertEqual(reached.read(), b"caught")
        env = {name: os.environ[name] for name in PASSTHROUGH if name in os.environ}
        done = subprocess.run([PROGRAM, "check", "--url", "http://example.org", "--pod", f"a={pods[0].url}", "--pod",
                               f"b={pods[1].url}", "--db", f"mysql://rollcall@127.0.0.1:{self.database.port}/ghost", "--output", "json"],
                              env={**env, "ROLLCALL_DB_PASSWORD": PASSWORD}, capture_output=True, text=True, timeout=120,
                              check=False)
        self.assertIn(done.returncode, (1, 2, 3), done.stderr)
        self.assertNotEqual(json.loads(done.stdout)["verdict"], "pass", done.stdout)
        self.assertEqual(trap.asked, ["/it-can-be-reached/"])
        return pods[0].asked

    def test_no_redirect_is_followed(self):
        for status in (301, 302, 307):
            with self.subTest(status):
                self.assertTrue(self.look(redirecting(status, True)))

    def test_nor_one_of_a_pod_that_is_ghosts_otherwise(self):
        self.assertIn("/a/", self.look(redirecting(302, False)))

    def test_addresses_elsewhere_are_not_asked(self):
        asked = self.look(misleading)
        self.assertIn("/sitemap-posts.xml", asked)
        self.assertTrue(any("/ghost/api/content/posts/" in path for path in asked), asked)


class HostileFiles(unittest.TestCase):
    def test_what_a_link_on_the_volume_leads_to_is_not_told(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="rollcall-hostile-"))
        for text in ("planted-secret\n", "planted-secret: [planted-secret\n"):
            with open(os.path.join(folder, "secret"), "w", encoding="utf-8") as out:
                out.write(text)
            content = tempfile.mkdtemp(dir=folder)
            for name in ("settings/routes.yaml", "data/redirects.yaml", "data/redirects.json"):
                os.makedirs(os.path.join(content, os.path.dirname(name)), exist_ok=True)
                os.symlink(os.path.join(folder, "secret"), os.path.join(content, name))
            done = subprocess.run([PROGRAM, "check", "--url", "http://example.org", "--pod", "a=http://127.0.0.1:1", "--only",
                                   "routes,redirects", "--content", content, "--output", "json"],
                                  env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60, check=False)
            self.assertIn("routes.yaml", done.stdout, done.stderr)
            self.assertNotIn("planted-secret", done.stdout + done.stderr)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()

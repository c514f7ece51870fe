"""The image at work: read-only root, no network of its own, any user."""

import json
import os
import tempfile
import time
import unittest

from lab import mariadb, processes
from lab.common import free_ports

from .mysql_greeter import MysqlGreeter

STORE = None                # set by run.py
PASSWORD = "hunter2secret"
# The image's own user, one of OpenShift's, a common one of images without a shell.
USERS = ("1000:1000", "1000730000:0", "65532:65532")
CONFIG = """site: {url: 'http://example.org'}
pods: ['pod-1=http://127.0.0.1:1']
"""


class Container(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rollcall-image-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def configured(self, text=CONFIG):
        """Options that mount a configuration and name it."""
        path = self.write("rollcall.yaml", text)
        return (f"--volume={path}:/etc/rollcall/rollcall.yaml:ro",
                "--env=ROLLCALL_CONFIG=/etc/rollcall/rollcall.yaml")

    def until(self, condition, what):
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.1)


class Running(Container):
    def test_any_user_can_run_it_on_a_read_only_root(self):
        for user in USERS:
            done = STORE.run("config", "check", options=(f"--user={user}", *self.configured(),
                                                         "--cap-drop=all",
                                                         "--security-opt=no-new-privileges"))
            self.assertEqual((done.returncode, done.stderr), (0, ""), user)
            self.assertIn("http://example.org", done.stdout)

    def test_without_a_configuration_it_says_how_to_start(self):
        done = STORE.run()
        self.assertEqual(done.returncode, 64, done)
        self.assertIn("Three usual ways to start", done.stderr)

    def test_the_health_follows_the_daemon(self):
        name = STORE.start(options=(f"--user={USERS[1]}", *self.configured()))
        asked = lambda: STORE.podman("exec", name, "rollcall", "health", check=False)   # noqa: E731
        self.until(lambda: asked().returncode == 0, "the daemon did not come alive")
        self.assertEqual(STORE.podman("healthcheck", "run", name).returncode, 0)
        check = STORE.podman("exec", name, "rollcall", "check", "--only", "pods", check=False)
        self.assertEqual(check.returncode, 2, check)
        self.assertIn("pod-1", check.stdout)
        STORE.podman("kill", "--signal=STOP", name)
        self.assertEqual(asked().returncode, 1)
        STORE.podman("kill", "--signal=CONT", name)
        STORE.podman("stop", "--time=20", name)
        self.assertEqual(STORE.run("health").returncode, 1)

    def test_a_sigterm_ends_it_in_time_and_without_a_fault(self):
        # Kept when it has ended: its exit code can be asked for whenever that was.
        name = STORE.start(options=(*self.configured(), "--rm=false"))
        self.addCleanup(STORE.podman, "rm", "--force", name)
        self.until(lambda: STORE.podman("exec", name, "rollcall", "health",
                                        check=False).returncode == 0, "the daemon did not start")
        STORE.podman("kill", "--signal=TERM", name)
        self.assertEqual(STORE.podman("wait", name, timeout=30).stdout.strip(), "0")

    def test_hosts_of_the_container_are_known_by_name(self):
        done = STORE.run("health", "--address", "ghost.test:1",
                         options=("--add-host=ghost.test:127.0.0.1",))
        self.assertEqual(done.returncode, 1)
        self.assertIn("refused", done.stderr)
        unknown = STORE.run("health", "--address", "nobody.test:1")
        self.assertNotIn("refused", unknown.stderr)


class Database(Container):
    """Accounts that need a plug-in of the client library, which it loads by name."""

    def check(self, database, network, options=()):
        done = STORE.run("check", "--only", "database", "--output", "json", network=network,
                         options=(*self.configured(CONFIG + database), *options,
                                  f"--env=ROLLCALL_DB_PASSWORD={PASSWORD}"))
        self.assertTrue(done.stdout, done.stderr)
        return done.stdout

    def server(self):
        description = {"datadir": os.path.join(self.folder, "data"), "port": free_ports(1)[0],
                       "socket": os.path.join(self.folder, "mariadb.sock"),
                       "log": os.path.join(self.folder, "mariadb.log")}
        mariadb.initialise(description["datadir"])
        server = mariadb.Database(description)
        process = server.start(tied=True)
        self.addCleanup(processes.end, [process])
        return server

    def test_an_ed25519_account_of_a_real_mariadb_gets_in(self):
        server = self.server()
        server.sql("INSTALL SONAME 'auth_ed25519'; CREATE DATABASE ghost; CREATE USER r@localhost "
                   f"IDENTIFIED VIA ed25519 USING PASSWORD('{PASSWORD}'); "
                   "GRANT SELECT ON ghost.* TO r@localhost", database="")
        os.chmod(os.path.join(self.folder, "mariadb.sock"), 0o777)
        told = self.check("database: {socket: /run/db/mariadb.sock, user: r, name: ghost}\n",
                          "none", (f"--volume={self.folder}:/run/db",))
        self.assertEqual(json.loads(told)["verdict"], "pass", told)

    def test_the_client_can_answer_for_caching_sha2_password(self):
        with MysqlGreeter() as greeter:
            database = (f"database: {{host: 127.0.0.1, port: {greeter.port}, user: r, "
                        "name: ghost}\n")
            self.assertIn("refuses the account", self.check(database, "host"))
            self.assertIn(("caching_sha2_password", 32), greeter.answers)
            # That this would be seen: the same without the plug-ins.
            greeter.answers.clear()
            plugins = os.path.dirname(STORE.find("caching_sha2_password.so"))
            os.mkdir(os.path.join(self.folder, "empty"))
            self.check(database, "host", (f"--volume={self.folder}/empty:{plugins}:ro",))
            self.assertNotIn(("caching_sha2_password", 32), greeter.answers)

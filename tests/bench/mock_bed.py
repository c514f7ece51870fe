"""The mock site with a real MariaDB that holds its rows: what benchmarks and tests stand on.

    with MockBed(mock_site, folder, posts=10_000, pods=10) as bed:
        subprocess.run([rollcall, "check", *bed.flags()])
"""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.path[0:0] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

from lab import LabError, mariadb, processes               # noqa: E402
from lab.common import free_ports, wait_until, write_private    # noqa: E402

_SHAPE = ("seed", "posts", "pages", "tags", "authors", "drafts")    # options that the rows know, too
_PASSWORD = "only-for-tests"
_LOAD_SECONDS = 600


class MockBed:
    """A database and the mock site's pods, both gone when the block is left. `folder` must exist.

    `options` are those of `mock_site serve`, with underscores: posts=10_000, pods=10, ghost="6.65".
    `api_key`: whether Rollcall's account may read the Content API's key. `database_options`: more of mariadbd's.
    """

    def __init__(self, mock_site, folder, api_key=True, database_options=(), **options):
        self.folder = self.dir = folder     # `dir` as a Lab's: for `Rollcall` of tests/e2e
        self._program = os.path.abspath(mock_site)
        self._api_key = api_key
        self._database_options = list(database_options)
        self._options = options
        self._started = []
        self.where = None       # what mock_site says of itself: url, key, pods, control

    def __enter__(self):
        try:
            self._start_database()
            self._start_site()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        processes.end(self._started)

    # ---- the database

    def _start_database(self):
        datadir = os.path.join(self.folder, "data")
        mariadb.initialise(datadir)
        self.db = {"datadir": datadir, "log": os.path.join(self.folder, "mariadb.log"),
                   "socket": mariadb.socket_path(self.folder), "port": free_ports(1)[0],
                   "ghost_user": "ghost", "ghost_password": _PASSWORD,
                   "user": "rollcall", "password": _PASSWORD, "options": self._database_options}
        self._database = mariadb.Database(self.db)
        self._database.start(tied=True, spawned=self._started.append)
        self._database.set_accounts()
        write_private(os.path.join(self.folder, "db-password"), _PASSWORD)
        self._load_rows()
        if not self._api_key:
            self.sql("DELETE FROM api_keys")

    def _load_rows(self):
        rows = subprocess.Popen([self._program, "rows", "--tables", *self._flags(_SHAPE)], stdout=subprocess.PIPE)
        client = ["mariadb", "--no-defaults", f"--socket={self.db['socket']}", mariadb.NAME]
        done = subprocess.run(client, stdin=rows.stdout, capture_output=True, text=True, timeout=_LOAD_SECONDS,
                              check=False)
        rows.stdout.close()
        if rows.wait() != 0 or done.returncode != 0:
            raise LabError(f"the rows could not be loaded: {done.stderr[:500]}")

    def sql(self, statements):
        """Runs them as the administrator; rows as lists of strings."""
        return self._database.sql(statements)

    # ---- the pods

    def _start_site(self):
        told = os.path.join(self.folder, "mock_site.json")
        process = processes.spawn([self._program, "serve", *self._flags(self._options)], told, tied=True)
        self._started.append(process)
        self.site = process

        def said():
            if not processes.is_alive(process):
                raise LabError("mock_site ended: " + _text_of(told))
            return _text_of(told).endswith("\n")
        wait_until(said, 20, "mock_site did not say where it listens")
        self.where = json.loads(_text_of(told))

    def _flags(self, names):
        flags = []
        for name in names:
            value = self._options.get(name)
            if value is None or value is False:
                continue
            flags += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
        return flags

    def control(self, command, **query):
        """`control("publish", pods="1,2")`; what is published or updated is told the database first by the caller."""
        url = f"{self.where['control']}/{command}?{urllib.parse.urlencode(query, safe=',')}"
        try:
            with urllib.request.urlopen(urllib.request.Request(
                    url, method="GET" if command == "counts" else "POST"), timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise LabError(f"mock_site: {error.read().decode()}") from error

    # ---- Rollcall

    def flags(self):
        """What tells `rollcall check` or `serve` of this site."""
        return ["--url", self.where["url"],
                "--db", f"mysql://{self.db['user']}@127.0.0.1:{self.db['port']}/{mariadb.NAME}",
                "--db-password-file", os.path.join(self.folder, "db-password"),
                *(flag for pod in self.where["pods"] for flag in ("--pod", f"{pod['name']}={pod['url']}"))]

    def quiet_end(self):
        """SIGTERM to the site; its exit status."""
        processes.send(self.site, signal.SIGTERM)
        return processes.wait_exit(self.site, 10)


def _text_of(path):
    with open(path, encoding="utf-8") as source:
        return source.read()

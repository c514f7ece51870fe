"""Lab: N pods of one Ghost version, one MariaDB, one content folder, one round-robin front.

For tests:
    with Lab.up("5.130.6", pods=3, dir=tmp) as lab:
        post = lab.api(1).create_post("Hello")
        assert lab.get(2, "/hello/").status == 404
"""

import os
import re
import signal
import sys
import urllib.parse

from . import ghost_install
from . import mariadb
from . import pods as pod_module
from . import processes
from . import seed
from . import state as state_module
from .admin_api import AdminApi
from .common import (LabError, deep_merge, free_ports, progress, read_json, tail, wait_until,
                     write_private)

_HERE = os.path.dirname(os.path.abspath(__file__))


class Lab:
    """A running (or half-dead) lab; all it knows is in `.state`, the content of DIR/state.json.

    Pods are numbered from 1. Not thread-safe: one thread drives a lab.
    """

    def __init__(self, dir, tied=False):
        """Attaches to the lab in `dir`; LabError when there is none. `tied`: see up()."""
        self.dir = os.path.abspath(dir)
        self.state = state_module.load(self.dir)
        self._tied = tied

    # Life

    @classmethod
    def up(cls, version, pods=3, dir="build/lab", config=None, url=None, pod_configs=None, tie_to_parent=True):
        """Starts a lab in `dir` and returns it when every pod is ready.

        `config` is merged into Ghost's config of every pod, `pod_configs[n]` into that of pod n.
        With `tie_to_parent` the kernel kills everything when the calling thread ends (call from the
        main thread). On failure, Ctrl-C included, nothing is left running; logs stay in `dir`.
        """
        ghost_install.check_version(version)
        if pods < 1:
            raise LabError("a lab has at least one pod")
        folder = os.path.abspath(dir)
        _refuse_running(folder)
        seed_folder = seed.provide(version)
        state_module.make_folder(folder)
        lab = cls.__new__(cls)
        lab.dir, lab._tied = folder, tie_to_parent
        lab.state = _plan(folder, version, pods, url, config or {})
        try:
            lab._bring_up(seed_folder, config or {}, pod_configs or {})
        except BaseException:
            lab.down()
            raise
        return lab

    def _bring_up(self, seed_folder, config, pod_configs):
        state = self.state
        progress(f"Ghost {state['ghost']}, {len(state['pods'])} pods, in {self.dir}")
        state.update(seed.plant(seed_folder, state["database"]["datadir"], state["content_dir"]))
        self.save()
        self.db_start()
        self._db.set_accounts()
        write_private(os.path.join(self.dir, "db-password"), state["database"]["password"] + "\n")
        for number, pod in enumerate(state["pods"], 1):
            own = deep_merge(config, pod_configs.get(number, {}))
            port = int(pod["address"].rpartition(":")[2])
            base = pod_module.base_config(state["site"]["url"], port, state["database"], state["content_dir"])
            pod_module.prepare(pod, state["ghost"], base, own)
            self._spawn_pod(pod)
        self.front_start()
        for pod in state["pods"]:
            pod_module.wait_ready(pod)
            progress(f"{pod['name']} is ready at {pod['url']}")

    def down(self):
        """Ends every process of the lab and keeps its files; works on a half-dead lab too."""
        front, *pods, database = state_module.recorded_processes(self.state)
        processes.end([front, *pods])
        processes.end([database], patience=20)
        mariadb.forget_socket(self.state["database"]["socket"], self.dir)

    def wipe(self):
        """down(), and removes the folder."""
        self.down()
        state_module.wipe_folder(self.dir)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.down()

    # Pods

    def pod(self, number):
        """The state of pod `number` (1...); LabError when there is no such pod."""
        if not 1 <= number <= len(self.state["pods"]):
            raise LabError(f"there is no pod {number}; this lab has pods 1 to {len(self.state['pods'])}")
        return self.state["pods"][number - 1]

    def start_pod(self, number, wait=True):
        """Boots a stopped pod and, with `wait`, returns when it is ready."""
        pod = self.pod(number)
        if processes.is_alive(pod):
            raise LabError(f"{pod['name']} already runs (pid {pod['pid']})")
        self._spawn_pod(pod)
        if wait:
            pod_module.wait_ready(pod)

    def stop_pod(self, number):
        """Ends a pod (SIGTERM, then SIGKILL); no error when it is not running."""
        processes.end([self.pod(number)])

    def restart_pod(self, number):
        """Stops and starts a pod; returns when it is ready."""
        self.stop_pod(number)
        self.start_pod(number)

    def freeze_pod(self, number):
        """SIGSTOP: the pod accepts connections and never answers."""
        processes.send(self.pod(number), signal.SIGSTOP)

    def thaw_pod(self, number):
        processes.send(self.pod(number), signal.SIGCONT)

    def change_pod_config(self, number, changes):
        """Merges `changes` into the pod's config file; takes effect at its next start."""
        pod = self.pod(number)
        pod_module.write_config(pod, deep_merge(read_json(pod["config"]), changes))

    def _spawn_pod(self, pod):
        with processes.uninterrupted():
            pod.update(pod_module.spawn(pod, self._tied))
            self.save()

    # Talking to it

    def get(self, number, path, method="GET", headers=None):
        """One request to one pod, Host and scheme of the site; `.status`, `.getheader()`, `.content`."""
        return pod_module.request(self.pod(number)["address"], self.state["site"]["url"], method, path,
                                  headers=headers)

    def api(self, number=1):
        """The Admin API of one pod, able to sign in as the owner."""
        site = self.state["site"]
        return AdminApi(self.pod(number)["url"], site["url"], self.state["admin_api_key"],
                        self.state["owner"], site.get("admin_url"))

    def create_author(self, name, slug=None, email=None):
        """A second staff user (role Author), by SQL: Ghost only makes one through a mailed invitation.

        Returns {"id", "slug", "email"}. Works on every version: the row is a copy of the owner's,
        so no column is named. Ghost learns of the user when a post of theirs is published.
        """
        slug = slug or re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
        author = {"id": os.urandom(12).hex(), "slug": slug, "email": email or f"{slug}@example.com"}
        quoted = name.replace("\\", "\\\\").replace("'", "''")
        self.sql(f"""
            CREATE TEMPORARY TABLE author AS SELECT * FROM users ORDER BY created_at LIMIT 1;
            UPDATE author SET id='{author["id"]}', name='{quoted}', slug='{slug}', email='{author["email"]}';
            INSERT INTO users SELECT * FROM author;
            INSERT INTO roles_users (id, role_id, user_id)
              SELECT '{os.urandom(12).hex()}', id, '{author["id"]}' FROM roles WHERE name='Author';""")
        return author

    # Front

    def front_start(self):
        """Starts the round-robin front and returns when it listens."""
        site = self.state["site"]
        if processes.is_alive(site):
            raise LabError("the front already runs")
        proto = urllib.parse.urlsplit(site["url"]).scheme
        backends = [f"{pod['name']}={pod['address']}" for pod in self.state["pods"]]
        argv = [sys.executable, "-I", os.path.join(_HERE, "front.py"), "--port", str(site["front_port"]),
                "--proto", proto, *backends]
        with processes.uninterrupted():
            site.update(processes.spawn(argv, os.path.join(self.dir, "front.log"), tied=self._tied))
            self.save()
        wait_until(lambda: mariadb.accepts(site["front_port"]), 15, "the front did not listen")

    def front_stop(self):
        processes.end([self.state["site"]])

    # Database

    @property
    def _db(self):
        return mariadb.Database(self.state["database"])

    def sql(self, statements):
        """Runs statements as administrator on Ghost's database; rows as lists of str or None."""
        return self._db.sql(statements)

    def sql_text(self, statements):
        return self._db.sql_text(statements)

    def db_start(self):
        """Starts the database and returns when it answers; LabError when it already runs."""
        if processes.is_alive(self.state["database"]):
            raise LabError("the database already runs")

        def spawned(process):
            self.state["database"].update(process)
            self.save()
        self._db.start(self._tied, spawned)

    def database_runs(self):
        """False when it was stopped, killed, ended by itself, or is about to."""
        it = self.state["database"]
        return processes.is_alive(it) and mariadb.accepts(it["port"])

    def database_log(self, size=2000):
        """The end of its log."""
        return tail(self.state["database"]["log"])[-size:]

    def db_stop(self):
        """An orderly end (SIGTERM)."""
        processes.end([self.state["database"]], patience=20)

    def db_kill(self):
        """SIGKILL; up to a second of commits may be lost, as on a crash."""
        processes.kill(self.state["database"])

    def db_freeze(self):
        """SIGSTOP: connections stay open, nothing answers."""
        self._db.freeze()

    def db_thaw(self):
        self._db.thaw()

    def save(self):
        state_module.save(self.dir, self.state)


def _refuse_running(folder):
    if not os.path.exists(state_module.state_file(folder)):
        return
    if any(processes.is_alive(each) for each in state_module.recorded_processes(state_module.load(folder))):
        raise LabError(f"a lab already runs in {folder}; end it with: down")


def _plan(folder, version, count, url, config):
    """The state of a lab before anything runs: names, paths, ports."""
    db_port, front_port, *ports = free_ports(count + 2)
    site = {"url": (url or config.get("url") or f"http://127.0.0.1:{front_port}").rstrip("/"),
            "front_port": front_port, "front_url": f"http://127.0.0.1:{front_port}"}
    admin_url = (config.get("admin") or {}).get("url")
    if admin_url:
        site["admin_url"] = admin_url.rstrip("/")
    names = [f"pod-{number}" for number in range(1, count + 1)]
    return {
        "ghost": version, "site": site,
        "pods": [{"name": name, "address": f"127.0.0.1:{port}", "url": f"http://127.0.0.1:{port}", "pid": None,
                  "start": None, "log": os.path.join(folder, name, "ghost.log"),
                  "config": os.path.join(folder, name, "config.production.json")}
                 for name, port in zip(names, ports)],
        "database": seed.database_description(folder, os.path.join(folder, "database"), db_port),
        "content_dir": os.path.join(folder, "content"),
    }

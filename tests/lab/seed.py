"""The seed of a Ghost version: a migrated, set-up database and content folder, kept in the cache.

Making one boots Ghost once (migrations, owner, API keys); every later `up` only copies it. Ghost
stores its own address as a placeholder, so a seed serves any site url.
"""

import json
import os
import secrets

from . import ghost_install
from . import mariadb
from . import pods
from . import processes
from .admin_api import AdminApi
from .cache import build_once
from .common import cache_root, copy_tree, free_ports, progress, read_json, remove_tree, write_private

_FORMAT = 1     # raise it when what a seed holds changes


def provide(version):
    """The folder of the seed of `version`: database/, content/, seed.json. Made if need be."""
    name = f"{version}-mariadb-{mariadb.server_version()}-format-{_FORMAT}"
    return build_once(os.path.join(cache_root(), "seed", name), lambda folder: _make(version, folder))


def plant(seed, datadir, content_dir):
    """Copies the seed; returns its keys: owner, admin_api_key, content_api_key."""
    copy_tree(os.path.join(seed, "database"), datadir)
    copy_tree(os.path.join(seed, "content"), content_dir)
    return read_json(os.path.join(seed, "seed.json"))


def database_description(folder, datadir, port):
    """The `database` part of a lab's state, with fresh random passwords."""
    return {"host": "127.0.0.1", "port": port, "name": mariadb.NAME, "socket": mariadb.socket_path(folder),
            "user": "rollcall", "password": secrets.token_urlsafe(18), "ghost_user": "ghost",
            "ghost_password": secrets.token_urlsafe(18), "datadir": datadir,
            "log": os.path.join(folder, "mariadb.log")}


def _make(version, folder):
    package = ghost_install.install(version)
    work = os.path.join(folder, "work")
    os.makedirs(work)
    content = os.path.join(folder, "content")
    copy_tree(os.path.join(package, "content"), content)
    db_port, pod_port = free_ports(2)
    description = database_description(work, os.path.join(folder, "database"), db_port)
    progress("preparing an empty database")
    mariadb.initialise(description["datadir"])
    database = mariadb.Database(description)
    started = []
    try:
        description.update(database.start(tied=True, spawned=started.append))
        database.set_accounts()
        progress(f"first boot of Ghost {version}: migrations and setup")
        keys = _first_boot(version, work, pod_port, description, content, started)
        write_private(os.path.join(folder, "seed.json"), json.dumps(keys, indent=2))
    finally:
        for process in reversed(started):       # Ghost first, then its database
            processes.end([process], patience=20)
        mariadb.forget_socket(description["socket"], work)
    remove_tree(work)


def _first_boot(version, work, port, database, content, started):
    url = f"http://127.0.0.1:{port}"
    pod = {"name": "pod-1", "address": f"127.0.0.1:{port}", "config": os.path.join(work, "config.production.json"),
           "log": os.path.join(work, "ghost.log")}
    pods.prepare(pod, version, pods.base_config(url, port, database, content), {})
    with processes.uninterrupted():
        process = pods.spawn(pod, tied=True)
        started.append(process)
    pod.update(process)
    pods.wait_ready(pod)
    # Ghost refuses passwords that hold the word "ghost" or the site's name.
    owner = {"email": "owner@example.com", "password": "Roll-" + secrets.token_hex(12)}
    api = AdminApi(url, url, "", owner)
    api.set_up("Rollcall Lab")
    admin_key, content_key = api.create_integration("Rollcall lab")
    return {"owner": owner, "admin_api_key": admin_key, "content_api_key": content_key}

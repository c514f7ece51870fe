"""Ghost pods: one process each, with its own working folder, config file, port and log."""

import http.client
import json
import os
import urllib.parse

from . import ghost_install
from . import processes
from .common import LabError, deep_merge, read_json, tail, wait_until

BOOT_SECONDS = 120


def base_config(url, port, database, content_dir):
    """Ghost's config for one pod; nothing in it makes Ghost call anything outside this machine."""
    return {
        "url": url,
        "server": {"host": "127.0.0.1", "port": port, "shutdownTimeout": 2000},
        "database": {"client": "mysql", "connection": {
            "host": "127.0.0.1", "port": database["port"], "user": database["ghost_user"],
            "password": database["ghost_password"], "database": database["name"]}},
        "paths": {"contentPath": content_dir},
        "logging": {"level": "info", "transports": ["stdout"]},
        # Port 9 is "discard": nobody listens, so a mail fails at once.
        "mail": {"transport": "SMTP", "from": "lab@example.com",
                 "options": {"host": "127.0.0.1", "port": 9, "connectionTimeout": 1000}},
        "privacy": {"useUpdateCheck": False, "useGravatar": False, "useRpcPing": False,
                    "useIndexNow": False, "useStructuredData": True},
        "security": {"staffDeviceVerification": False},
        "explore": {"update_url": "", "testimonials_url": ""},
        "spam": {"user_login": {"freeRetries": 1000}, "global_block": {"freeRetries": 10000}},
    }


def prepare(pod, version, config, extra):
    """Makes the pod's folder: `current` -> the installed version, and its config file (0600)."""
    folder = os.path.dirname(pod["config"])
    os.makedirs(folder, exist_ok=True)
    link = os.path.join(folder, "current")
    if os.path.lexists(link):
        os.remove(link)
    os.symlink(ghost_install.install(version), link)
    write_config(pod, deep_merge(config, extra))


def write_config(pod, config):
    fd = os.open(pod["config"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as out:
        json.dump(config, out, indent=2)


def spawn(pod, tied):
    """Starts the pod's process; it does not answer yet."""
    folder = os.path.dirname(pod["config"])
    environment = {key: value for key, value in os.environ.items()
                   if not key.lower().startswith(("npm_", "pnpm_", "node_"))}
    environment["NODE_ENV"] = "production"
    return processes.spawn([ghost_install.node(), "current/index.js"], pod["log"], cwd=folder,
                           env=environment, tied=tied)


def wait_ready(pod):
    """Returns when the pod has booted; LabError with the end of its log when it dies instead."""
    def ready():
        if not processes.is_alive(pod):
            raise LabError(f"{pod['name']} ended while starting; {pod['log']} ends with:\n{tail(pod['log'])}")
        return is_ready(pod)
    wait_until(ready, BOOT_SECONDS, f"{pod['name']} did not become ready")


def is_ready(pod):
    """Booted: the Admin API's /site/ says 200 and the front page is no longer Ghost's 503."""
    try:
        config = read_json(pod["config"])
        admin = (config.get("admin") or {}).get("url") or config["url"]
        site_path = urllib.parse.urlsplit(config["url"]).path.rstrip("/") + "/"
        admin_path = urllib.parse.urlsplit(admin).path.rstrip("/") + "/ghost/api/admin/site/"
        return status(pod, admin, admin_path) == 200 and status(pod, config["url"], site_path) != 503
    except (OSError, http.client.HTTPException):
        return False


def status(pod, site_url, path):
    """The status code of a GET to this very pod, with the Host and scheme of the site."""
    return request(pod["address"], site_url, "GET", path).status


def request(address, site_url, method, path, body=None, headers=None, timeout=30):
    """One request to one pod as its front would send it; the body is in `.content`.

    Redirects are not followed. OSError or HTTPException when the pod does not answer.
    """
    site = urllib.parse.urlsplit(site_url)
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request(method, path, body, {"Host": site.netloc, "X-Forwarded-Proto": site.scheme,
                                                **(headers or {})})
        answer = connection.getresponse()
        answer.content = answer.read()
        return answer
    finally:
        connection.close()

"""Small things every module of the lab needs: errors, progress, ports, waiting, files.

Everything that can go wrong for a reason the user can act on is a LabError with one sentence.
"""

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time


class LabError(Exception):
    """A failure that one sentence explains; the CLI prints it and exits 1."""


def progress(message):
    """One line on stderr."""
    print(f"lab: {message}", file=sys.stderr, flush=True)


def cache_root():
    """Where downloads and prepared Ghost versions live; safe to delete when no lab runs."""
    if os.environ.get("ROLLCALL_CACHE"):
        return os.path.abspath(os.environ["ROLLCALL_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "rollcall")


def free_ports(count):
    """`count` distinct loopback ports that nobody listens on.

    They lie below Linux's ephemeral range, so that no outgoing connection takes a pod's port
    while the pod is down for a restart.
    """
    found, tried = [], random.Random(os.urandom(16))
    for _ in range(2000):
        port = tried.randrange(15000, 32000)
        if port not in found and port_is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise LabError("no free port between 15000 and 32000 on 127.0.0.1")


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until(condition, seconds, what, every=0.05):
    """Polls `condition()` until it is true and returns its value; LabError after `seconds`.

    `condition` may raise LabError itself to give up early (for example: the process died).
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise LabError(f"{what} within {seconds:g} s")
        time.sleep(every)


def write_private(path, text):
    """Writes a file of mode 0600 atomically: a reader sees the old or the new one, never a part."""
    temporary = f"{path}.tmp-{os.getpid()}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(temporary, path)


def read_json(path):
    with open(path, encoding="utf-8") as source:
        return json.load(source)


def deep_merge(base, extra):
    """A new dict: `extra` laid over `base`, objects merged key by key, everything else replaced."""
    merged = dict(base)
    for key, value in extra.items():
        old = merged.get(key)
        merged[key] = deep_merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def tail(path, lines=25):
    """The last lines of a log, or a note that it cannot be read; for error messages."""
    try:
        with open(path, encoding="utf-8", errors="replace") as source:
            return "".join(source.readlines()[-lines:]).strip()
    except OSError as error:
        return f"(cannot read {path}: {error.strerror})"


def copy_tree(source, target):
    """Copies a folder with owners and times; `cp` is several times quicker than shutil here."""
    done = subprocess.run(["cp", "-a", "--reflink=auto", source, target], capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"cannot copy {source} to {target}: {done.stderr.strip()}")


def remove_tree(path):
    shutil.rmtree(path, ignore_errors=True)

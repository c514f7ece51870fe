"""`rollcall serve` on a content folder of a test's own, and what its tests share."""

import contextlib
import http.server
import os
import shutil
import socket
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "support"))
import serving  # noqa: E402  (it is beside the other helpers of the tests)
import volumes  # noqa: E402
from serving import children_of, wait_until  # noqa: E402,F401  (for the tests)

FOLDERS = ("images", "media", "files", "themes", "settings", "data")
GHOST = 1000  # whom Ghost runs as


def make_bed(test, program):
    """A bed that lasts as long as the test, which is skipped when this machine cannot have one."""
    try:
        return test.enterContext(volumes.Bed(program))
    except volumes.Missing as reason:
        return test.skipTest(f"no file systems to break: {reason}")


def furnish(content, folders=FOLDERS):
    """Ghost's folders, in the hands of Ghost's user (our own where we are not root), and files of it that checks read."""
    for name in ("", *folders):
        path = os.path.join(content, name)
        os.makedirs(path, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(path, GHOST, GHOST)
    for name, text in (("settings/routes.yaml", "routes:\n"), ("data/redirects.json", "[]")):
        with open(os.path.join(content, name), "w", encoding="utf-8") as file:
            file.write(text)
    # What breaks a file system takes what is not on its disk.
    handle = os.open(content, os.O_RDONLY | os.O_DIRECTORY)
    volumes.LIBC.syncfs(handle)
    os.close(handle)


def owner():
    """Whom Ghost's folders belong to."""
    return GHOST if os.geteuid() == 0 else os.geteuid()


def own_files(content, folders=FOLDERS):
    """What Rollcall left there."""
    return [os.path.join(name, file) for name in folders
            if os.path.isdir(os.path.join(content, name))
            for file in os.listdir(os.path.join(content, name)) if "rollcall" in file]


def state_of(pid):
    """The letter of its state, such as D; None when it is gone."""
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    return None


def closed_port():
    """A port where nobody listens: bound, so nobody else takes it, but not listening."""
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    return reserved, reserved.getsockname()[1]


class _Pod(http.server.BaseHTTPRequestHandler):
    """As much of Ghost as keeps the checks that need no database busy."""

    def do_GET(self):
        body = b"<html></html>"
        if self.path.startswith("/ghost/api/admin/site"):
            body = b'{"site":{"title":"x","url":"http://example.org/","version":"5.130"}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def pod():
    """Its URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pod)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Daemon(serving.Daemon):
    """Has a content folder and one pod."""

    def __init__(self, program, content, pod_url, *flags, log, user=None):
        super().__init__(program, "--url", "http://example.org", "--pod", f"pod-1={pod_url}", "--content", content,
                         *flags, log=log, user=user)

    def run_of(self, check):
        """The latest run of a check with its findings as codes, such as RC801; None before that."""
        report = self.report()
        for run in report["checks"] if report else ():
            if run["check"] == check:
                return run | {"codes": sorted({finding["code"] for finding in report["findings"]
                                               if finding["check"] == check}),
                              "blind": [*filter(None, [run["error"]]), *run["gaps"]]}
        return None


def program_for(user, program, folder):
    """A copy of the program that any user can start."""
    if user is None:
        return program
    copy = os.path.join(folder, "rollcall")
    if not os.path.exists(copy):
        shutil.copy(program, copy)
    return copy

"""One MariaDB server of the lab's own: own data folder, socket and port, on 127.0.0.1 only."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from . import processes
from .common import LabError, tail, wait_until

NAME = "ghost"
_SQL_SECONDS = 60
_SOCKET_LIMIT = 100     # the kernel takes 107 bytes for the path of a unix socket


def initialise(datadir):
    """Makes an empty data folder; the account of the current user enters through the socket."""
    user = _current_user()
    done = subprocess.run(
        [_program("mariadb-install-db"), "--no-defaults", f"--datadir={datadir}", f"--tmpdir={datadir}",
         "--skip-test-db", "--auth-root-authentication-method=socket", f"--auth-root-socket-user={user}",
         *_user_option(), *_sizes()], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"mariadb-install-db failed:\n{(done.stderr + done.stdout)[-1500:]}")


def server_version():
    """For example '10.11.19'; a data folder is only reused under the version that made it."""
    done = subprocess.run([_program("mariadbd"), "--no-defaults", "--version"], capture_output=True,
                          text=True, check=False)
    words = done.stdout.split()
    return words[words.index("Ver") + 1].split("-")[0] if "Ver" in words else "unknown"


def socket_path(folder):
    """A socket path in `folder`, or in a short temporary folder when that path is too long."""
    path = os.path.join(folder, "mariadb.sock")
    if len(path) <= _SOCKET_LIMIT:
        return path
    return os.path.join(tempfile.mkdtemp(prefix="rollcall-lab-"), "mariadb.sock")


def forget_socket(path, folder):
    """Removes the temporary folder that socket_path made, if it made one."""
    parent = os.path.dirname(path)
    if parent != folder and os.path.basename(parent).startswith("rollcall-lab-"):
        shutil.rmtree(parent, ignore_errors=True)


class Database:
    """The server described by the `database` part of the state; holds no state of its own."""

    def __init__(self, description):
        self._it = description

    def start(self, tied, spawned=lambda process: None):
        """Starts the server and returns when it answers; `spawned` gets the process at once."""
        it = self._it
        with processes.uninterrupted():
            process = processes.spawn(self._command_line(), it["log"], tied=tied)
            spawned(process)
        wait_until(lambda: self._answers(process), 60, "MariaDB did not answer")
        return process

    def _command_line(self):
        # Its own tmpdir: a server that starts removes the temporary tables there, another server's too.
        it = self._it
        return [_program("mariadbd"), "--no-defaults", f"--datadir={it['datadir']}", f"--socket={it['socket']}",
                f"--tmpdir={it['datadir']}", f"--port={it['port']}", "--bind-address=127.0.0.1",
                f"--pid-file={it['datadir']}/mariadbd.pid", "--skip-name-resolve", "--skip-log-bin",
                "--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M",
                "--performance-schema=off", *_sizes(), *_user_option(), *it.get("options", ())]

    def _answers(self, process):
        if not processes.is_alive(process):
            raise LabError(f"MariaDB ended while starting; its log says:\n{tail(self._it['log'])}")
        if not accepts(self._it["port"]):
            return False
        return self._client("SELECT 1", database="", check=False).returncode == 0

    def freeze(self):
        """SIGSTOP: connections stay open, nothing answers."""
        processes.send(self._it, signal.SIGSTOP)

    def thaw(self):
        processes.send(self._it, signal.SIGCONT)

    def set_accounts(self):
        """(Re)creates the accounts with the passwords of this lab: ghost: all, rollcall: SELECT."""
        it = self._it
        lines = [f"CREATE DATABASE IF NOT EXISTS {NAME} CHARACTER SET utf8mb4"]
        for host in ("127.0.0.1", "localhost"):
            for user, password, rights in ((it["ghost_user"], it["ghost_password"], "ALL"),
                                           (it["user"], it["password"], "SELECT")):
                account = f"'{user}'@'{host}'"
                lines.append(f"CREATE OR REPLACE USER {account} IDENTIFIED BY '{password}'")
                lines.append(f"GRANT {rights} ON {NAME}.* TO {account}")
        self.sql(";\n".join(lines), database="")

    def sql(self, statements, database=NAME):
        """Runs statements as the administrator; rows as lists of strings, NULL as None."""
        done = self._client(statements, database, options=["--batch", "--skip-column-names"])
        return [[_unescape(field) for field in line.split("\t")] for line in done.stdout.split("\n")[:-1]]

    def sql_text(self, statements):
        """The same for people: the client's own table."""
        return self._client(statements, NAME, options=["--table"]).stdout

    def _client(self, statements, database, options=(), check=True):
        argv = [_program("mariadb"), "--no-defaults", f"--socket={self._it['socket']}",
                f"--user={_current_user()}", "--default-character-set=utf8mb4", "--connect-timeout=10", *options]
        if database:
            argv.append(database)
        try:
            done = subprocess.run(argv, input=statements, capture_output=True, text=True, check=False,
                                  timeout=_SQL_SECONDS)
        except subprocess.TimeoutExpired:
            raise LabError(f"the database did not answer within {_SQL_SECONDS} s; is it frozen?") from None
        if check and done.returncode != 0:
            raise LabError(f"SQL failed: {done.stderr.strip()}")
        return done


def _unescape(field):
    if field == "NULL":
        return None
    plain = {"t": "\t", "n": "\n", "0": "\0"}
    return re.sub(r"\\(.)", lambda match: plain.get(match[1], match[1]), field)


def accepts(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _current_user():
    return pwd.getpwuid(os.geteuid()).pw_name


def _user_option():
    return ["--user=root"] if os.geteuid() == 0 else []


def _sizes():
    return ["--innodb-log-file-size=8M", "--innodb-data-file-path=ibdata1:4M:autoextend"]


def _program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/usr/local/sbin")
    if not found:
        raise LabError(f"{name} is not installed (Debian package: mariadb-server)")
    return found

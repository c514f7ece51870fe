"""The test bed of a job: a lab that tells when it broke by itself."""

import contextlib
import ctypes
import os
import signal
import subprocess

from lab import Lab

_CLONE_NEWNS, _CLONE_NEWNET = 0x20000, 0x40000000
_MS_REC, _MS_SLAVE = 1 << 14, 1 << 19
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class BedBroke(Exception):
    """Not Rollcall failed but what it is tested with: the server ended although nobody asked it to."""


@contextlib.contextmanager
def bed(version, folder, **how):
    """A lab of three pods; BedBroke when its database has ended by itself, whatever else went wrong."""
    with Lab.up(version, pods=3, dir=folder, **how) as lab:
        try:
            yield lab
        finally:
            if not lab.database_runs():
                raise BedBroke("the lab's MariaDB ended by itself; its log says:\n" + lab.database_log())


def tie():
    """For a child's preexec_fn: it is told to end (SIGTERM) when this process has ended, however."""
    parent = os.getpid()

    def in_child():
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
    return in_child


def keep_mounts_apart():
    """What is mounted from now on is seen by this process and its children only, and goes with them.

    What others unmount goes here, too."""
    if os.geteuid() == 0 and _libc.unshare(_CLONE_NEWNS) == 0:
        _libc.mount(b"none", b"/", None, _MS_REC | _MS_SLAVE, None)


def keep_network_apart():
    """This process and its children have a network of their own from now on, with 127.0.0.0/8 in it and nothing else.

    Returns why that cannot be, None when it is so."""
    if os.geteuid() != 0:
        return "only root may make a network"
    try:
        subprocess.run(["iptables", "--version"], check=True, capture_output=True)
        subprocess.run(["ip", "-V"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return "ip and iptables are not installed"
    if _libc.unshare(_CLONE_NEWNET) != 0:
        return f"no network of its own: {os.strerror(ctypes.get_errno())}"
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    return None

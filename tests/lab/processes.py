"""Starting processes and ending exactly those again.

A process is remembered as {"pid", "start"}: `start` is the kernel's start time of that pid in clock
ticks. A pid that was recycled has another start time and is never signalled.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time

from .common import LabError

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

_INTERRUPTS = {signal.SIGINT, signal.SIGTERM}

# Popen objects of our own children, so that they are reaped when they end.
_children = {}


@contextlib.contextmanager
def uninterrupted():
    """Delays Ctrl-C and SIGTERM, so that a process is never started without being recorded."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def spawn(argv, log, cwd=None, env=None, tied=False):
    """Starts `argv` in a session of its own, output appended to the file `log`.

    With `tied`, the kernel kills it when the *thread* that called spawn ends: call from the main
    thread. Without, it outlives us. Raises LabError when the program cannot be started.
    """
    parent = os.getpid()

    def in_child():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)
        if not tied:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:      # the parent died before prctl took effect
            os._exit(1)

    try:
        with open(log, "ab") as out:
            child = subprocess.Popen(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=subprocess.STDOUT, start_new_session=True,
                                     preexec_fn=in_child)
    except OSError as error:
        raise LabError(f"cannot start {argv[0]}: {error.strerror}") from error
    _children[child.pid] = child
    return {"pid": child.pid, "start": start_time(child.pid)}


def start_time(pid):
    """Clock ticks after boot at which `pid` started; None when it is gone or a mere zombie.

    A zombie whose threads still end counts as there: it may still hold its port and its files.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        dead = fields[0] in "ZX" and len(os.listdir(f"/proc/{pid}/task")) < 2
    except OSError:
        return None
    return None if dead else int(fields[19])


def process_state(process):
    """'running', 'frozen' (stopped by a signal) or 'stopped' (gone, or its pid is another's now)."""
    if not is_alive(process):
        return "stopped"
    try:
        with open(f"/proc/{process['pid']}/stat", encoding="ascii", errors="replace") as stat:
            return "frozen" if stat.read().rpartition(")")[2].split()[0] == "T" else "running"
    except OSError:
        return "stopped"


def is_alive(process):
    """True while the very process that was recorded still runs."""
    if not process or not process.get("pid") or process.get("start") is None:
        return False
    if start_time(process["pid"]) == process["start"]:
        return True
    child = _children.get(process["pid"])
    if child is not None and child.poll() is not None:      # reaps the zombie
        del _children[process["pid"]]
    return False


def send(process, number):
    """Signals the recorded process; False (and nothing is signalled) when it is gone.

    A pidfd pins the process between the look at its start time and the signal.
    """
    if not process or not process.get("pid"):
        return False
    try:
        handle = os.pidfd_open(process["pid"])
    except OSError:
        return False
    try:
        if not is_alive(process):
            return False
        signal.pidfd_send_signal(handle, number)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)


def end(processes, patience=5.0):
    """Ends all of them together: SIGTERM (thawed first), SIGKILL after `patience` seconds.

    Returns when all are gone; LabError when one survives SIGKILL (stuck in the kernel).
    """
    waiting = [process for process in processes if is_alive(process)]
    for process in waiting:
        send(process, signal.SIGTERM)
        send(process, signal.SIGCONT)
    waiting = _wait_gone(waiting, patience)
    for process in waiting:
        send(process, signal.SIGKILL)
    stuck = _wait_gone(waiting, 10.0)
    if stuck:
        raise LabError(f"process {stuck[0]['pid']} does not end, not even by SIGKILL")


def kill(process):
    """SIGKILL at once, and returns when it is gone."""
    send(process, signal.SIGKILL)
    if _wait_gone([process], 10.0):
        raise LabError(f"process {process['pid']} does not end, not even by SIGKILL")


def _wait_gone(processes, seconds):
    deadline = time.monotonic() + seconds
    left = [process for process in processes if is_alive(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [process for process in left if is_alive(process)]
    return left


def wait_exit(process, seconds):
    """The exit status of a process that spawn() started (negative: the signal); None while it runs on."""
    child = _children.get(process["pid"])
    if child is None:
        raise LabError(f"process {process['pid']} is not a child of ours, or was reaped before")
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        return None

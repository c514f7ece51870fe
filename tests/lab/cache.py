"""The cache of things that are slow to make: each entry is whole or absent, never partial."""

import contextlib
import fcntl
import glob
import os

from .common import progress, remove_tree


@contextlib.contextmanager
def locked(path):
    """Holds an exclusive lock on `path`; waits, and says so, while another run holds it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another run that prepares {os.path.basename(path)}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build_once(target, build):
    """Returns the folder `target`; makes it first with `build(temporary_folder)` when absent.

    The temporary folder is a sibling and is renamed when `build` returns; when it raises, nothing
    remains. Two runs at once: one builds, the other waits.
    """
    if os.path.isdir(target):
        return target
    with locked(target + ".lock"):
        if os.path.isdir(target):
            return target
        for leftover in glob.glob(glob.escape(target) + ".tmp-*"):
            remove_tree(leftover)
        temporary = f"{target}.tmp-{os.getpid()}"
        os.makedirs(temporary, mode=0o700)
        try:
            build(temporary)
            os.rename(temporary, target)
        except BaseException:
            remove_tree(temporary)
            raise
    return target

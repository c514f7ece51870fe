"""Breaks real file systems below a running daemon with default settings, and mends them again.

usage: faults_test.py ROLLCALL FAULTY_VOLUME

Each row: the volume is well; the fault; its code and no other within a minute; the repair; nothing
within a minute. All rows at once, each with a file system and a daemon of its own.
"""

import concurrent.futures
import contextlib
import errno
import fcntl
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import (FOLDERS, GHOST, Daemon, furnish, make_bed, own_files, pod, program_for,
                    volumes, wait_until)

PROGRAM = FAULTY = ""
WITHIN = 60
# ioctls
FS_IOC_SETFLAGS, FS_IMMUTABLE_FL = 0x40086602, 0x10


# The rows. Each yields the content folder, then after breaking it, and mends it in the end.


def read_only(bed, name):
    yield bed.make(name, "ext4")
    bed.remount(name, "ro")
    yield
    bed.remount(name, "rw")


def forced_read_only(bed, name):
    yield bed.make(name, "ext4", "errors=remount-ro")
    bed.fail(name)
    yield
    bed.renew(name)


def bound_read_only(bed, name):
    yield bed.make(name, "bind", bed.make(name + "-behind", "ext4"))
    bed.remount(name, "bind,ro")
    yield
    bed.remount(name, "bind,rw")


def fill(path, leave=0):
    """A file of everything but `leave` bytes."""
    block = bytes(64 * 1024)
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(block):
            pass
    if leave:
        os.truncate(path, os.path.getsize(path) - leave)


def full(bed, name):
    yield (content := bed.make(name, "tmpfs", "size=1m"))
    fill(os.path.join(content, "big"))
    yield
    os.unlink(os.path.join(content, "big"))


def full_but_for_root(bed, name):
    content = bed.make(name, "ext4")
    yield content
    files = [os.path.join(content, name) for name in ("big", "small")]
    for path, block in zip(files, ("64k", "1k")):
        subprocess.run(["dd", "if=/dev/zero", f"of={path}", f"bs={block}"], user=GHOST, group=GHOST,
                       extra_groups=[], capture_output=True, check=False)
    yield
    for path in files:
        os.unlink(path)


def running_full(bed, name):
    yield (content := bed.make(name, "tmpfs", "size=8m"))
    fill(os.path.join(content, "big"), leave=512 * 1024)
    yield
    os.unlink(os.path.join(content, "big"))


def take_inodes(content, leave):
    made = []
    while os.statvfs(content).f_favail > leave:
        made.append(os.path.join(content, f"empty-{len(made)}"))
        with open(made[-1], "wb"):
            pass
    return made


def no_inodes(bed, name, leave=0):
    yield (content := bed.make(name, "tmpfs", "nr_inodes=100"))
    made = take_inodes(content, leave)
    yield
    for path in made:
        os.unlink(path)


def few_inodes(bed, name):
    yield from no_inodes(bed, name, leave=5)


def shut_down(bed, name):
    yield bed.make(name, "xfs")
    bed.shutdown(name)
    yield
    bed.renew(name)


def flagged(bed, name):
    content = bed.make(name, "ext4")
    yield content
    images = os.open(os.path.join(content, "images"), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(images, FS_IOC_SETFLAGS, FS_IMMUTABLE_FL.to_bytes(4, "little"))
        yield
        fcntl.ioctl(images, FS_IOC_SETFLAGS, bytes(4))
    finally:
        os.close(images)


def of_another_user(bed, name):
    content = bed.make(name, "ext4")
    yield content
    os.chown(os.path.join(content, "images"), 0, 0)
    yield
    os.chown(os.path.join(content, "images"), GHOST, GHOST)


def closed_to_ghost(bed, name):
    yield from of_another_user(bed, name)


def missing_folder(bed, name):
    content = bed.make(name, "ext4")
    yield content
    os.rename(os.path.join(content, "images"), os.path.join(content, "elsewhere"))
    yield
    os.rename(os.path.join(content, "elsewhere"), os.path.join(content, "images"))


def empty_volume(bed, name):
    behind = bed.make(name + "-behind", "ext4")
    furnish(behind)
    yield (content := bed.make(name, "bind", behind))
    for folder in FOLDERS:
        os.rename(os.path.join(content, folder), os.path.join(content, "old-" + folder))
    yield
    for folder in FOLDERS:
        os.rename(os.path.join(content, "old-" + folder), os.path.join(content, folder))


def disconnected(bed, name):
    yield bed.make(name, "faulty")
    bed.kill(name)
    yield
    bed.renew(name)


def frozen(bed, name):
    yield bed.make(name, "ext4")
    bed.freeze(name)
    yield
    bed.thaw(name)


def told(rules):
    """A row of the file system that does as it is told."""
    def row(bed, name):
        yield bed.make(name, "faulty")
        bed.rule(name, rules)
        yield
        bed.rule(name)
    return row


ONE_CHECK, EVERY_CHECK = ("--only", "volume"), ()
ROWS = (
    ("read-only", read_only, "RC801"),
    ("read-only after an error, called rw", forced_read_only, "RC801"),
    ("own mount read-only", bound_read_only, "RC802"),
    ("full", full, "RC803"),
    ("full for all but root", full_but_for_root, "RC803"),
    ("ENOSPC by fsync only", told(f"fsync error {errno.ENOSPC}"), "RC803"),
    ("no inodes", no_inodes, "RC804"),
    ("EDQUOT by write", told(f"write error {errno.EDQUOT}"), "RC805"),
    ("EDQUOT by close", told(f"flush error {errno.EDQUOT}"), "RC805"),
    ("file system shut down", shut_down, "RC806"),
    ("EIO by fsync only", told(f"fsync error {errno.EIO}"), "RC806"),
    ("ESTALE", told(f"getattr error {errno.ESTALE}"), "RC807"),
    ("ESTALE by create only", told(f"create error {errno.ESTALE}"), "RC807"),
    ("chattr +i", flagged, "RC808"),
    ("folder of another user", of_another_user, "RC808"),
    ("server gone", disconnected, "RC809"),
    ("folder missing", missing_folder, "RC810"),
    ("empty volume", empty_volume, "RC810"),
    ("fsfreeze", frozen, "RC811"),
    ("write never answered", told("write never"), "RC811"),
    ("read never answered", told("read never"), "RC811"),
    ("nothing ever answered", told("getattr never"), "RC811"),
    ("nothing answered, every check on", told("getattr never"), "RC811", EVERY_CHECK),
    ("no read answered, every check on", told("read never"), "RC811", EVERY_CHECK),
    ("fsync takes 3 s", told("fsync delay 3000"), "RC812"),
    ("create takes 8 s", told("create delay 8000"), "RC812"),
    ("read back differs", told("read garble"), "RC813"),
    ("running full", running_full, "RC814"),
    ("running out of inodes", few_inodes, "RC815"),
    ("clock a minute ahead", told("getattr ahead 60"), "RC816"),
    ("closed to Ghost, not to root", closed_to_ghost, "RC817"),
    ("an errno nobody expects", told(f"create error {errno.ENOTUNIQ}"), "RC818"),
)


def play(bed, folder, pod_url, title, make, code, flags=ONE_CHECK):
    """Seconds until the fault was named and until it was cleared."""
    name = re.sub(r"\W+", "-", title)
    row = make(bed, name)
    content = next(row)
    furnish(content)
    user = GHOST if make is of_another_user else None
    log = os.path.join(folder, name + ".log")
    with Daemon(program_for(user, PROGRAM, folder), content, pod_url, *flags, log=log,
                user=user) as daemon:
        seen = [None]

        def said(codes):
            seen[0] = run = daemon.run_of("volume")
            if run and not set(run["codes"]) <= {code}:
                raise AssertionError(f"{title}: also {run['codes']}: {daemon.report()['findings']}")
            # A volume that is slow may take all the time.
            return run and run["codes"] == codes and (not run["blind"] or codes == ["RC812"])

        wait_until(lambda: said([]), 60, lambda: f"{title}: not well at first: {seen[0]}")
        next(row)
        began = time.monotonic()
        wait_until(lambda: said([code]), WITHIN, lambda: f"{title}: no {code}: {seen[0]}")
        named = time.monotonic() - began
        next(row, None)
        began = time.monotonic()
        wait_until(lambda: said([]), WITHIN, lambda: f"{title}: not cleared: {seen[0]}")
        cleared = time.monotonic() - began
        status, _ = daemon.stop()
    assert status == 0, f"{title}: exit {status}"
    if flags == EVERY_CHECK:
        # A canary that could not be removed while the volume hung goes at the next start, at last.
        with Daemon(PROGRAM, content, pod_url, *ONE_CHECK, log=log) as daemon:
            wait_until(lambda: daemon.run_of("volume"), 60, f"{title}: no look after it")
    assert not own_files(content), f"{title}: {own_files(content)} left"
    return named, cleared


class Faults(unittest.TestCase):
    def test_every_fault_is_named_and_cleared_within_a_minute_and_nothing_else_is_said(self):
        pod_url = self.enterContext(pod())
        bed = make_bed(self, FAULTY)
        problems = []
        with tempfile.TemporaryDirectory(prefix="rollcall-faults-") as folder, \
                concurrent.futures.ThreadPoolExecutor(len(ROWS)) as pool:
            os.chmod(folder, 0o755)
            plays = [pool.submit(play, bed, folder, pod_url, *row) for row in ROWS]
            print(f"\n{'fault':40} code   named  cleared (s)")
            for (title, _, code, *_), one in zip(ROWS, plays):
                try:
                    named, cleared = one.result()
                    print(f"{title:40} {code}  {named:5.1f}  {cleared:5.1f}", flush=True)
                except volumes.Missing as reason:
                    print(f"{title:40} {code}  skipped: {reason}", flush=True)
                except (AssertionError, OSError, volumes.Failed) as problem:
                    problems.append(str(problem))
        self.assertEqual(problems, [], "\n".join(problems))


if __name__ == "__main__":
    FAULTY = os.path.abspath(sys.argv.pop(2))
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)

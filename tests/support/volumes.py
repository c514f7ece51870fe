"""File systems that break, for tests: made, broken, mended, and always taken away again.

usage: volumes.py FAULTY_VOLUME

A test starts this as a process of its own and writes commands to its stdin, one a line, words
separated by tabs. Each is answered by a line: "ok TEXT", "missing REASON" when this machine cannot
do it, "failed REASON". When stdin ends, because the test is done or because it died, everything is
taken away; the last answer says whether that went well. See Bed for a client and Keeper for the
commands. The other client is volume_bed.h.

All is mounted in a mount namespace that the client makes for itself and for what it starts from then
on: whoever makes another namespace meanwhile would otherwise keep our file systems mounted there.
"""

import ctypes
import errno
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

COMMAND_SECONDS = 60
LIBC = ctypes.CDLL(None, use_errno=True)
MNT_FORCE, MNT_DETACH, UMOUNT_NOFOLLOW = 1, 2, 8
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
CAP_SYS_ADMIN = 21
# ioctls, the same numbers on every architecture Debian calls 64 bit and little endian
FITHAW = 0xC0045878
XFS_IOC_GOINGDOWN, GOING_FLAGS_NOLOGFLUSH = 0x8004587D, 2


class Missing(Exception):
    """This machine lacks something; the test has to be skipped."""


class Failed(Exception):
    pass


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=COMMAND_SECONDS,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        reason = f"{' '.join(words)}: {done.stderr.strip()}"
        raise Missing(reason) if "unknown filesystem type" in reason else Failed(reason)


def wait_until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what} after {seconds} s")
        time.sleep(0.005)


def mounts_at(point):
    """The sources of what is mounted there. Asks the kernel's list only, never the volume."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
        lines = [line.split() for line in table]
    return [line[line.index("-") + 2] for line in lines if line[4] == point]


def need_program(name):
    if not shutil.which(name):
        raise Missing(f"{name} is not installed")


def need_device(path):
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        raise Missing(f"{path}: {error.strerror}") from error


def need_rights():
    if os.geteuid() != 0:
        raise Missing("only root may mount")
    with open("/proc/self/status", encoding="ascii") as status:
        rights = next(line.split()[1] for line in status if line.startswith("CapEff:"))
    if not int(rights, 16) >> CAP_SYS_ADMIN & 1:
        raise Missing("this root may not mount (no CAP_SYS_ADMIN)")


def own_mounts():
    """Gives this process a mount namespace of its own. To be called in the main thread, before those that start daemons."""
    need_rights()
    if LIBC.unshare(CLONE_NEWNS) or LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None):
        raise Missing(f"no mount namespace: {os.strerror(ctypes.get_errno())}")


class Volume:
    """One file system at `point`, below the folder `home`."""

    def __init__(self, home):
        self.home = home
        self.point = os.path.join(home, "volume")
        os.makedirs(self.point)

    def mount(self):
        raise NotImplementedError

    def control(self, request, argument):
        """An ioctl on the volume."""
        handle = os.open(self.point, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.ioctl(handle, request, argument)
        finally:
            os.close(handle)

    def unmount(self):
        while mounts_at(self.point):
            # Not umount(8), which looks at the volume. Forced: FUSE gives up what it waits for.
            flags = MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW
            if LIBC.umount2(self.point.encode(), flags) != 0:
                raise Failed(f"umount {self.point}: {os.strerror(ctypes.get_errno())}")


class Tmpfs(Volume):
    def __init__(self, home, options="size=8m"):
        super().__init__(home)
        self.options = options

    def mount(self):
        run("mount", "-t", "tmpfs", "-o", self.options, "tmpfs", self.point)


class Bind(Volume):
    """The folder `source` once more."""

    def __init__(self, home, source):
        super().__init__(home)
        self.source = source

    def mount(self):
        run("mount", "--bind", self.source, self.point)


class Loop(Volume):
    def __init__(self, home, kind, options=""):
        need_device("/dev/loop-control")
        need_program(f"mkfs.{kind}")
        super().__init__(home)
        self.image = os.path.join(home, "image")
        self.options = options
        self.device = None
        # The least that mkfs.xfs takes; not more than a few MiB of it are written.
        with open(self.image, "wb") as image:
            image.truncate((300 if kind == "xfs" else 32) << 20)
        run(f"mkfs.{kind}", "-q", self.image)

    def mount(self):
        # The loop device goes by itself once nothing uses it.
        run("mount", "-o", ",".join(filter(None, ["loop", self.options])), self.image, self.point)
        self.device = os.path.basename(mounts_at(self.point)[-1])

    def unmount(self):
        try:
            self.control(FITHAW, 0)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EIO):  # not frozen; shut down
                raise
        super().unmount()
        wait_until(self.released, f"{self.image} still is at {self.device}")

    def released(self):
        try:
            with open(f"/sys/block/{self.device}/loop/backing_file", encoding="utf-8") as file:
                return file.read().strip() != self.image
        except OSError:
            return True


class Faulty(Volume):
    """Our own FUSE file system, see faulty_volume.cc. Its server must never be the last process of
    the mount namespace: some kernels do not get rid of the namespace then. The keeper is."""

    def __init__(self, home, program):
        need_device("/dev/fuse")
        super().__init__(home)
        self.program = program
        self.folder = os.path.join(home, "folder")
        self.rules = os.path.join(home, "rules")
        os.makedirs(self.folder)
        self.server = None
        self.rule("")

    def rule(self, rules):
        with open(self.rules + ".new", "w", encoding="ascii") as file:
            file.write(rules.replace(",", "\n") + "\n")
        os.rename(self.rules + ".new", self.rules)

    def mount(self):
        with open(os.path.join(self.home, "log"), "ab") as log:
            self.server = subprocess.Popen(
                [self.program, self.folder, self.rules, self.point], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        wait_until(lambda: mounts_at(self.point) or self.server.poll() is not None, "no mount")
        if not mounts_at(self.point):
            with open(os.path.join(self.home, "log"), encoding="utf-8") as log:
                raise Failed(log.read())

    def kill(self):
        self.server.kill()
        self.server.wait(COMMAND_SECONDS)

    def unmount(self):
        super().unmount()
        if self.server:
            self.kill()


class Keeper:
    """Owns the volumes; a public method is a command."""

    def __init__(self, program):
        self._program = program
        self._home = os.path.realpath(tempfile.mkdtemp(prefix="rollcall-volumes-"))
        os.chmod(self._home, 0o755)
        self._volumes = {}

    def make(self, name, kind, option=None):
        """A file system: tmpfs, ext4 or xfs with mount options, bind of a folder, or faulty."""
        home = os.path.join(self._home, name)
        options = () if option is None else (option,)
        if kind == "tmpfs":
            volume = Tmpfs(home, *options)
        elif kind == "bind":
            volume = Bind(home, *options)
        elif kind == "faulty":
            volume = Faulty(home, self._program)
        else:
            volume = Loop(home, kind, *options)
        self._volumes[name] = volume
        volume.mount()
        return volume.point

    def remount(self, name, options):
        run("mount", "-o", f"remount,{options}", self._volumes[name].point)

    def freeze(self, name):
        need_program("fsfreeze")
        run("fsfreeze", "-f", self._volumes[name].point)

    def thaw(self, name):
        self._volumes[name].control(FITHAW, 0)

    def shutdown(self, name):
        """As after an I/O error of the device that the file system cannot survive."""
        self._volumes[name].control(XFS_IOC_GOINGDOWN, GOING_FLAGS_NOLOGFLUSH.to_bytes(4, "little"))

    def fail(self, name):
        """Makes ext4 believe that it has found an error."""
        trigger = f"/sys/fs/ext4/{self._volumes[name].device}/trigger_fs_error"
        if not os.path.exists(trigger):
            raise Missing(f"this kernel has no {trigger}")
        with open(trigger, "w", encoding="ascii") as file:
            file.write("1")

    def rule(self, name, rules=""):
        """The rules of a faulty volume, separated by commas; none: it is well."""
        self._volumes[name].rule(rules)

    def kill(self, name):
        """Ends the server of a faulty volume: its transport endpoint is not connected."""
        self._volumes[name].kill()

    def renew(self, name):
        """Unmounts and mounts again."""
        self._volumes[name].unmount()
        self._volumes[name].mount()

    def _clean(self):
        problems = []
        for name in reversed(self._volumes):
            try:
                self._volumes[name].unmount()
            except (Failed, OSError, subprocess.SubprocessError) as error:
                problems.append(f"{name}: {error}")
        if not problems:
            shutil.rmtree(self._home)
        return "; ".join(problems)

    def _obey(self, words):
        if words[0].startswith("_"):
            raise Failed(f"no command: {words[0]}")
        return getattr(self, words[0])(*words[1:]) or ""

    def serve(self):
        for line in sys.stdin:
            try:
                answer = "ok " + self._obey(line.rstrip("\n").split("\t"))
            except Missing as reason:
                answer = f"missing {reason}"
            except Exception as error:  # whatever it is, the test has to hear of it
                answer = f"failed {type(error).__name__}: {error}"
            self._tell(answer)
        problem = self._clean()
        self._tell(f"failed {problem}" if problem else "ok ")

    @staticmethod
    def _tell(answer):
        try:
            print(answer.replace("\n", " "), flush=True)
        except BrokenPipeError:  # the test died
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Bed:
    """The client for tests in Python: bed.make("a", "ext4"), see Keeper. A context manager.

    To be made in the main thread, before those that start daemons: it gives this process a mount
    namespace of its own. Raises Missing and Failed as the keeper says. Thread-safe."""

    def __init__(self, program):
        own_mounts()
        self._busy = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), program], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self._process.wait()  # the keeper itself is no child of ours

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._hear()
        self._process.stdout.close()

    def __getattr__(self, command):
        def ask(*words):
            with self._busy:
                self._process.stdin.write("\t".join((command, *words)) + "\n")
                self._process.stdin.flush()
                return self._hear()
        return ask

    def _hear(self):
        kind, _, text = self._process.stdout.readline().rstrip("\n").partition(" ")
        if kind == "missing":
            raise Missing(text)
        if kind != "ok":
            raise Failed(text or "the keeper of the volumes died")
        return text


def main():
    # Nobody who ends the test and all of its children shall end the keeper, too.
    if os.fork():
        os._exit(0)
    os.setsid()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    Keeper(sys.argv[1]).serve()


if __name__ == "__main__":
    main()

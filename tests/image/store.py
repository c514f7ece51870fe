"""Images and containers in a place of the tests' own, and a Debian base image without a registry."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile

BASE = "localhost/debian:bookworm-slim"
IMAGE = "localhost/rollcall:test"
_BUILDER = "localhost/rollcall-builder:test"
# podman's default limits are above what a machine that is a container itself may give.
_RUN = ("run", "--rm", "--pull=never", "--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096",
        "--read-only", "--read-only-tmpfs=false")


class CannotRun(Exception):
    """What this machine lacks; the tests are skipped."""


class Store:
    """Below `cache` lives what makes the next run quick; what is mounted or runs ends with close().
    One at a time for each `cache`."""

    def __init__(self, cache):
        self._cache = cache
        # podman's database insists on the same path each time, and it must be short.
        self._runroot = "/run/rollcall-image-" + hashlib.sha256(cache.encode()).hexdigest()[:8]
        driver = "overlay" if _overlay_works() else "vfs"
        self._place = ["--root", os.path.join(cache, driver), "--runroot", self._runroot,
                       "--storage-driver", driver]
        self._temporary = os.path.join(cache, "tmp")
        self.close()        # what a run that was killed may have left
        os.makedirs(self._temporary)
        os.environ["TMPDIR"] = self._temporary      # for podman and buildah

    def close(self):
        """Removes all containers and what kube_play_test gave them; the images stay."""
        self.podman("pod", "rm", "--all", "--force", "--time=0", check=False)
        self.podman("rm", "--all", "--force", "--time=0", check=False)
        self.podman("volume", "prune", "--force", check=False)
        self.podman("secret", "rm", "--all", check=False)
        self.buildah("rm", "--all", check=False)
        self.buildah("rmi", "--prune", check=False)
        for mount in reversed(mounts_below(self._cache) + mounts_below(self._runroot)):
            subprocess.run(["umount", mount], check=False)
        for folder in (self._runroot, self._temporary):
            shutil.rmtree(folder, ignore_errors=True)

    def podman(self, *arguments, check=True, **options):
        return _run(["podman", *self._place, f"--tmpdir={self._runroot}/libpod", "--runtime=runc",
                     "--cgroup-manager=cgroupfs", "--events-backend=none", *arguments], check, **options)

    def buildah(self, *arguments, check=True, **options):
        return _run(["buildah", *self._place, *arguments], check, **options)

    def run(self, *arguments, options=(), network="none"):
        """A container from start to end."""
        return self.podman(*_RUN, "--no-healthcheck", f"--network={network}", *options, IMAGE,
                           *arguments, check=False)

    def start(self, options):
        """A container in the background; its id."""
        return self.podman(*_RUN, "--detach", "--network=none", *options, IMAGE).stdout.strip()

    # Images

    def make_base(self):
        """The base image, from the Debian mirror of this machine; at once when it was made before."""
        sources = _debian_sources()
        key = hashlib.sha256(sources.encode()).hexdigest()[:12]
        kept = f"localhost/rollcall-base:{key}"
        if self.podman("image", "exists", kept, check=False).returncode != 0:
            self._debootstrap(sources, kept)
        self.podman("tag", kept, BASE)

    def _debootstrap(self, sources, tag):
        mirror = sources.split()[1]
        with tempfile.TemporaryDirectory(prefix="base-", dir=self._cache) as folder:
            made = _run(["debootstrap", "--variant=minbase", "bookworm", folder, mirror], False,
                        timeout=600)
            if made.returncode != 0:
                raise CannotRun(f"debootstrap failed: {(made.stdout + made.stderr)[-300:]}")
            with open(f"{folder}/etc/apt/sources.list", "w", encoding="utf-8") as file:
                file.write(sources)
            with open(f"{folder}/etc/apt/apt.conf.d/90machine", "w", encoding="utf-8") as file:
                file.write(_proxies())
            with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as tar:
                self.podman("import", "-", tag, stdin=tar.stdout)

    def try_container(self):
        done = self.podman(*_RUN, "--network=none", BASE, "/bin/true", check=False)
        if done.returncode != 0:
            raise CannotRun(f"podman cannot run a container here: {done.stderr[-300:]}")

    def build(self, source):
        """Builds `source`'s Dockerfile as people do, only without pulling anything."""
        ccache = os.path.join(self._cache, "ccache")
        os.makedirs(ccache, exist_ok=True)
        build = ["bud", "--isolation=chroot", "--pull-never", "--layers", "--format=docker",
                 f"--volume={ccache}:/ccache", "--build-arg=REVISION=of-a-test",
                 "--build-arg=SOURCE=https://example.org/rollcall"]
        # The tag keeps the builder's layers when what is of no use any more is removed.
        self.buildah(*build, "--target=build", f"--tag={_BUILDER}", source, timeout=1800)
        self.buildah(*build, f"--tag={IMAGE}", source, timeout=600)
        self.buildah("rmi", "--prune", check=False)

    def find(self, name):
        """The path, in the image, of the file of that name."""
        root = self.image_root()
        return next(os.path.join(folder, name)[len(root):] for folder, _, names in os.walk(root)
                    if name in names)

    def image_root(self):
        """The image's files, as a folder; unmounted by close()."""
        return self.podman("image", "mount", IMAGE).stdout.strip()


def _run(argv, check, timeout=120, **options):
    if "stdin" not in options and "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=timeout, check=False, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}:\n"
                           f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done


def mounts_below(folder):
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        points = [re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[1])
                  for line in mounts]
    return [point for point in points if point.startswith(folder + "/")]


def _overlay_works():
    with tempfile.TemporaryDirectory(prefix="rollcall-overlay-", dir="/var/tmp") as folder:
        for name in ("lower", "upper", "work", "all"):
            os.mkdir(f"{folder}/{name}")
        options = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
        done = _run(["mount", "-t", "overlay", "overlay", "-o", options, f"{folder}/all"], False)
        if done.returncode == 0:
            _run(["umount", f"{folder}/all"], True)
        return done.returncode == 0


def _debian_sources():
    """A sources.list of the Debian 12 mirrors that this machine's apt uses."""
    listed = _run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI) $(CODENAME)",
                   "Created-By: Packages"], True).stdout
    rows = {tuple(line.split()[1:]) for line in listed.splitlines() if line.startswith("Debian ")}
    wanted = {suite: uri for uri, suite in rows
              if suite in ("bookworm", "bookworm-updates", "bookworm-security")}
    if "bookworm" not in wanted:
        raise CannotRun("this machine's apt knows no mirror of Debian 12")
    return "".join(f"deb {wanted[suite]} {suite} main\n" for suite in sorted(wanted))


def _proxies():
    out = _run(["apt-config", "dump"], True).stdout
    return "".join(line + "\n" for line in out.splitlines()
                   if re.match(r"Acquire::\w+::Proxy", line, re.IGNORECASE))

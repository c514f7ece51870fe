"""Gathers the file system of the image: run by the Dockerfile where Rollcall has been installed.

    assemble.py ROOTFS VERSION REVISION
Copies the program, the shared libraries that it and MariaDB's authentication plug-ins load, and the
authorities of ca-certificates. Every copied file belongs to a Debian package, whose licence comes
along, and which the bill of materials and /var/lib/dpkg/status.d name. The build fails where a file
belongs to none.
"""

import os
import re
import shutil
import subprocess
import sys

from dpkg import Dpkg
from sbom import write_sbom

PROGRAM = "/usr/bin/rollcall"
PLUGINS = "libmariadb3"         # the package whose files below plugin/ are loaded by name
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
SBOM = "/usr/share/doc/rollcall/sbom.spdx.json"
# Without it glibc asks DNS first and heeds /etc/hosts only where DNS is silent.
NSSWITCH = "hosts: files dns\n"


def loaded_by(path):
    """The absolute paths of all shared libraries that `path` loads, the loader included."""
    out = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    if "not found" in out:
        sys.exit(f"assemble: a library of {path} is missing:\n{out}")
    return set(re.findall(r"(/\S+) \(0x", out))


def plain(path):
    """`path` without symbolic links among its folders (/lib is usr/lib); the last name stays."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


class Rootfs:
    def __init__(self, root, dpkg):
        self._root = root
        self._dpkg = dpkg
        self.owners = {}        # path in the image -> Debian package; None = Rollcall's own

    def place(self, path):
        """Copies a file of a package; a link together with what it points to."""
        path = plain(path)
        if path in self.owners:
            return
        owner = self._dpkg.owner(path)
        if not os.path.islink(path):
            self.copy(path, path, owner)
            return
        self.owners[path] = owner
        os.symlink(os.readlink(path), self._at(path))
        self.place(os.path.join(os.path.dirname(path), os.readlink(path)))

    def copy(self, source, path, owner):
        """Copies the file `source`, which `owner` answers for, as `path`."""
        target = self._at(path)
        shutil.copyfile(source, target)
        os.chmod(target, 0o755 if os.access(source, os.X_OK) else 0o644)
        self.owners[path] = owner

    def write(self, path, text, owner=None):
        with open(self._at(path), "w", encoding="utf-8") as file:
            file.write(text)
        self.owners[path] = owner

    def link_like_here(self, name):
        if os.path.islink(name):
            os.symlink(os.readlink(name), self._root + name)

    def _at(self, path):
        target = self._root + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        return target


def gather(rootfs, dpkg):
    rootfs.copy(PROGRAM, PROGRAM, None)
    plugins = [path for path in dpkg.files(PLUGINS) if "/plugin/" in path and path.endswith(".so")]
    if not plugins:
        sys.exit(f"assemble: the package {PLUGINS} has no plug-ins")
    libraries = set(plugins).union(*(loaded_by(path) for path in [PROGRAM, *plugins]))
    for library in sorted(libraries):
        rootfs.place(library)
    for name in ("/lib", "/lib64"):
        rootfs.link_like_here(name)
    # Made by ca-certificates when it was installed, so dpkg does not list it.
    rootfs.copy(AUTHORITIES, AUTHORITIES, "ca-certificates")
    rootfs.place("/etc/os-release")
    rootfs.write("/etc/nsswitch.conf", NSSWITCH)


def add_papers(rootfs, dpkg):
    """Licences, and what scanners of images read."""
    for text in sorted(os.listdir("/usr/share/common-licenses")):
        rootfs.place(f"/usr/share/common-licenses/{text}")
    packages = sorted({owner for owner in rootfs.owners.values() if owner})
    for package in packages:
        name = package.partition(":")[0]
        paper = f"/usr/share/doc/{name}/copyright"
        rootfs.copy(paper, paper, package)
        rootfs.write(f"/var/lib/dpkg/status.d/{name}", dpkg.status(package))
    return packages


def main(root, version, revision):
    os.mkdir(root)
    os.umask(0o022)
    dpkg = Dpkg()
    rootfs = Rootfs(root, dpkg)
    gather(rootfs, dpkg)
    packages = add_papers(rootfs, dpkg)
    os.mkdir(root + "/tmp")
    os.chmod(root + "/tmp", 0o1777)
    os.makedirs(os.path.dirname(root + SBOM), exist_ok=True)
    write_sbom(root, SBOM, rootfs.owners, dpkg, version, revision)
    print(f"assemble: {len(rootfs.owners)} files of {len(packages)} Debian packages")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What dpkg knows on the machine that builds."""

import glob
import os
import re
import subprocess
import sys

_INFO = "/var/lib/dpkg/info"


class Dpkg:
    def __init__(self):
        self._owners = {}
        for path in sorted(glob.glob(f"{_INFO}/*.list")):
            package = os.path.basename(path)[:-len(".list")]
            with open(path, encoding="utf-8") as names:
                for name in names:
                    self._owners.setdefault(_merged(name.rstrip("\n")), package)

    def owner(self, path):
        """The package that `path` came with; ends the build where there is none."""
        package = self._owners.get(_merged(path))
        if package is None:
            sys.exit(f"assemble: {path} belongs to no Debian package")
        return package

    def files(self, package):
        return sorted(path for path, owner in self._owners.items()
                      if owner.partition(":")[0] == package and os.path.isfile(path))

    def status(self, package):
        """The package's paragraph of dpkg's status file."""
        return subprocess.run(["dpkg-query", "--status", package], capture_output=True, text=True,
                              check=True).stdout

    def field(self, package, name):
        out = subprocess.run(["dpkg-query", "--show", f"--showformat=${{{name}}}", package],
                             capture_output=True, text=True, check=True)
        return out.stdout


def _merged(path):
    """Packages list /lib/... where the file is /usr/lib/...."""
    return re.sub(r"^/(lib\w*|bin|sbin)/", r"/usr/\1/", path)

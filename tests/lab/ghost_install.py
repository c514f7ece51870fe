"""Installs one Ghost version, and the Node and pnpm that run it, into the cache.

Everything comes through npm's ordinary client. The tarball of Ghost carries a lock file
(pnpm-lock.yaml in 6.x, yarn.lock in 5.x), so what is installed is what was released.
"""

import glob
import json
import os
import platform
import re
import signal
import subprocess

from .cache import build_once
from .common import LabError, cache_root, progress, read_json

NODE_VERSION = "22.23.3"        # accepted by Ghost 5.130.6 and by every 6.x
PNPM_VERSION = "12.4.2"
_TOOL_SECONDS = 1200
_NODE_ARCHITECTURE = {"x86_64": "x64", "aarch64": "arm64"}


def install(version):
    """The folder of Ghost `version`, installed if need be. LabError when npm or pnpm fails."""
    check_version(version)
    target = os.path.join(cache_root(), "ghost", version)
    return build_once(target, lambda folder: _install_into(version, folder))


def check_version(version):
    """LabError unless `version` is one the lab can install."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise LabError(f"'{version}' is no Ghost version; write three numbers such as 5.130.6")
    if int(version.split(".")[0]) < 5:
        raise LabError("the lab runs Ghost 5 and 6 only")


def node():
    """The path of the Node that runs Ghost, installed if need be."""
    machine = platform.machine()
    if machine not in _NODE_ARCHITECTURE:
        raise LabError(f"no Node package for this machine ({machine}); x86_64 and aarch64 work")
    package = f"node-linux-{_NODE_ARCHITECTURE[machine]}"
    target = os.path.join(cache_root(), "node", NODE_VERSION)
    folder = build_once(target, lambda into: npm_install(f"{package}@{NODE_VERSION}", into))
    return os.path.join(folder, "node_modules", package, "bin", "node")


def _pnpm():
    target = os.path.join(cache_root(), "pnpm", PNPM_VERSION)
    folder = build_once(target, lambda into: npm_install(f"pnpm@{PNPM_VERSION}", into))
    return os.path.join(folder, "node_modules", "pnpm", "bin", "pnpm.mjs")


def npm_install(package, folder):
    progress(f"npm: {package}")
    _run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, package], folder)


def _install_into(version, folder):
    pnpm = [node(), _pnpm()]
    progress(f"npm: ghost@{version}")
    _run(["npm", "pack", "--silent", f"ghost@{version}"], folder)
    archive = os.path.join(folder, f"ghost-{version}.tgz")
    _run(["tar", "-xzf", archive, "--strip-components=1", "--no-same-owner"], folder)
    os.remove(archive)
    if not os.path.exists(os.path.join(folder, "pnpm-lock.yaml")):
        _import_yarn_lock(pnpm, folder)
    progress(f"pnpm: the packages of Ghost {version}")
    _run_pnpm(pnpm + ["install", "--prod", "--frozen-lockfile", "--ignore-scripts",
                      "--store-dir", os.path.join(cache_root(), "pnpm-store")], folder)


def _import_yarn_lock(pnpm, folder):
    """5.x has a yarn.lock; its development packages include one from a git host and are not needed."""
    manifest = os.path.join(folder, "package.json")
    content = read_json(manifest)
    content.pop("devDependencies", None)
    with open(manifest, "w", encoding="utf-8") as out:
        json.dump(content, out, indent=2)
    with open(os.path.join(folder, "pnpm-workspace.yaml"), "w", encoding="ascii") as out:
        out.write("nodeLinker: hoisted\n")
    _run_pnpm(pnpm + ["import"], folder)


def _run_pnpm(argv, folder):
    environment = dict(os.environ, pnpm_config_pm_on_fail="ignore", CI="true",
                       pnpm_config_cache_dir=os.path.join(cache_root(), "pnpm-cache"))
    environment["PATH"] = os.path.dirname(argv[0]) + os.pathsep + environment.get("PATH", "")
    _run(argv, folder, environment)


def _run(argv, folder, environment=None):
    """Runs one tool to its end; when we are interrupted or it takes too long, its children end too."""
    try:
        tool = subprocess.Popen(argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]} is not installed (Debian packages: nodejs npm tar)") from error
    try:
        output = tool.communicate(timeout=_TOOL_SECONDS)[0]
    except BaseException as error:
        # pnpm works in a child of its wrapper; the group still exists, its leader is not reaped yet.
        os.killpg(tool.pid, signal.SIGKILL)
        tool.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise LabError(f"{' '.join(argv[:3])} took more than {_TOOL_SECONDS} s") from error
        raise
    if tool.returncode != 0:
        last = "\n".join(output.strip().splitlines()[-15:])
        raise LabError(f"{' '.join(argv[:4])} failed:\n{last}")


def installed():
    """The versions in the cache."""
    found = glob.glob(os.path.join(cache_root(), "ghost", "*", "package.json"))
    return sorted(os.path.basename(os.path.dirname(path)) for path in found)

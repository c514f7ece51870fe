"""Kubernetes objects held against the API's types, without a cluster.

The TypeScript compiler finds fields that do not exist and wrong types; the models' own validation finds what
is missing, and texts and numbers of a wrong shape. Both know the objects of the Prometheus operator and of Argo Rollouts.
"""

import json
import os
import subprocess

from tests.kube.layer import npm_install
from tests.lab import ghost_install
from tests.lab.cache import build_once
from tests.lab.common import cache_root

PACKAGES = ("kubernetes-models@5.1.0", "@kubernetes-models/prometheus-operator@6.0.0",
            "@kubernetes-models/argo-rollouts@2.0.0", "typescript@5.9.3")

_GROUPS = {"monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
           "argoproj.io": "@kubernetes-models/argo-rollouts"}
_TSC_OPTIONS = ("--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext")
_VALIDATE = """
import {readFileSync} from "node:fs";
for (const [where, module, object] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const models = await import(module);
    new models[object.kind](object).validate();
  } catch (error) {
    console.log(`${where}: ${error.message}`);
  }
}
"""


class Validator:
    """LabError when npm cannot get the models."""

    def __init__(self):
        self._node = ghost_install.node()
        key = "-".join(one.rpartition("@")[2] for one in PACKAGES)
        self._models = build_once(os.path.join(cache_root(), "kubernetes-models", key),
                                  lambda into: npm_install(into, *PACKAGES))

    def problems(self, named, folder):
        """What is wrong with [(where, object)], a text each; `folder` is for the compiler's input."""
        modules = os.path.join(self._models, "node_modules")
        os.symlink(modules, os.path.join(folder, "node_modules"))
        tagged = [(where, _module(one), one) for where, one in named]
        return self._compile(tagged, folder) + self._validate(tagged, folder)

    def _compile(self, tagged, folder):
        lines = []
        for number, (_, module, one) in enumerate(tagged):
            kind = f"I{one['kind']}"
            lines.append(f'import type {{{kind} as T{number}}} from "{module}"; '
                         f"const o{number}: T{number} = {json.dumps(one)}; void o{number};")
        with open(os.path.join(folder, "objects.ts"), "w", encoding="utf-8") as out:
            out.write("\n".join(lines))
        compiler = os.path.join(self._models, "node_modules", "typescript", "bin", "tsc")
        told = self._run([compiler, *_TSC_OPTIONS, "objects.ts"], folder).stdout
        return [_placed(line, tagged) for line in told.splitlines() if line.strip()]

    def _validate(self, tagged, folder):
        with open(os.path.join(folder, "validate.mjs"), "w", encoding="ascii") as out:
            out.write(_VALIDATE)
        done = self._run(["validate.mjs"], folder, json.dumps(tagged))
        return (done.stdout + done.stderr).splitlines()

    def _run(self, arguments, folder, stdin=""):
        return subprocess.run([self._node, *arguments], cwd=folder, input=stdin, text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def _module(one):
    version = one["apiVersion"]
    group = _GROUPS.get(version.partition("/")[0], "kubernetes-models")
    return f"{group}/{version}"


def _placed(line, tagged):
    """"objects.ts(7,20): ..." with the name of the seventh object."""
    place, separator, what = line.partition("): ")
    if not separator or not place.startswith("objects.ts("):
        return line
    return f"{tagged[int(place[len('objects.ts('):].split(',')[0]) - 1][0]}: {what}"

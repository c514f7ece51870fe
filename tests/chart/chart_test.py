"""The chart, as two helms render it: see README.md.

usage: chart_test.py ROLLCALL [Class.test ...]
"""

import concurrent.futures
import copy
import glob
import importlib.util
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

import jsonschema
import yaml

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.chart import helm, validate  # noqa: E402
from tests.lab.common import LabError  # noqa: E402

ROLLCALL = ""
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
SCENARIOS = helm.scenarios()
try:
    HELMS, WHY_NOT = helm.programs(), ""
except LabError as problem:
    HELMS, WHY_NOT = {}, str(problem)
NEWEST = HELMS.get("4.1", "")
RENDERED = {}  # (version, scenario) -> CompletedProcess; see setUpModule

# The whole of what a namespace's user may create; nothing of it is for the whole cluster.
NAMESPACED = {"ConfigMap", "CronJob", "Deployment", "NetworkPolicy", "Pod", "PodDisruptionBudget", "PodMonitor",
              "PrometheusRule", "Role", "RoleBinding", "Service", "ServiceAccount", "ServiceMonitor"}


def setUpModule():
    """Renders every scenario with each helm, once."""
    if WHY_NOT:
        raise unittest.SkipTest(f"no helm: {WHY_NOT}")
    jobs = [(version, name) for version in HELMS for name in SCENARIOS]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda job: helm.template(HELMS[job[0]], "--values", SCENARIOS[job[1]]), jobs)
        RENDERED.update(zip(jobs, done))


def rendered(name):
    return helm.objects(RENDERED["4.1", name].stdout)


def with_values(values, *options):
    """The objects with these values."""
    done = helm.template(NEWEST, *options, values=values)
    if done.returncode:
        raise AssertionError(done.stderr)
    return helm.objects(done.stdout)


def shortened(text):
    """Without the rules and dashboards, which change by themselves: the class Dashboards has them."""
    return re.sub(r"(?m)^(  groups:|  [a-z]+\.json: \|-)\n(?:    .*\n|\n)+", r"\1 ...\n", text)


class Rendering(unittest.TestCase):
    maxDiff = None

    def test_both_helms_find_nothing_to_complain_of(self):
        for version, program in HELMS.items():
            for values in ((), *(("--values", path) for path in SCENARIOS.values())):
                with self.subTest(version=version, values=values):
                    done = helm.run(program, "lint", "--strict", helm.CHART, *values)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    self.assertNotIn("[WARNING]", done.stdout)

    def test_every_scenario_is_rendered_as_it_was(self):
        for (version, name), done in RENDERED.items():
            with self.subTest(version=version, scenario=name):
                self.assertEqual(done.returncode, 0, done.stderr)
                path = os.path.join(GOLDEN, name + ".yaml")
                if os.environ.get("ROLLCALL_UPDATE_GOLDEN"):
                    with open(path, "w", encoding="utf-8") as out:
                        out.write(shortened(done.stdout))
                with open(path, encoding="utf-8") as file:
                    self.assertEqual(shortened(done.stdout), file.read())

    def test_no_golden_page_is_left_of_a_scenario_that_is_gone(self):
        self.assertEqual({name.removesuffix(".yaml") for name in os.listdir(GOLDEN)}, set(SCENARIOS))

    def test_a_package_renders_the_same(self):
        for version, program in HELMS.items():
            with self.subTest(version=version), tempfile.TemporaryDirectory() as folder:
                done = helm.run(program, "package", helm.CHART, "--destination", folder)
                self.assertEqual(done.returncode, 0, done.stderr)
                package = os.path.join(folder, os.listdir(folder)[0])
                again = helm.template(program, "--values", SCENARIOS["everything"], chart=package)
                self.assertEqual(again.stdout, RENDERED[version, "everything"].stdout)
                with tarfile.open(package) as archive:
                    names = archive.getnames()
                self.assertFalse([name for name in names if "/ci/" in name or name.endswith("_test.yaml")])
                self.assertLessEqual({"rollcall/README.md", "rollcall/files/alerts/rollcall.yaml",
                                      "rollcall/files/grafana/site.json"}, set(names))

    def test_numbers_arrive_as_they_were_written(self):
        config = {"max_findings": 1000000, "settle": "5s", "budget": {"pages": 200, "pages_per_second": 0.5}}
        text = helm.only(with_values({"config": config}), "ConfigMap")["data"]["rollcall.yaml"]
        self.assertIn("max_findings: 1000000\n", text)
        self.assertIn("pages_per_second: 0.5\n", text)

    def test_what_cannot_be_meant_is_refused_with_a_reason(self):
        for values, reason in (
                ({"config": {"pods_dns": "ghost:2368"}}, "kubernetes.enabled=false"),
                ({"config": {"pods": ["a=http://10.0.0.1:2368"]}}, "kubernetes.enabled=false"),
                ({"config": {"listen": "0.0.0.0:80"}}, "keep the port 9868"),
                ({"state": {"existingClaim": "a"}, "replicas": 2}, "is for one replica"),
                ({"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}, "enable one of them")):
            for version, program in HELMS.items():
                with self.subTest(version=version, values=values):
                    done = helm.template(program, values=values)
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn(reason, done.stderr)


def schema_places(schema, root, path=()):
    """(path, schema) of every value that the schema knows."""
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from schema_places(below, root, (*path, name))


def at(path, value):
    for name in reversed(path):
        value = {name: value}
    return value


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(helm.CHART, "values.schema.json"), encoding="utf-8") as file:
            cls.schema = json.load(file)
        with open(os.path.join(helm.CHART, "values.yaml"), encoding="utf-8") as file:
            cls.values = yaml.safe_load(file)

    def test_it_is_a_schema_and_the_values_fit(self):
        jsonschema.Draft7Validator.check_schema(self.schema)
        jsonschema.validate(self.values, self.schema)

    def test_it_knows_exactly_the_values_there_are(self):
        def check(schema, values, where):
            schema = self.schema["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
            if "properties" not in schema or not values:
                return
            self.assertEqual(set(schema["properties"]) - {"global"}, set(values), where)
            for name, below in values.items():
                check(schema["properties"][name], below, f"{where}.{name}")
        check(self.schema, self.values, "values")

    def test_each_value_of_another_type_is_refused(self):
        places = list(schema_places(self.schema, self.schema))
        self.assertGreater(len(places), 100)
        for path, schema in places[1:]:
            wrong = [[]] if schema.get("type") != "array" else [{"x": 1}]
            wrong += [{"no such value": 1}] if schema.get("additionalProperties") is False else []
            for value in wrong:
                with self.subTest(path=path, value=value), self.assertRaises(jsonschema.ValidationError):
                    jsonschema.validate(at(path, value), self.schema)

    # One of every kind of mistake, by both helms, whose words differ.
    WRONG = (
        {"replicaCount": 2}, {"image": {"name": "rollcall"}}, {"replicas": "two"}, {"replicas": -1}, {"replicas": 1.5},
        {"leaderElection": True},
        {"image": {"repository": ""}}, {"image": {"tag": "a b"}}, {"image": {"digest": "sha256:12"}},
        {"image": {"pullPolicy": "Sometimes"}}, {"fullnameOverride": "Upper"}, {"config": "site: {}"},
        {"service": {"port": 0}}, {"service": {"port": 65536}}, {"service": {"type": "ExternalName"}},
        {"commonLabels": {"a": 1}}, {"extraEnv": {"A": "b"}}, {"extraArgs": [1]}, {"extraObjects": [1]},
        {"serviceMonitor": {"interval": "often"}}, {"podMonitor": {"enabled": "yes"}}, {"cronJob": {"args": "check"}},
        {"cronJob": {"schedule": ""}}, {"cronJob": {"webhook": "teams"}}, {"webhook": {"url": ""}},
        {"database": {"existingSecretKeys": {"pass": "x"}}},
        {"content": {"mountPath": "content"}}, {"prometheusRule": {"runbookUrl": "wiki"}},
        {"content": {"subPath": "/content"}}, {"kubernetes": {"selector": ""}},
        {"networkPolicy": {"egress": {"apiPorts": ["https"]}}}, {"podDisruptionBudget": {"maxUnavailable": True}},
        {"strategy": {"type": "OnDelete"}})

    def test_both_helms_refuse_a_wrong_value_of_every_kind(self):
        for version, program in HELMS.items():
            for values in self.WRONG:
                with self.subTest(version=version, values=values):
                    done = helm.template(program, values=values)
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn("schema", done.stderr)


class Documents(unittest.TestCase):
    def test_the_table_of_values_is_current(self):
        place = os.path.join(helm.ROOT, "helm", "values_table.py")
        done = subprocess.run([sys.executable, place, "--check"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_value_has_a_row(self):
        place = os.path.join(helm.ROOT, "helm", "values_table.py")
        spec = importlib.util.spec_from_file_location("values_table", place)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with open(os.path.join(helm.CHART, "values.yaml"), encoding="utf-8") as file:
            text = file.read()
        told = [path for path, _, _ in module.rows(text)]

        def leaves(value, path=""):
            if path in told or not isinstance(value, dict):
                return [path]
            return [leaf for name, below in value.items() for leaf in leaves(below, f"{path}.{name}".lstrip("."))]
        self.assertEqual(sorted(leaves(yaml.safe_load(text))), sorted(told))

    def test_the_readme_names_every_scenario(self):
        with open(os.path.join(helm.CHART, "README.md"), encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(set(re.findall(r"\(ci/([a-z-]+)-values\.yaml\)", text)), set(SCENARIOS))

    def test_the_version_is_the_programs(self):
        with open(os.path.join(helm.CHART, "Chart.yaml"), encoding="utf-8") as file:
            chart = yaml.safe_load(file)
        told = subprocess.run([ROLLCALL, "version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(chart["appVersion"], told.split()[1])

    NOTES = (
        ({}, ["no site", "no database", "Nothing tells Prometheus"]),
        ({"extraEnvFrom": [{"secretRef": {"name": "ghost"}}], "podMonitor": {"enabled": True}}, []),
        ({"kubernetes": {"enabled": False}, "config": {"site": {"url": "https://a.example"},
                                                       "database": {"host": "db"}}},
         ["no pods", "no password", "Nothing tells"]),
        ({"replicas": 3, "rbac": {"create": False}, "extraEnv": [{"name": "url", "value": "https://a.example"}],
          "serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}},
         ["needs a Role of yours in the namespace blog", "Each replica asks", "runbooks that are nowhere"]),
        ({"replicas": 3, "leaderElection": {"enabled": True}, "extraEnvFrom": [{"secretRef": {"name": "ghost"}}],
          "podMonitor": {"enabled": True}}, []))

    def notes(self, *options, values=None):
        done = helm.run(NEWEST, "install", helm.RELEASE, helm.CHART, "--namespace", helm.NAMESPACE,
                        "--dry-run=client", *options, "--values", "-", stdin=yaml.safe_dump(values or {}))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.partition("\nNOTES:\n")[2]

    def test_the_notes_say_what_is_missing(self):
        for values, wanted in self.NOTES:
            with self.subTest(values=values):
                told = re.findall(r"^! (.*)$", self.notes(values=values), re.MULTILINE)
                self.assertEqual(len(told), len(wanted), told)
                for sentence, part in zip(told, wanted):
                    self.assertIn(part, sentence)

    def test_the_notes_name_the_objects_there_are(self):
        told = self.notes("--values", SCENARIOS["everything"])
        self.assertIn("exec deployment/site-roll -- rollcall check", told)
        self.assertIn("port-forward service/site-roll 9868:80", told)
        self.assertIn("in the namespace ghost.", told)


class Objects(unittest.TestCase):
    def test_they_are_valid_by_type_and_have_no_unknown_field(self):
        try:
            validator = validate.Validator()
        except LabError as error:
            self.skipTest(str(error))
        named = [(f"{name}: {one['kind']} {one['metadata']['name']}", one)
                 for name in SCENARIOS for one in rendered(name)]
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(validator.problems(named, folder), [])
        # And it would be seen: one mistake of each sort in each.
        wrong = []
        for kind, spoil in (
                ("Deployment", lambda one: one["spec"].update(replica=2)),
                ("Deployment", lambda one: one["spec"].update(replicas="2")),
                ("Deployment", lambda one: one["spec"].pop("selector")),
                ("ServiceMonitor", lambda one: one["spec"]["endpoints"][0].update(paht="/")),
                ("ServiceMonitor", lambda one: one["spec"]["endpoints"][0].update(interval="often"))):
            one = copy.deepcopy(helm.only(rendered("everything"), kind))
            spoil(one)
            wrong.append((f"wrong {len(wrong)}", one))
        with tempfile.TemporaryDirectory() as folder:
            found = validator.problems(wrong, folder)
        self.assertEqual({line.split(":")[0] for line in found}, {name for name, _ in wrong}, found)

    def test_the_examples_for_argo_rollouts_are_valid(self):
        try:
            validator = validate.Validator()
        except LabError as error:
            self.skipTest(str(error))
        named = []
        for path in sorted(glob.glob(os.path.join(helm.ROOT, "examples", "argo-rollouts", "*.yaml"))):
            with open(path, encoding="utf-8") as file:
                named.append((os.path.basename(path), yaml.safe_load(file)))
        self.assertEqual([name for name, _ in named], ["check.yaml", "verdict.yaml"])
        check, verdict = (copy.deepcopy(one) for _, one in named)
        check["spec"]["metrics"][0]["provider"]["job"]["spec"]["template"]["spec"]["restart"] = "Never"
        verdict["spec"]["metrics"][0]["provider"]["web"]["jsonpath"] = "{$.verdict}"
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(validator.problems(named, folder), [])
        with tempfile.TemporaryDirectory() as folder:
            found = validator.problems([("wrong 0", check), ("wrong 1", verdict)], folder)
        self.assertEqual({line.split(":")[0] for line in found}, {"wrong 0", "wrong 1"}, found)

    # The Job has the names, the file and the password of a release named "rollcall", and no more rights than its pods.
    def test_the_job_for_argo_rollouts_fits_the_chart(self):
        with open(os.path.join(helm.ROOT, "examples", "argo-rollouts", "check.yaml"), encoding="utf-8") as file:
            metric, = yaml.safe_load(file)["spec"]["metrics"]
        pod = metric["provider"]["job"]["spec"]["template"]["spec"]
        values = {"config": {"site": {"url": "https://example.org"},
                             "database": {"host": "mysql", "name": "ghost", "user": "rollcall"}},
                  "database": {"existingSecret": "rollcall-database"}, "fullnameOverride": "rollcall",
                  "image": {"repository": "registry.example.org/rollcall"}}
        own = helm.only(with_values(values), "Deployment")["spec"]["template"]["spec"]
        self.assertEqual(pod["serviceAccountName"], own["serviceAccountName"])
        self.assertEqual(pod["volumes"], [one for one in own["volumes"] if one["name"] == "config"])
        mine, theirs = pod["containers"][0], own["containers"][0]
        for name in ("env", "volumeMounts"):
            self.assertEqual(mine[name], [one for one in theirs[name] if one in mine[name]], name)
        self.assertEqual(mine["securityContext"], theirs["securityContext"])

    def test_nothing_is_for_the_whole_cluster(self):
        for name in SCENARIOS:
            self.assertLessEqual({one["kind"] for one in rendered(name)}, NAMESPACED, name)

    def test_an_install_by_default_is_the_least_there_is(self):
        self.assertEqual(sorted(one["kind"] for one in with_values({})),
                         ["ConfigMap", "Deployment", "Pod", "Role", "RoleBinding", "Service", "ServiceAccount"])

    # What an egress policy lets through is what the same values make the pods ask.
    def test_the_policy_lets_through_what_is_asked(self):
        def ports(values):
            rules = helm.only(with_values({"networkPolicy": {"enabled": True, "egress": {"enabled": True}}} | values),
                              "NetworkPolicy")["spec"]["egress"]
            return {(each["protocol"], each["port"]) for rule in rules for each in rule.get("ports", ())}
        # OpenShift's DNS listens on 5353, and a policy sees the port after the Service's.
        self.assertLessEqual({(protocol, port) for protocol in ("UDP", "TCP") for port in (53, 5353)}, ports({}))
        self.assertNotIn(("TCP", 9091), ports({}))
        for url, port in (("http://push.monitoring:9091", 9091), ("https://push.example.org", 443),
                          ("http://push.example.org/below", 80), ("http://[fd00::1]:9092/", 9092)):
            with self.subTest(url):
                self.assertIn(("TCP", port), ports({"cronJob": {"enabled": True, "pushgateway": url}}))
        self.assertNotIn(("TCP", 9091), ports({"cronJob": {"enabled": False, "pushgateway": "http://push:9091"}}))

    def test_a_report_may_write_to_its_volume(self):
        for name in SCENARIOS:
            for kind, _, spec in helm.pod_templates(rendered(name)):
                if kind == "CronJob" and any(volume["name"] == "state" for volume in spec["volumes"]):
                    self.assertIn("fsGroup", spec["securityContext"], name)
        with open(SCENARIOS["everything"], encoding="utf-8") as file:
            self.assertTrue(yaml.safe_load(file)["cronJob"]["stateClaim"])

    # Ghost takes 3306 when its Secret says nothing, and most say nothing.
    def test_the_official_recipe_asks_a_secret_only_for_what_it_has(self):
        spec = helm.only(rendered("official"), "Deployment")["spec"]["template"]["spec"]
        self.assertEqual({one["valueFrom"]["secretKeyRef"]["key"] for one in container(spec)["env"] if "valueFrom" in one},
                         {"database__connection__" + key for key in ("password", "host", "user", "database")})

    def test_what_belongs_together_finds_each_other(self):
        for name in SCENARIOS:
            objects = rendered(name)
            deployment = helm.only(objects, "Deployment")
            labels = deployment["spec"]["template"]["metadata"]["labels"]
            selectors = [deployment["spec"]["selector"]["matchLabels"],
                         helm.only(objects, "Service")["spec"]["selector"]]
            for one in objects:
                if one["kind"] in ("PodMonitor", "PodDisruptionBudget"):
                    selectors.append(one["spec"]["selector"]["matchLabels"])
                if one["kind"] == "ServiceMonitor":
                    service = helm.only(objects, "Service")["metadata"]["labels"]
                    self.assertLessEqual(one["spec"]["selector"]["matchLabels"].items(), service.items(), name)
            for selector in selectors:
                self.assertLessEqual(selector.items(), labels.items(), name)
                for kind, meta, _ in helm.pod_templates(objects):
                    if kind != "Deployment":
                        self.assertFalse(selector.items() <= meta["labels"].items(), (name, kind))

    # What Ghost's own pods are called in Rollcall's metrics must not be taken for Rollcall's pod.
    def test_the_operator_leaves_the_label_pod_to_ghosts_pods(self):
        for name, kind, key in (("everything", "ServiceMonitor", "endpoints"),
                                ("openshift", "PodMonitor", "podMetricsEndpoints")):
            endpoint, = helm.only(rendered(name), kind)["spec"][key]
            self.assertEqual(endpoint["relabelings"][0], {"action": "labeldrop", "regex": "pod"})


class Dashboards(unittest.TestCase):
    """What a chart cannot reach is linked into it."""

    def groups(self, name):
        return helm.only(rendered(name), "PrometheusRule")["spec"]["groups"]

    def test_they_are_those_of_the_dashboards_all_of_them(self):
        wanted = []
        for path in sorted(glob.glob(os.path.join(helm.ROOT, "dashboards", "alerts", "*.yaml"))):
            if not path.endswith("_test.yaml"):
                with open(path, encoding="utf-8") as file:
                    wanted += yaml.safe_load(file)["groups"]
        self.assertEqual(self.groups("servicemonitor"), wanted)

    def test_promtool_takes_them_as_rendered(self):
        for name in ("servicemonitor", "everything", "openshift"):
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                yaml.safe_dump({"groups": self.groups(name)}, file)
                file.flush()
                done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True,
                                      check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, "SUCCESS: [0-9]+ rules found")

    def test_each_dashboard_is_there_as_it_is(self):
        wanted = {}
        for path in glob.glob(os.path.join(helm.ROOT, "dashboards", "grafana", "*.json")):
            with open(path, encoding="utf-8") as file:
                wanted[os.path.basename(path)] = file.read().rstrip("\n")
        found = {}
        for one in rendered("servicemonitor"):
            if one["metadata"]["labels"].get("grafana_dashboard") == "1":
                self.assertLess(sum(map(len, one["data"].values())), 1 << 20, "more than an object may have")
                found.update(one["data"])
        self.assertEqual(found, wanted)
        for text in found.values():
            json.loads(text)

    def test_every_alert_links_to_where_the_runbooks_are(self):
        links = [rule["annotations"]["runbook_url"] for group in self.groups("everything")
                 for rule in group["rules"] if "alert" in rule]
        self.assertTrue(links)
        for link in links:
            self.assertRegex(link, r"^https://wiki\.example\.org/rollcall/Rollcall\w+\.md$")


# What each scenario may do: {namespace: {(group, resource, verb)}}.
WATCHED = {("", "pods", "list"), ("", "pods", "watch")}
WORKLOAD = {("apps", "deployments", "list"), ("apps", "statefulsets", "list"),
            ("autoscaling", "horizontalpodautoscalers", "list"), ("", "persistentvolumeclaims", "list")}
PODS = WATCHED | WORKLOAD
SLICES = {("discovery.k8s.io", "endpointslices", "list"), ("discovery.k8s.io", "endpointslices", "watch")}
EVENTS = {("events.k8s.io", "events", "create"), ("events.k8s.io", "events", "patch")}
LEASES = ("coordination.k8s.io", "leases", "create")
RIGHTS = {
    "minimal": {"blog": PODS},
    "bitnami": {"blog": PODS | SLICES},
    "official": {"blog": PODS | SLICES},
    "dns": {},
    "content": {"blog": PODS | SLICES},
    "content-read-only": {"blog": PODS},
    "servicemonitor": {"blog": PODS},
    "openshift": {"blog": PODS},
    "replicas": {"blog": PODS},
    "state": {"blog": PODS},
    "election": {"blog": PODS | {LEASES, ("coordination.k8s.io", "leases site-rollcall", "get"),
                                 ("coordination.k8s.io", "leases site-rollcall", "update")}},
    "everything": {"ghost": PODS | SLICES | EVENTS},
}


class Security(unittest.TestCase):
    def test_each_scenario_has_exactly_the_rights_it_uses(self):
        self.assertEqual(set(RIGHTS), set(SCENARIOS))
        for name, wanted in RIGHTS.items():
            with self.subTest(scenario=name):
                self.assertEqual(helm.rights(rendered(name)), wanted)

    def test_a_token_is_there_only_where_it_is_used(self):
        for name in SCENARIOS:
            for _, _, spec in helm.pod_templates(rendered(name)):
                self.assertIs(spec["automountServiceAccountToken"], bool(RIGHTS[name]), name)
            self.assertIs(helm.only(rendered(name), "ServiceAccount")["automountServiceAccountToken"], False)

    def test_a_check_that_is_off_needs_no_right(self):
        self.assertEqual(helm.rights(with_values({"config": {"checks": {"deployment": {"enabled": False}}}})),
                         {"blog": WATCHED})

    def test_an_election_without_discovery_needs_no_other_right_and_only_the_daemon_a_token(self):
        objects = with_values({"kubernetes": {"enabled": False}, "config": {"pods_dns": "ghost:2368"},
                               "leaderElection": {"enabled": True, "leaseName": "leader"}, "replicas": 2,
                               "cronJob": {"enabled": True}})
        self.assertEqual(helm.rights(objects), {"blog": {LEASES, ("coordination.k8s.io", "leases leader", "get"),
                                                         ("coordination.k8s.io", "leases leader", "update")}})
        for kind, _, spec in helm.pod_templates(objects):
            self.assertIs(spec["automountServiceAccountToken"], kind == "Deployment", kind)

    def test_every_pod_meets_the_restricted_standard_on_a_read_only_root(self):
        for name in SCENARIOS:
            for kind, _, spec in helm.pod_templates(rendered(name)):
                with self.subTest(scenario=name, kind=kind):
                    self.restricted(spec)
                    self.assertIs(container(spec)["securityContext"]["readOnlyRootFilesystem"], True)

    def restricted(self, spec):
        """The Pod Security Standard of that name."""
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            self.assertNotIn(field, spec)
        allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected",
                   "secret", "name"}
        for volume in spec["volumes"]:
            self.assertLessEqual(set(volume), allowed)
        context = spec["securityContext"]
        self.assertIs(context["runAsNonRoot"], True)
        self.assertNotEqual(context.get("runAsUser"), 0)
        self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})
        for one in spec["containers"] + spec.get("initContainers", []):
            self.assertIs(one["securityContext"]["allowPrivilegeEscalation"], False)
            self.assertEqual(one["securityContext"]["capabilities"], {"drop": ["ALL"]})
            self.assertNotIn("privileged", one["securityContext"])
            self.assertFalse([port for port in one.get("ports", []) if "hostPort" in port])

    def test_openshift_may_choose_every_id(self):
        for _, _, spec in helm.pod_templates(rendered("openshift")):
            for context in (spec["securityContext"], container(spec)["securityContext"]):
                self.assertFalse({"runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"} & set(context))

    def test_no_secret_is_made_and_none_is_in_the_configuration(self):
        for name in SCENARIOS:
            self.assertFalse([one for one in rendered(name) if one["kind"] == "Secret"])
            self.assertNotIn("password", only_config(rendered(name)))


def container(spec):
    return next(one for one in spec["containers"] if one["name"] == "rollcall")


def only_config(objects):
    return next(one["data"]["rollcall.yaml"] for one in objects
                if one["kind"] == "ConfigMap" and "rollcall.yaml" in one["data"])


class Pods(unittest.TestCase):
    def test_kubectl_rollcall_finds_the_deployment_and_its_container(self):
        for name in SCENARIOS:
            deployment = helm.only(rendered(name), "Deployment")
            self.assertEqual(deployment["metadata"]["labels"]["app.kubernetes.io/name"], "rollcall")
            template = deployment["spec"]["template"]
            self.assertEqual(template["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"],
                             "rollcall")

    def test_every_pod_has_the_daemons_configuration(self):
        for name in SCENARIOS:
            for _, _, spec in helm.pod_templates(rendered(name)):
                self.assertIn({"name": "ROLLCALL_CONFIG", "value": "/etc/rollcall/rollcall.yaml"},
                              container(spec)["env"])
                self.assertIn({"name": "config", "mountPath": "/etc/rollcall", "readOnly": True},
                              container(spec)["volumeMounts"])

    def test_the_probes_ask_the_daemon_over_http(self):
        for name in SCENARIOS:
            one = container(helm.only(rendered(name), "Deployment")["spec"]["template"]["spec"])
            self.assertEqual(one["ports"], [{"name": "http", "containerPort": 9868}])
            self.assertEqual(one["livenessProbe"]["httpGet"], {"path": "/livez", "port": "http"})
            self.assertEqual(one["readinessProbe"]["httpGet"], {"path": "/readyz", "port": "http"})

    def test_a_changed_configuration_rolls_the_pods_and_nothing_else_does(self):
        def template(values):
            return helm.only(with_values(values), "Deployment")["spec"]["template"]
        first = template({"config": {"settle": "5s"}})
        self.assertNotEqual(template({"config": {"settle": "6s"}}), first)
        self.assertEqual(template({"config": {"settle": "5s"}, "service": {"port": 80}, "replicas": 2}), first)

    def test_the_content_is_mounted_as_it_is_to_be_used(self):
        mount = next(one for one in container(helm.only(rendered("content-read-only"), "Deployment")
                                              ["spec"]["template"]["spec"])["volumeMounts"] if one["name"] == "content")
        self.assertIs(mount["readOnly"], True)
        config = yaml.safe_load(only_config(rendered("content-read-only")))
        self.assertEqual(config["content"], {"path": mount["mountPath"]})
        self.assertEqual(config["checks"]["volume"], {"write": False, "agent_port": 9869})
        self.assertNotIn("write", yaml.safe_load(only_config(rendered("content")))["checks"]["volume"])

    def test_what_the_values_configure_is_stronger_than_what_the_chart_knows(self):
        config = {"kubernetes": {"selector": "app=blog", "namespace": "other", "service": "blog"}}
        objects = with_values({"config": config})
        self.assertEqual(yaml.safe_load(only_config(objects)), config)
        self.assertEqual(helm.rights(objects), {"other": PODS | SLICES})


class Configuration(unittest.TestCase):
    """The real program reads what the chart writes."""

    def test_it_takes_every_scenario(self):
        for name in SCENARIOS:
            with self.subTest(scenario=name):
                done = self.check(rendered(name))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("example.org", done.stdout)

    def test_it_says_so_when_a_key_is_unknown(self):
        done = self.check(with_values({"config": {"site": {"url": "https://a.example"}, "setle": "5s"}}))
        self.assertEqual(done.returncode, 64)
        self.assertIn("setle", done.stderr)

    def check(self, objects):
        spec = helm.only(objects, "Deployment")["spec"]["template"]["spec"]
        with tempfile.TemporaryDirectory() as folder:
            environment = {"PATH": os.environ["PATH"]}
            for variable in container(spec)["env"]:
                environment[variable["name"]] = variable.get("value") or _secret(variable["name"])
            # The container's own folders, here.
            text = only_config(objects).replace("/etc/rollcall-tls/", folder + "/")
            environment["ROLLCALL_CONFIG"] = os.path.join(folder, "rollcall.yaml")
            with open(environment["ROLLCALL_CONFIG"], "w", encoding="utf-8") as out:
                out.write(text)
            with open(os.path.join(folder, "ca.crt"), "w", encoding="ascii") as out:
                out.write("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
            return subprocess.run([ROLLCALL, "config", "check"], env=environment, capture_output=True, text=True,
                                  timeout=30, check=False)


def _secret(variable):
    """What a Secret would hold under the key of this variable."""
    return {"database__connection__host": "mysql",
            "ROLLCALL_CONTENT_API_KEY": "0123456789abcdef0123456789",
            "ROLLCALL_ADMIN_API_KEY": "0123456789abcdef01234567:" + "0123456789abcdef" * 4,
            "ROLLCALL_WEBHOOK_URL": "https://hooks.example.org/T0/B0",
            "ROLLCALL_WEBHOOK_SECRET": "0123456789abcdef"}.get(variable, "something")


if __name__ == "__main__":
    ROLLCALL = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)

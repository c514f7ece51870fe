#!/usr/bin/python3
"""Alert rules, runbooks, the example for Alertmanager and dashboards, without anything running.

    static_test.py ROLLCALL [unittest's flags]
Prometheus's and Alertmanager's own tools judge what is theirs; exits 77 when they are missing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import yaml                                                 # noqa: E402

from dashboards import files                                # noqa: E402

ROLLCALL = ""
_WITHOUT_FINDING = "RollcallAbsent|RollcallStalled|RollcallCannot.*|RollcallNo.*|RollcallReportOld"
_SECTIONS = ["What it means", "How to see it", "How to mend it", "How to silence it"]
_UNITS = {"short", "s", "bytes", "percentunit", "reqps", "ops"}


def run(*argv, cwd=None):
    """(exit code, all it printed)"""
    done = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout


def codes():
    """[(check, code, severity)] of the registry, as `rollcall list` prints it."""
    status, listed = run(ROLLCALL, "list")
    assert status == 0, listed
    found, check = [], None
    for line in listed.splitlines():
        if row := re.match(r"\s+(RC\d+)\s+(\w+)", line):
            found.append((check, row[1], row[2]))
        else:
            check = line.split()[0]
    return found


class Rules(unittest.TestCase):
    def test_prometheus_accepts_them(self):
        status, said = run("promtool", "check", "rules", files.RULES)
        self.assertEqual(status, 0, said)

    def test_their_own_tests_pass(self):
        status, said = run("promtool", "test", "rules", *files.RULE_TESTS)
        self.assertEqual(status, 0, said)

    def test_each_alert_has_a_test_that_fires_it(self):
        fired = set()
        for test in (test for path in files.RULE_TESTS for test in yaml.safe_load(files.text(path))["tests"]):
            fired |= {one["alertname"] for one in test.get("alert_rule_test", ()) if one["exp_alerts"]}
            for one in test.get("promql_expr_test", ()):
                if one["exp_samples"]:
                    said = one["expr"] + "".join(sample["labels"] for sample in one["exp_samples"])
                    fired |= set(re.findall(r'alertname="(\w+)"', said))
        self.assertEqual(fired, {rule["alert"] for rule in files.alerts()})

    def test_each_tells_severity_summary_numbers_and_a_runbook_that_exists(self):
        for rule in files.alerts():
            with self.subTest(rule["alert"]):
                severity = rule.get("labels", {}).get("severity")
                # Otherwise it is the finding's own.
                self.assertTrue(severity in ("critical", "warning") or "rollcall:findings:" in rule["expr"])
                told = rule["annotations"]
                self.assertEqual(set(told), {"summary", "description", "runbook_url"})
                self.assertLess(len(told["summary"]), 120)
                base, _, page = told["runbook_url"].rpartition("/")
                self.assertEqual(base, "https://runbooks.example.org/rollcall")
                self.assertEqual(page, rule["alert"] + ".md")
                self.assertTrue(os.path.exists(files.runbook_of(told["runbook_url"])))
                self.assertTrue("for" in rule)

    def test_none_waits_for_a_job_of_a_certain_name(self):
        for rule in files.rules():
            self.assertNotRegex(rule["expr"], r"\b(job|instance|namespace)\s*[=!]", rule)

    def test_all_that_is_told_apart_by_site_is_so_everywhere(self):
        for rule in files.rules():
            for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", rule["expr"]):
                self.assertTrue(labels.startswith("cluster, namespace, job, site"), rule["expr"])

    def test_they_ask_for_metrics_that_exist(self):
        documented = set(re.findall(r"`(rollcall_\w+)`", files.text(files.METRICS_PAGE)))
        recorded = {rule["record"] for rule in files.rules() if "record" in rule}
        for rule in files.rules():
            for metric in re.findall(r"\brollcall[_:][\w:]+", rule["expr"]):
                self.assertIn(re.sub(r"_(bucket|count)$", "", metric), documented | recorded, rule)

    def test_hurrying_them_changes_durations_only(self):
        source = files.text(files.RULES)
        hurried = files.hurried(source, 60)
        self.assertEqual(hurried.count("\n"), source.count("\n"))
        self.assertEqual(run("promtool", "check", "rules", self.written(hurried))[0], 0)
        changed = [(a, b) for a, b in zip(source.splitlines(), hurried.splitlines()) if a != b]
        self.assertTrue(changed)
        for before, after in changed:
            self.assertEqual(re.sub(r"\d+[smhd]\b", "", before), re.sub(r"\d+s\b", "", after))
        self.assertIn("for: 3s", hurried)
        self.assertNotRegex(re.sub("#.*", "", hurried), r"\[\d+[mhd]\]|for: \d+[mhd]|offset \d+[mhd]")

    def written(self, text):
        folder = tempfile.mkdtemp(prefix="rollcall-rules-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "rules.yaml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path


class Coverage(unittest.TestCase):
    """Every code of the registry is put into Prometheus's own evaluation, each under a job of its own."""

    def setUp(self):
        self.codes = codes()

    def test_each_finding_rings_exactly_one_alert_of_its_severity_and_info_rings_none(self):
        for named in (True, False):
            with self.subTest("it names a pod" if named else "it names no pod"):
                self.assertGreater(len(self.codes), 60)
                self.judge(self.codes, named)

    def test_the_test_sees_a_code_that_nothing_rings_for(self):
        with self.assertRaises(AssertionError):
            self.judge([("posts", "RC201", "critical"), ("posts", "RC999", "info")], True,
                       expected=[("posts", "RC201", "critical"), ("posts", "RC999", "info")])

    def test_alerts_name_only_checks_and_codes_that_exist(self):
        source = files.text(files.RULES)
        checks = {name for names in re.findall(r'\bcheck[=!]~?"([^"]+)"', source) for name in names.split("|")}
        self.assertLessEqual(checks, {check for check, _, _ in self.codes})
        named = set(re.findall(r"\bRC\d{3}\b", "".join(rule["expr"] for rule in files.alerts())))
        self.assertLessEqual(named, {code for _, code, _ in self.codes})

    def test_runbooks_name_only_codes_that_exist(self):
        known = {code for _, code, _ in self.codes} | {"RC999"}
        for page in os.listdir(files.RUNBOOKS):
            named = set(re.findall(r"\bRC\d{3}\b", files.text(os.path.join(files.RUNBOOKS, page))))
            self.assertLessEqual(named, known, page)

    def judge(self, listed, named, expected=None):
        expected = expected or [each for each in listed if each[2] != "info"]
        series = []
        for check, code, severity in listed:
            labels = f'job="{code}",check="{check}",code="{code}",severity="{severity}"'
            series.append({"series": f"rollcall_findings{{{labels}}}", "values": "1x50"})
            series.append({"series": f'rollcall_pod_up{{job="{code}",pod="ghost-0"}}', "values": "1x50"})
            if named:
                series.append({"series": f'rollcall_pod_findings{{{labels},pod="ghost-0"}}', "values": "1x50"})
        firing = f'ALERTS{{alertstate="firing",alertname!~"{_WITHOUT_FINDING}"}}'
        samples = [{"labels": f'{{job="{code}",severity="{severity}"}}', "value": 1}
                   for _, code, severity in expected]
        test = {"rule_files": [files.RULES], "evaluation_interval": "1m", "tests": [
            {"interval": "1m", "input_series": series, "promql_expr_test": [
                {"expr": f"count by (job, severity) ({firing})", "eval_time": "45m", "exp_samples": samples}]}]}
        folder = tempfile.mkdtemp(prefix="rollcall-coverage-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "coverage_test.yaml")
        with open(path, "w", encoding="utf-8") as out:
            yaml.safe_dump(test, out)
        status, said = run("promtool", "test", "rules", path)
        self.assertEqual(status, 0, said[:4000])


class Runbooks(unittest.TestCase):
    def test_there_is_one_for_each_alert_and_no_other(self):
        pages = {name[:-3] for name in os.listdir(files.RUNBOOKS)} - {"README"}
        self.assertEqual(pages, {rule["alert"] for rule in files.alerts()})

    def test_each_names_its_alert_and_has_the_four_parts(self):
        for rule in files.alerts():
            page = files.text(os.path.join(files.RUNBOOKS, rule["alert"] + ".md"))
            with self.subTest(rule["alert"]):
                self.assertTrue(page.startswith(f"# {rule['alert']}\n"))
                self.assertEqual(re.findall(r"^## (.*)$", page, re.MULTILINE), _SECTIONS)
                self.assertRegex(page, rf"amtool silence add alertname={rule['alert']}\b")

    def test_the_list_has_all(self):
        page = files.text(os.path.join(files.RUNBOOKS, "README.md"))
        for rule in files.alerts():
            self.assertIn(f"[{rule['alert']}]({rule['alert']}.md)", page)

    # Whoever is paged has kubectl; the program is in Rollcall's pod, and in Ghost's there is node and no curl.
    def test_their_commands_can_be_typed_where_they_are_read(self):
        for name in sorted(os.listdir(files.RUNBOOKS)):
            page = files.text(os.path.join(files.RUNBOOKS, name))
            with self.subTest(name):
                self.assertNotRegex(page, r"(?<!-- )\brollcall (explain|check --only|health|config show)")
                self.assertNotRegex(page, r"\bexec\b.*\bcurl\b")
        about = files.text(os.path.join(files.RUNBOOKS, "README.md"))
        for said in ("--alertmanager.url", "kubectl exec deploy/rollcall -- rollcall explain CODE"):
            self.assertIn(said, about)

    def test_logs_are_asked_for_before_those_of_a_container_that_may_not_have_been(self):
        for name in sorted(os.listdir(files.RUNBOOKS)):
            page = files.text(os.path.join(files.RUNBOOKS, name))
            for target in re.findall(r"^kubectl logs (\S+) --previous$", page, re.MULTILINE):
                self.assertRegex(page, rf"(?m)^kubectl logs {target}$[^`]*^kubectl logs {target} --previous$", name)

    def test_their_queries_parse(self):
        queries = []
        for page in sorted(os.listdir(files.RUNBOOKS)):
            for block in re.findall(r"```promql\n(.*?)```", files.text(os.path.join(files.RUNBOOKS, page)), re.DOTALL):
                queries += [line.split("  #")[0] for line in block.splitlines() if line.strip()]
        self.assertGreater(len(queries), 20)
        self.assertEqual(refused(queries), "")


def refused(expressions):
    """What promtool says against these expressions; empty when all parse."""
    rules = [{"record": "an:expression", "expr": one} for one in expressions]
    with tempfile.TemporaryDirectory(prefix="rollcall-promql-") as folder:
        path = os.path.join(folder, "rules.yaml")
        with open(path, "w", encoding="utf-8") as out:
            yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}, out)
        status, said = run("promtool", "check", "rules", "--lint=none", path)
    return "" if status == 0 else said


class Alertmanager(unittest.TestCase):
    def test_it_accepts_the_example(self):
        status, said = run("amtool", "check-config", files.ALERTMANAGER)
        self.assertEqual(status, 0, said)

    def test_pages_go_to_the_pager_and_the_rest_to_tickets(self):
        for labels, receiver in ((("alertname=RollcallLeak", "severity=critical"), "pager"),
                                 (("alertname=RollcallPodUnwell", "severity=critical"), "pager"),
                                 (("alertname=RollcallSiteDiffers", "severity=warning"), "tickets"),
                                 (("alertname=RollcallNew", "severity=info"), "nobody"),
                                 (("alertname=OfOthers", "severity=critical"), "tickets")):
            status, said = run("amtool", "config", "routes", "test", f"--config.file={files.ALERTMANAGER}",
                               f"--verify.receivers={receiver}", *labels)
            self.assertEqual(status, 0, f"{labels}: {said}")
        status, said = run("amtool", "config", "routes", "test", f"--config.file={files.ALERTMANAGER}",
                           "--verify.receivers=nobody", "alertname=RollcallLeak", "severity=critical")
        self.assertNotEqual(status, 0, "the test cannot fail: " + said)

    def test_it_speaks_of_alerts_that_exist(self):
        known = {rule["alert"] for rule in files.alerts()}
        named = set(re.findall(r"\bRollcall[A-Z]\w+", re.sub(r"#.*", "", files.text(files.ALERTMANAGER))))
        self.assertTrue(named)
        self.assertLessEqual(named, known)

    # Of the database's findings only the one that it cannot be reached explains what is wrong with pods.
    def test_only_a_database_that_is_away_inhibits_what_is_told_of_pods(self):
        by_database = [rule for rule in yaml.safe_load(files.text(files.ALERTMANAGER))["inhibit_rules"]
                       if "RollcallDatabaseTrouble" in " ".join(rule["source_matchers"])]
        self.assertTrue(by_database)
        for rule in by_database:
            self.assertIn('code="RC701"', rule["source_matchers"])

    def test_nothing_inhibits_what_readers_suffer_from(self):
        for rule in yaml.safe_load(files.text(files.ALERTMANAGER))["inhibit_rules"]:
            for spared in ("RollcallLeak", "RollcallWrongAnswers", "RollcallSiteDiffers", "RollcallAbsent"):
                self.assertNotIn(spared, " ".join(rule["target_matchers"]))


class Dashboards(unittest.TestCase):
    def setUp(self):
        self.all = files.dashboards()

    def test_there_are_three_with_stable_names(self):
        self.assertEqual({name: each["uid"] for name, each in self.all.items()},
                         {"site.json": "rollcall-site", "pod.json": "rollcall-pod", "rollcall.json": "rollcall-self"})

    def test_each_panel_says_what_it_shows_in_which_unit(self):
        for name, dashboard in self.all.items():
            ids = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(ids), len(set(ids)), name)
            titles = [panel["title"] for panel in files.panels(dashboard)]
            self.assertEqual(len(titles), len(set(titles)), name)
            for panel in files.panels(dashboard):
                with self.subTest(f"{name}: {panel['title']}"):
                    self.assertTrue(panel["title"])
                    self.assertTrue(panel["description"].endswith((".", "rings.")))
                    self.assertIn(panel["fieldConfig"]["defaults"]["unit"], _UNITS)
                    self.assertTrue(panel["targets"])
                    self.assertEqual(len({t["refId"] for t in panel["targets"]}), len(panel["targets"]))

    def test_panels_do_not_cover_one_another(self):
        for name, dashboard in self.all.items():
            taken = set()
            for panel in dashboard["panels"]:
                at = panel["gridPos"]
                self.assertLessEqual(at["x"] + at["w"], 24)
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                self.assertFalse(cells & taken, f"{name}: {panel['title']}")
                taken |= cells

    def test_no_data_source_is_built_in(self):
        for name, dashboard in self.all.items():
            first = dashboard["templating"]["list"][0]
            self.assertEqual((first["name"], first["type"], first["query"]), ("datasource", "datasource", "prometheus"))
            sources = re.findall(r'"datasource": (\{[^{}]*\$\{\w+\}[^{}]*\}|\{[^}]*\})', files.text(os.path.join(files.FOLDER, "grafana", name)))
            self.assertTrue(sources)
            self.assertEqual({re.sub(r"\s+", "", one) for one in sources},
                             {'{"type":"prometheus","uid":"${datasource}"}'})

    def test_variables_are_defined_and_colours_follow_the_theme(self):
        for name, dashboard in self.all.items():
            known = {each["name"] for each in dashboard["templating"]["list"]}
            known |= {"__rate_interval", "__range", "__all"}
            body = files.text(os.path.join(files.FOLDER, "grafana", name))
            self.assertLessEqual(set(re.findall(r"\$\{?(\w+)", body)), known)
            # Names of Grafana's palette, never a colour that is readable on one background only.
            self.assertNotRegex(body, r"#[0-9a-fA-F]{6}|rgba?\(")

    # Two releases that are called alike, each in a namespace of its own, are two sites.
    def test_namespaces_are_told_apart(self):
        for name, dashboard in self.all.items():
            variable, = [each for each in dashboard["templating"]["list"] if each["name"] == "namespace"]
            # Where Prometheus gives no namespace, All has to match that as well.
            self.assertEqual((variable["allValue"], variable["includeAll"]), (".*", True))
            for panel, expression in files.queries(dashboard):
                with self.subTest(f"{name}: {panel['title']}"):
                    self.assertIn('namespace=~"$namespace', expression)
                    self.assertEqual(expression.count('job=~"$job"'), expression.count('namespace=~"$namespace", job=~'))
                    grouped = re.findall(r"\b(?:by|on) \((\w+)[^)]*\)(?! \((?:max|min) by \(namespace,)", expression)
                    self.assertLessEqual(set(grouped), {"namespace"}, expression)
                for each in panel.get("transformations", ()):
                    if each["id"] == "groupingToMatrix":
                        # One row has one label for its name.
                        row = each["options"]["rowField"]
                        self.assertRegex(expression, rf'^label_join\(.*, "{row}", " ", "{row}", "namespace"\)$')
            for each in dashboard["templating"]["list"]:
                if "label_values" in each.get("definition", "") and each["name"] != "namespace":
                    self.assertIn('namespace=~"$namespace"', each["definition"])
                    self.assertEqual(each["definition"], each["query"]["query"])

    def test_queries_parse_and_ask_for_metrics_that_exist(self):
        documented = set(re.findall(r"`((?:rollcall|process)_\w+)`", files.text(files.METRICS_PAGE)))
        recorded = {rule["record"] for rule in files.rules() if "record" in rule}
        for name, dashboard in self.all.items():
            expressions = [expression for _, expression in files.queries(dashboard)]
            self.assertEqual(refused([with_values(one) for one in expressions]), "", name)
            for expression in expressions:
                for metric in re.findall(r"\b(?:rollcall|process)[_:][\w:]+", expression):
                    base = re.sub(r"_(bucket|sum|count)$", "", metric)
                    self.assertIn(base, documented | recorded, f"{name}: {expression}")
                    self.assertNotRegex(expression, r"\[\d+[sm]\]", "use $__rate_interval")

    def test_replicas_do_not_double_what_they_see_alike(self):
        for name in ("site.json", "pod.json"):
            for panel, expression in files.queries(self.all[name]):
                if "rollcall_http_requests_total" not in expression and "ALERTS" not in expression:
                    self.assertRegex(expression, r"\b(max|min)\b|rollcall:", f"{name}: {panel['title']}")


def with_values(expression):
    """An expression as Grafana sends it, all variables at All."""
    expression = re.sub(r"\$__(rate_interval|range)\b", "1m", expression)
    return re.sub(r"\$\{?(job|namespace|pod|instance)\}?", ".+", expression)


if __name__ == "__main__":
    for tool in ("promtool", "amtool"):
        if not shutil.which(tool):
            print(f"skipped: {tool} (Debian packages prometheus, prometheus-alertmanager) is missing")
            sys.exit(77)
    ROLLCALL = os.path.abspath(sys.argv.pop(1))
    unittest.main()

"""Runs kubectl-rollcall against a stand-in for kubectl.

usage: kubectl_plugin_test.py
"""

import json
import os
import pty
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLUGIN = os.path.join(ROOT, "kubectl", "kubectl-rollcall")
LABEL = "app.kubernetes.io/name=rollcall"

# Knows Deployments as {namespace: [name]} and the current namespace; remembers how it was called.
STUB = '''#!/usr/bin/python3
import json, os, sys
world = json.load(open(os.environ["WORLD"]))
words = [word for word in sys.argv[1:] if not word.startswith("--context=")]
with open(os.environ["WORLD"] + ".calls", "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
if words[0] == "exec":
    sys.exit(world.get("exit", 0))
assert words[:2] == ["get", "deployments"], words
flags = dict(word.split("=", 1) if "=" in word else (word, "") for word in words[2:])
assert flags["--selector"] == "app.kubernetes.io/name=rollcall", flags
assert any(word.startswith("jsonpath={range .items[*]}") for word in words), words
everywhere = "--all-namespaces" in flags
scope = flags.get("--namespace", world["current"])
if ("*" if everywhere else scope) in world.get("forbidden", []):
    sys.exit("Error from server (Forbidden): deployments.apps is forbidden")
wanted = flags.get("--field-selector", "").removeprefix("metadata.name=")
for namespace, names in world["deployments"].items():
    for name in names:
        if (everywhere or namespace == scope) and wanted in ("", name):
            print(namespace, name)
'''


class Plugin(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rollcall-kubectl-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.world = os.path.join(self.folder, "world")
        stub = os.path.join(self.folder, "kubectl")
        with open(stub, "w", encoding="utf-8") as file:
            file.write(STUB)
        os.chmod(stub, 0o755)
        self.env = {"PATH": self.folder + ":/usr/bin:/bin", "WORLD": self.world}

    def run_plugin(self, *arguments, current="default", **world):
        with open(self.world, "w", encoding="utf-8") as file:
            json.dump({"current": current, **world}, file)
        return subprocess.run([PLUGIN, *arguments], env=self.env, capture_output=True, text=True,
                              timeout=60, check=False, stdin=subprocess.DEVNULL)

    def calls(self):
        with open(self.world + ".calls", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def executed(self, result):
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return self.calls()[-1]

    def gives_up(self, result, *fragments):
        self.assertEqual((result.returncode, result.stdout), (3, ""), result)
        for fragment in fragments:
            self.assertIn(fragment, result.stderr)
        self.assertNotIn("exec", [call[0] for call in self.calls()])

    def test_the_deployment_of_the_current_namespace_is_asked(self):
        result = self.run_plugin(deployments={"default": ["r"], "other": ["r"]})
        self.assertEqual(self.executed(result), ["exec", "--namespace=default", "deployment/r",
                                                 "--", "rollcall", "check"])

    def test_arguments_reach_the_check_as_they_are(self):
        result = self.run_plugin("-n", "blog", "--only", "a b", "-n", "$x", "*",
                                 deployments={"blog": ["r"]})
        self.assertEqual(self.executed(result)[4:],
                         ["rollcall", "check", "--only", "a b", "-n", "$x", "*"])
        result = self.run_plugin("--", "--help", deployments={"default": ["r"]})
        self.assertEqual(self.executed(result)[4:], ["rollcall", "check", "--help"])

    def test_the_only_one_of_all_namespaces_is_found(self):
        for arguments in ([], ["-A"], ["--all-namespaces"], ["-n", "blog"], ["--namespace=blog"]):
            result = self.run_plugin(*arguments, deployments={"blog": ["ghost-rollcall"]})
            self.assertEqual(self.executed(result)[:3],
                             ["exec", "--namespace=blog", "deployment/ghost-rollcall"])

    def test_a_named_namespace_is_the_only_one_looked_at(self):
        result = self.run_plugin("-n", "empty", deployments={"blog": ["r"]})
        self.gives_up(result, f"no Deployment with the label {LABEL} was found in the namespace "
                      "empty")

    def test_several_are_listed_and_none_is_chosen(self):
        result = self.run_plugin(deployments={"a": ["r"], "b": ["s"]})
        self.gives_up(result, "several Deployments", "  -n a --deployment r\n"
                      "  -n b --deployment s\n")
        result = self.run_plugin("-n", "a", "--deployment", "s", deployments={"a": ["r", "s"]})
        self.assertEqual(self.executed(result)[2], "deployment/s")

    def test_none_at_all_is_said(self):
        self.gives_up(self.run_plugin(deployments={}), "was found in any namespace")
        self.gives_up(self.run_plugin("--deployment=x", deployments={"a": ["r"]}),
                      "and the name x was found in any namespace")

    def test_what_kubectl_may_not_list_is_not_called_absent(self):
        result = self.run_plugin(deployments={"b": ["r"]}, forbidden=["*"])
        self.gives_up(result, "Forbidden", "could not list those of all namespaces; name the "
                      "namespace with -n")
        for arguments, forbidden in (([], "default"), (["-n", "b"], "b"), (["-A"], "*")):
            result = self.run_plugin(*arguments, deployments={"b": ["r"]}, forbidden=[forbidden])
            self.gives_up(result, "Forbidden", "kubectl could not list the Deployments")

    def test_the_context_goes_with_every_call(self):
        result = self.run_plugin("--context", "prod", deployments={"blog": ["r"]})
        self.executed(result)
        self.assertEqual([call[0] for call in self.calls()], ["--context=prod"] * 3)

    def test_the_exit_code_is_the_checks(self):
        result = self.run_plugin(deployments={"default": ["r"]}, exit=2)
        self.assertEqual(result.returncode, 2)

    def test_a_terminal_is_handed_on(self):
        with open(self.world, "w", encoding="utf-8") as file:
            json.dump({"current": "default", "deployments": {"default": ["r"]}}, file)
        master, slave = pty.openpty()
        try:
            subprocess.run([PLUGIN], env=self.env, stdin=slave, stdout=slave, stderr=slave,
                           timeout=60, check=True)
        finally:
            os.close(master)
            os.close(slave)
        self.assertEqual(self.calls()[-1][:2], ["exec", "-it"])

    def test_help_and_wrong_usage_need_no_cluster(self):
        shown = self.run_plugin("--help")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertTrue(shown.stdout.startswith("Usage: kubectl rollcall"))
        for arguments, says in ((["-n"], "-n needs a value"), (["-n", ""], "-n needs a value"),
                                (["--context="], "--context needs a value"),
                                (["-A", "-n", "x"], "-n and -A exclude each other")):
            result = self.run_plugin(*arguments)
            self.assertEqual((result.returncode, result.stdout), (64, ""), result)
            self.assertIn(says, result.stderr)
        self.assertFalse(os.path.exists(self.world + ".calls"))

    def test_kubectl_must_be_there(self):
        os.remove(os.path.join(self.folder, "kubectl"))
        self.env["PATH"] = self.folder
        result = subprocess.run(["/bin/sh", PLUGIN], env=self.env, capture_output=True, text=True,
                                timeout=60, check=False)
        self.assertEqual(result.returncode, 3)
        self.assertIn("kubectl is not on the PATH", result.stderr)


if __name__ == "__main__":
    unittest.main()

"""Nothing on the machine gets a password out of Rollcall's memory: no core dump, no process of the same user.

usage: core_dump_test.py PROGRAM
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = ""
NOBODY = 65534
# A command of the check exec: its parent and that one's parent have Rollcall's environment. It itself is as before: its
# own may be read, and the kernel takes it first when memory runs out.
PRYING = """
up=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$PPID/status)
cat /proc/self/environ >/dev/null || { echo CRITICAL nothing can be read at all; exit 2; }
for pid in $PPID $up; do cat /proc/$pid/environ >/dev/null 2>&1 && { echo CRITICAL $pid was read; exit 2; }; done
read score </proc/self/oom_score_adj
[ "$score" = 1000 ] || { echo CRITICAL its score is $score; exit 2; }
echo OK
"""
PASSTHROUGH = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS", "PATH")


def environment():
    env = {name: os.environ[name] for name in PASSTHROUGH if name in os.environ}
    return {**env, "ROLLCALL_DB_PASSWORD": "planted-password"}


def allow_cores():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def status_of(process):
    """As wait() tells it: with whether there was a core dump."""
    status = os.waitpid(process.pid, 0)[1]
    process.returncode = status
    return status


class CoreDump(unittest.TestCase):
    """The kernel itself says whether it wrote one, to whatever file or program its core_pattern names."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rollcall-core-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        if not os.WCOREDUMP(status_of(self.start(["/bin/sh", "-c", "kill -QUIT $$"]))):
            self.skipTest("this machine writes no core dumps of anybody (limits or core_pattern)")

    def start(self, argv, **more):
        try:
            return subprocess.Popen(argv, cwd=self.folder, env=environment(), preexec_fn=allow_cores, **more)
        except subprocess.SubprocessError:
            return self.skipTest("the limit on core dumps cannot be raised")

    def test_a_daemon_that_is_aborted_leaves_none(self):
        daemon = self.start([PROGRAM, "serve", "--url", "http://example.org", "--pod", "a=http://127.0.0.1:1",
                             "--only", "pods", "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
        killer = threading.Timer(60, daemon.kill)
        killer.start()
        for line in daemon.stderr:
            if json.loads(line)["message"] == "started":
                break
        os.kill(daemon.pid, signal.SIGQUIT)
        status = status_of(daemon)
        killer.cancel()
        daemon.stderr.close()
        self.assertEqual(os.WTERMSIG(status), signal.SIGQUIT)
        self.assertFalse(os.WCOREDUMP(status), os.listdir(self.folder))


class SameUser(unittest.TestCase):
    def test_a_command_of_the_user_cannot_read_rollcalls_environment(self):
        if os.geteuid() != 0:
            self.skipTest("only root can be somebody else")
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="rollcall-core-"))
        os.chmod(folder, 0o755)
        program = shutil.copy(PROGRAM, folder)   # where it was built others may not go
        config = os.path.join(folder, "rollcall.yaml")
        with open(config, "w", encoding="utf-8") as out:     # JSON is YAML
            json.dump({"commands": [{"name": "pry", "argv": ["/bin/sh", "-c", PRYING]}]}, out)
        done = subprocess.run([program, "check", "--url", "http://example.org", "--pod", "a=http://127.0.0.1:1", "--only",
                               "exec", "--config", config, "--output", "json"], env=environment(), user=NOBODY, group=NOBODY,
                              extra_groups=[], cwd="/", capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(json.loads(done.stdout or "{}").get("verdict"), "pass", done.stdout + done.stderr)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()

"""The site's state: settings, private mode, theme, redirects and whatever else lives in each pod's memory.

The rows are in tests/e2e/state, one module per check; this is the stage they play on.
"""

import contextlib
import os
import re
import traceback

from lab import LabError
from lab.common import copy_tree, remove_tree, wait_until
from support.webhook_receiver import SECRET, Receiver

from . import state
from .bed import bed
from .campaign import SETTLE_SECONDS, restart_all

_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
_DATED = ("settings", "posts", "tags", "users", "offers")   # tables whose rows carry their last change
_INTERVAL = "3s"                                            # of the daemon's checks,
_ROLL_INTERVAL = "10s"                                      # and of those that render many pages
_ROLL = ("posts", "archives", "sitemap")
_MORE = {"database": ", lock_patience: 5s"}                 # settings of theirs
_FEW = "few"                                                # the account with no more than README's grants


class Stage:
    """One site on three pods, all of which agree at the beginning of every row."""

    def __init__(self, lab, rollcall, outcome):
        self.lab = lab
        self.rollcall = rollcall
        self.outcome = outcome
        self.daemon = None      # runs with everything configured; must agree with such rows
        self.receiver = None    # of its webhook
        self.version = tuple(map(int, lab.state["ghost"].split(".")))

    def api(self, number=1):
        """The Admin API of one pod, as the owner."""
        return self.lab.api(number)

    def restart(self, *numbers):
        """Restarts these pods, all when none is named; returns when they are ready."""
        restart_all(self.lab, numbers)

    def require(self, condition, sentence):
        """A row that proves nothing fails: Ghost itself did not do what the row is about."""
        if not condition:
            raise LabError(sentence)

    def settle(self):
        """Returns when the youngest dated change is older than the settle window."""
        newest = ", ".join(f"COALESCE((SELECT MAX(updated_at) FROM {table}), 0)" for table in _DATED)

        def settled():
            age = self.lab.sql(f"SELECT TIMESTAMPDIFF(MICROSECOND, GREATEST({newest}), UTC_TIMESTAMP(6))")[0][0]
            return age is None or int(age) > (SETTLE_SECONDS + 0.1) * 1e6
        wait_until(settled, 60, "the site did not settle", every=0.1)

    @contextlib.contextmanager
    def own_folder(self, number):
        """This pod with a copy of the content folder instead of the volume, as when a mount failed; the folder."""
        shared, own = self.lab.state["content_dir"], os.path.join(self.lab.dir, f"content-of-pod-{number}")
        copy_tree(shared, own)
        self.lab.change_pod_config(number, {"paths": {"contentPath": own}})
        self.restart(number)
        try:
            yield own
        finally:
            self.lab.change_pod_config(number, {"paths": {"contentPath": shared}})
            self.restart(number)
            remove_tree(own)

    # How rollcall is told of the site

    def flags(self, content=True, few_rights=False):
        """Flags that name site, pods, database and, with `content`, the content folder."""
        site = self.few_rights_flags() if few_rights else self.rollcall.site_flags()
        return site + self.rollcall.pod_flags() + (self.rollcall.content_flags() if content else [])

    def readme_grants(self):
        return readme_grants("-- optional")

    def few_rights_flags(self):
        """As the README's account: exactly its grants that are not called optional."""
        return self.account_flags(_FEW, readme_grants("-- optional")[0])

    def account_flags(self, user, grants):
        """As an account of that name with these grants of the README, and no other."""
        database = self.lab.state["database"]
        named = [grant.replace("'rollcall'", f"'{user}'").replace(" ghost.", f" {database['name']}.") for grant in grants]
        self.lab.sql(f"CREATE OR REPLACE USER '{user}'@'%' IDENTIFIED BY '{database['password']}'; " + " ".join(named))
        return ["--url", self.lab.state["site"]["url"],
                "--db", f"mysql://{user}@127.0.0.1:{database['port']}/{database['name']}",
                "--db-password-file", os.path.join(self.lab.dir, "db-password")]

    def admin_key(self):
        """The environment that gives rollcall the lab's Admin API key."""
        return {"ROLLCALL_ADMIN_API_KEY": self.lab.state["admin_api_key"]}

    def webhook(self):
        """The environment that gives rollcall the receiver."""
        return {"ROLLCALL_WEBHOOK_URL": self.receiver.url, "ROLLCALL_WEBHOOK_SECRET": SECRET}

    # Judging

    def judge(self, name, expected, *extra, flags=None, env=None, gaps=(), daemon=None, seconds=40):
        """One row: `rollcall check` finds exactly `expected`, a set of (code, pod); pod is '' for all or none.

        `gaps` are the checks that may have gaps. The daemon must come to say the same within `seconds`, unless
        rollcall was told otherwise than it. Returns the Check.
        """
        self.settle()
        check = self.rollcall.check_whole(*extra, flags=flags, env=env, gaps=gaps)
        found = {(each["code"], each["pod"] or "") for each in check.findings()}
        problems = check.problems() + check.blind_spots(gaps)
        if check.report and not expected and not gaps and check.report["verdict"] != "pass":
            problems.append(f"nothing is to be found, but the verdict is {check.report['verdict']}")
        if self.daemon and (daemon if daemon is not None else flags is None and not extra and not env):
            problems += self.daemon_problems(expected, seconds)
        self.outcome.row(name, self.lab, check, expected, found, problems)
        return check

    def daemon_problems(self, expected, seconds):
        def said():
            return {(each["code"], each["pod"] or "") for each in self.daemon.report()["findings"]}
        try:
            wait_until(lambda: said() == expected, seconds, "", every=0.2)
        except LabError:
            seen = said()
            return [f"the daemon does not agree within {seconds} s: missed {sorted(expected - seen)}, "
                    f"invented {sorted(seen - expected)}"]
        return []

    # The play

    def play(self, only=None):
        for name, module in state.modules().items():
            if only and name not in only:
                continue
            try:
                module.play(self)
            except Exception as error:      # what broke one module is a failed row, and the others go on
                traceback.print_exc()
                self.outcome.row(f"{name} broke off", self.lab, problems=[f"{type(error).__name__}: {error}"])
                self.restart()


def readme_grants(divider):
    """The README's GRANT statements: (those before `divider`, those after it)."""
    with open(os.path.join(_ROOT, "README.md"), encoding="utf-8") as source:
        listing = source.read().split("```sql", 1)[1].split("```", 1)[0]
    return tuple(re.findall(r"^GRANT .*;$", part, re.MULTILINE) for part in listing.split(divider, 1))


def often(interval=_INTERVAL, roll_interval=_ROLL_INTERVAL):
    """Settings by which every check runs often."""
    names = sorted(name for name in os.listdir(os.path.join(_ROOT, "checks"))
                   if os.path.exists(os.path.join(_ROOT, "checks", name, "CMakeLists.txt")))
    return {name: f"interval: {roll_interval if name in _ROLL else interval}{_MORE.get(name, '')}" for name in names}


def site_state(version, folder, rollcall_for, outcome, only=None):
    """One job: all rows on one version."""
    with bed(version, folder) as lab:
        stage = Stage(lab, rollcall_for(lab), outcome)
        with Receiver("127.0.11.2") as stage.receiver, \
                stage.rollcall.serve(checks=often(), env=stage.webhook()) as stage.daemon:
            stage.judge("site state: fresh pods", set())
            stage.play(only)
            status, took = stage.daemon.stop()
            outcome.row("site state: the daemon ends in order",
                        problems=[] if status == 0 and took < 5 else [f"exit {status} after {took:.1f} s"])

"""The database's account. With the README's base grants and nothing else each check says what it may not read and does
the rest; with all of the README's grants nothing is missing, and without any single one of them something is."""

import concurrent.futures
import re

from . import schedule

_NAMED = {"schedule": ("ON ghost.emails", "ON ghost.post_revisions"),
          "database": ("ON ghost.migrations_lock", "ON ghost.migrations ")}

# Together they read every table.
_ASKERS = "archives,settings,tiers,theme,schedule,redirects,database"

# Tells which of the Content API's keys is best; without it the first is taken.
_PREFERRED = "ghost.integrations"


def play(stage):
    flags = stage.flags(content=False, few_rights=True)
    check = stage.judge("rights: few, all is well", set(), flags=flags)
    for name, grants in _NAMED.items():
        notes = " ".join(check.run_of(name)["notes"])
        for grant in grants:
            stage.require(grant in notes, f"{name} does not name the grant {grant}: {notes}")
    post, = schedule.missed(stage, ("Overdue, few rights", "post"))
    stage.judge("rights: few, a post nobody publishes", {("RC531", "")}, flags=flags)
    stage.api(1).delete_post(post["id"])
    stage.restart()
    exact(stage)


def exact(stage):
    base, optional = stage.readme_grants()
    grants = base + optional
    rest = stage.rollcall.pod_flags() + stage.rollcall.content_flags()
    check = stage.judge("rights: exactly the README's", set(), flags=stage.account_flags("exact", grants) + rest)
    stage.require("GRANT" not in check.out, f"a grant is missing: {check.out}")
    accounts = [(grant, stage.account_flags(f"without{number}", [one for one in grants if one != grant]) + rest)
                for number, grant in enumerate(grants)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        told = pool.map(lambda one: stage.rollcall.check("--only", _ASKERS, flags=one[1]), accounts)
        needless = [grant for (grant, _), without in zip(accounts, told) if not misses(without, check)]
    stage.outcome.row("rights: each of the README's grants is needed", stage.lab, problems=[
        f"nothing is missing without {grant}" for grant in needless if _PREFERRED not in grant])


def misses(check, whole):
    """Whether it says that it may not read something of which `whole` says nothing."""
    return any(re.search("GRANT SELECT|may not read|without a Content API key", sentence)
               for sentence in sentences(check) - sentences(whole))


def sentences(check):
    """What the report says besides its findings."""
    return {text for run in check.report["checks"] for text in (
        *run["notes"], run["reason"] or "", (run["error"] or {}).get("message", ""),
        *(gap["why"]["message"] for gap in run["gaps"]))}

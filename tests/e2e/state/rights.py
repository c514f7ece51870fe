"""An account with the README's base grants and nothing else: each check says what it may not read and does the rest."""

from . import schedule

_NAMED = {"schedule": ("ON ghost.emails", "ON ghost.post_revisions"),
          "database": ("ON ghost.migrations_lock", "ON ghost.migrations ")}


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

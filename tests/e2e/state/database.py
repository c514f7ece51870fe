"""The database itself: read-only, a migration lock left behind, few connections, an older Ghost, mixed collations.

A killed and a frozen database are among the faults (faults.py).
"""

import contextlib
import os
import subprocess

from lab import LabError
from lab.common import wait_until

_MOST = 100     # connections while they run out
_TAKEN = 85     # more than 80 %; the checks of one round each have one


def play(stage):
    read_only(stage)
    lock_left_behind(stage)
    few_connections(stage)
    migrated_by_a_newer_ghost(stage)
    mixed_collations(stage)


def read_only(stage):
    stage.lab.sql("SET GLOBAL read_only=ON")
    try:
        stage.require(not can_publish(stage), "Ghost was to fail to write, but does not")
        stage.judge("database: read-only", {("RC702", "")})
    finally:
        stage.lab.sql("SET GLOBAL read_only=OFF")
    stage.judge("database: read-only, healed", set())


def can_publish(stage):
    try:
        stage.api(1).create_post("Cannot be written", status="draft")
    except LabError:
        return False
    return True


def lock_left_behind(stage):
    """As a migration leaves it that died: every pod that boots exits. Dated in the local time of some pod."""
    # The daemon comes to see it for longer than its patience (daemon_config), whatever the date.
    stage.lab.sql("UPDATE migrations_lock SET locked=1, acquired_at=UTC_TIMESTAMP() - INTERVAL 1 DAY")
    check = stage.judge("database: a migration lock left behind", {("RC706", "")})
    warned_of_restarts(stage, check)
    stage.lab.sql("UPDATE migrations_lock SET acquired_at=UTC_TIMESTAMP() - INTERVAL 5 HOUR")
    check = stage.judge("database: a lock of this moment, by New York's clock", set(), daemon=False)
    warned_of_restarts(stage, check)
    stage.lab.sql("UPDATE migrations_lock SET locked=0")
    stage.judge("database: a migration lock left behind, healed", set())


def warned_of_restarts(stage, check):
    reasons = check.report["restart_safety"]["reasons"]
    stage.require(any("migration lock" in reason for reason in reasons), f"a restart is not warned of: {reasons}")


def few_connections(stage):
    stage.lab.sql(f"SET GLOBAL max_connections={_MOST}")
    try:
        with taken_connections(stage):
            stage.judge("database: connections run out", {("RC705", "")})
    finally:
        stage.lab.sql("SET GLOBAL max_connections=151")
    stage.judge("database: connections run out, healed", set())


@contextlib.contextmanager
def taken_connections(stage):
    """Somebody holds so many that few are left."""
    holders = []
    try:
        for _ in range(max(_TAKEN - connections(stage), 0)):
            holders.append(subprocess.Popen(
                ["mariadb", "--no-defaults", f"--socket={stage.lab.state['database']['socket']}",
                 f"--user={'root' if os.geteuid() == 0 else os.environ['USER']}"],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_until(lambda: connections(stage) >= _TAKEN, 20, "the connections could not be taken")
        yield
    finally:
        for holder in holders:
            holder.communicate()    # its input ends, and so does it


def connections(stage):
    return int(stage.lab.sql("SHOW GLOBAL STATUS LIKE 'Threads_connected'")[0][1])


def migrated_by_a_newer_ghost(stage):
    """As after an update that was undone without its database."""
    (newest, version), = stage.lab.sql("SELECT id, currentVersion FROM migrations ORDER BY id DESC LIMIT 1")
    stage.lab.sql(f"UPDATE migrations SET currentVersion='99.1' WHERE id={newest}")
    stage.judge("database: migrated by a newer Ghost", {("RC707", pod["name"]) for pod in stage.lab.state["pods"]})
    stage.lab.sql(f"UPDATE migrations SET currentVersion='{version}' WHERE id={newest}")
    stage.judge("database: migrated by a newer Ghost, undone", set())


def mixed_collations(stage):
    (common,), = stage.lab.sql("SELECT TABLE_COLLATION FROM information_schema.TABLES "
                               "WHERE TABLE_SCHEMA=DATABASE() AND TABLE_NAME='posts'")
    change = "ALTER TABLE snippets CONVERT TO CHARACTER SET utf8mb4 COLLATE "
    stage.lab.sql(change + "utf8mb4_unicode_ci")
    # The daemon looks at tables every ten minutes.
    stage.judge("database: collations differ", {("RC708", "")}, daemon=False)
    stage.lab.sql(change + common)
    stage.judge("database: collations differ, healed", set())

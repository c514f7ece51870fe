"""Scheduled posts that nobody publishes or that two pods publish, and newsletters that are stuck."""

import datetime
import time

from lab.common import wait_until

_POD_REQUEST = 3    # seconds a timer's request may take to come to something


def play(stage):
    overdue(stage)
    fired_twice(stage)
    stuck_newsletter(stage)
    stage.restart()


def overdue(stage):
    """The site's url cannot be reached when the timers fire: a refused request is never repeated."""
    post, page = missed(stage, ("Overdue post", "post"), ("Overdue page", "page"))
    check = stage.judge("schedule: nobody publishes a post and a page", {("RC531", "")})
    found = {each["resource"]["slug"]: each["cause"] for each in check.findings("schedule")}
    stage.require(set(found) == {post["slug"], page["slug"]}, f"named are {sorted(found)}")
    stage.require(all("not known" in cause for cause in found.values()), f"it claims to know when pods started: {found}")
    stage.api(1).edit_post(page["id"], "page", status="published")
    stage.restart(2)
    wait_until(lambda: status_of(stage, post) == "published", 10, "a pod that boots did not publish the overdue post")
    stage.restart()     # eager pods must learn of both
    stage.judge("schedule: published by hand and by a restart", set())
    stage.api(1).delete_post(post["id"])
    stage.api(1).delete_post(page["id"], "page")


def fired_twice(stage):
    """Pods that boot between the save and the time hold timers too. Two of them win when they meet in the database."""
    # A person who saves a post twice leaves the same rows, and is no schedule.
    saved = stage.api(1).create_post("Twice saved")
    for featured in (True, False, True):
        stage.api(1).edit_post(saved["id"], featured=featured)
    for attempt in range(1, 5):
        due = after(min(20 * attempt, 50))      # a busy machine takes longer to restart two pods; a statement has 60 s
        post = stage.api(1).schedule_post(f"Twice published {attempt}", due)
        stage.restart(2, 3)
        hold_back(stage, post, due + datetime.timedelta(seconds=_POD_REQUEST))
        wait_until(lambda: status_of(stage, post) == "published", 60, "nobody published the scheduled post")
        time.sleep(_POD_REQUEST)
        # Where a pod took longer to restart the two may be too far apart to be told from a save by hand.
        (twice,), = stage.lab.sql("SELECT COUNT(*) > 1 AND MAX(created_at_ts) - MIN(created_at_ts) <= 1500 "
                                  f"FROM post_revisions WHERE post_id='{post['id']}' AND reason='published'")
        if twice == "1":
            break
        stage.api(1).delete_post(post["id"])
    stage.require(twice == "1", "of pods with a timer each no two published the post at once, four times over")
    stage.restart()
    check = stage.judge("schedule: two pods publish a post", {("RC533", "")})
    found = [each["resource"]["slug"] for each in check.findings("schedule")]
    stage.require(found == [post["slug"]], f"named are {found}")
    stage.api(1).delete_post(post["id"])
    stage.api(1).delete_post(saved["id"])


def stuck_newsletter(stage):
    """The pod that sent it is gone. The site has no members, so the row is the test's own."""
    post = stage.api(1).create_post("Stuck newsletter")
    stage.restart()
    email = "0123456789abcdef01234567"
    owner = ", created_by='1'" if stage.version < (6,) else ""
    stage.lab.sql(f"INSERT INTO emails SET id='{email}', post_id='{post['id']}', uuid=UUID(), status='submitting', "
                  "recipient_filter='all', newsletter_id=(SELECT id FROM newsletters LIMIT 1), "
                  "submitted_at=UTC_TIMESTAMP(), created_at=UTC_TIMESTAMP() - INTERVAL 1 HOUR, "
                  f"updated_at=UTC_TIMESTAMP() - INTERVAL 1 HOUR{owner}")
    check = stage.judge("schedule: a newsletter is stuck", {("RC532", "")})
    stage.require(not check.report["restart_safety"]["safe"], "a restart is called safe while a newsletter is sent")
    stage.lab.sql(f"UPDATE emails SET status='failed' WHERE id='{email}'")
    stage.api(1).call("PUT", f"emails/{email}/retry/", as_owner=True)
    wait_until(lambda: stage.lab.sql(f"SELECT status FROM emails WHERE id='{email}'") == [["submitted"]], 20,
               "Ghost did not send the newsletter again")
    stage.judge("schedule: a newsletter is stuck, healed by Retry", set())
    stage.api(1).delete_post(post["id"])


def missed(stage, *wanted):
    """Posts and pages (title, type) whose only timer fired while the site's url could not be reached, ten minutes ago."""
    stage.lab.front_stop()
    try:
        posts = [stage.api(1).schedule_post(title, after(5), type=type) for title, type in wanted]
        for post in posts:
            wait_until(lambda: stage.lab.sql(f"SELECT published_at < UTC_TIMESTAMP() - INTERVAL {_POD_REQUEST} SECOND "
                                             f"FROM posts WHERE id='{post['id']}'") == [["1"]], 30, "its time never came")
    finally:
        stage.lab.front_start()
    time.sleep(_POD_REQUEST)
    for post in posts:
        stage.require(status_of(stage, post) == "scheduled", "the post was to stay scheduled, but is not")
        # Only the waiting is cut short.
        stage.lab.sql(f"UPDATE posts SET published_at=published_at - INTERVAL 10 MINUTE WHERE id='{post['id']}'")
    return posts


def hold_back(stage, post, until):
    """Whoever wants to write the post has read it by then, and writes when the next has read it too."""
    seconds = max(0, (until - after(0)).total_seconds())
    stage.lab.sql(f"BEGIN; SELECT id FROM posts WHERE id='{post['id']}' FOR UPDATE; SELECT SLEEP({seconds}); COMMIT")


def after(seconds):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


def status_of(stage, post):
    return stage.lab.sql(f"SELECT status FROM posts WHERE id='{post['id']}'")[0][0]

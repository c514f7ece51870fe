"""The campaign: every row of what goes stale in Ghost's content, played through pod 1.

Nothing heals between the rows, so what is stale stays stale and adds up, as on a real site.
"""

import datetime
import re
import shlex
import subprocess
import time

from lab import LabError, pods
from lab.common import wait_until

from . import truth
from .program import claim_of, schema_problems
from .truth import Model

SETTLE_SECONDS = 5.0        # rollcall's default window
_CONTENT_CHECKS = ("posts", "archives", "sitemap")


def restart_all(lab, numbers=None):
    """Restarts the pods together; returns when all are ready."""
    numbers = list(numbers or range(1, len(lab.state["pods"]) + 1))
    for number in numbers:
        lab.stop_pod(number)
    for number in numbers:
        lab.start_pod(number, wait=False)
    for number in numbers:
        wait_ready(lab, number)


def wait_ready(lab, number):
    pods.wait_ready(lab.pod(number))


def wait_settled(lab):
    """Returns when the youngest row is older than the settle window, by the database's clock."""
    def settled():
        age = lab.sql("SELECT TIMESTAMPDIFF(MICROSECOND, GREATEST((SELECT MAX(updated_at) FROM posts), "
                      "(SELECT MAX(updated_at) FROM tags), (SELECT MAX(updated_at) FROM users)), "
                      "UTC_TIMESTAMP(6))")[0][0]
        return age is not None and int(age) > (SETTLE_SECONDS + 0.1) * 1e6
    wait_until(settled, 60, "the site did not settle", every=0.1)


class Campaign:
    """One site, one model of it, one row after the other."""

    def __init__(self, lab, rollcall, outcome, permalink="/{slug}/"):
        self.lab = lab
        self.rollcall = rollcall
        self.outcome = outcome
        self.permalink = permalink
        self.api = lab.api(1)
        self.model = None
        self.base = {}
        self.right = set()      # the latest truth
        self.last = None        # the latest Check
        self.daemon = None      # must agree too, while there is one
        self.daemon_waits = []  # seconds

    # Rows

    def run(self):
        self.judge("fresh pods")
        for name, action, stale_path in self.rows():
            action()
            self.judge(name, stale_path)
        self.judge_reproduce()
        self.judge("zero configuration (--ghost-config)", flags=[
            "--ghost-config", self.lab.pod(1)["config"], *self.rollcall.pod_flags(), *self.rollcall.settings_flags()])
        restart_all(self.lab)
        self.judge("all pods restarted", daemon_seconds=90)

    def prepare(self):
        """What the rows need to exist before the pods boot, so that every pod knows it."""
        api, base = self.api, self.base
        for name in ("edit", "slug", "unpublish", "delete"):
            base[name] = api.create_post(f"Base {name}", tags=["Base tag"])["id"]
        base["page"] = api.create_post("Base page", type="page")["id"]
        base["only tag"] = api.create_post("Base only tag", tags=["Going tag"])["id"]
        self.begin()

    def begin(self):
        """All pods boot and know what there is; from here on the model is kept by hand."""
        restart_all(self.lab)
        self.model = Model(self.lab, self.permalink)
        wait_settled(self.lab)

    def rows(self):
        """Name, action, and the address that must be stale on pods 2 and 3 afterwards, if any."""
        return [
            ("publish a post", self.publish, "/row-publish/"),
            ("edit a title", self.edit_title, None),
            ("change a slug", self.change_slug, "/base-slug-two/"),
            ("unpublish a post and the last one of a tag", self.unpublish, None),
            ("delete a post", self.delete, None),
            ("publish an unpublished post again", self.publish_again, None),
            ("publish a page, unpublish a page", self.pages, "/row-page/"),
            ("rename a tag", self.rename_tag, None),
            ("new author with a first post", self.new_author, "/row-author-post/"),
            ("tags and authors without posts", self.empty_archives, None),
            ("members-only and paid posts", self.restricted, "/row-members/"),
            ("email-only post", self.email_only, None),
            ("foreign canonical URL", self.foreign_canonical, None),
            ("own canonical URL", self.own_canonical, "/row-own/"),
            ("draft and scheduled posts", self.not_yet, None),
            ("a scheduled post fires", self.fires, None),
        ]

    def post(self, title, type="post", **fields):
        return self.model.learn(type, self.api.create_post(title, type=type, **fields))

    def edit(self, id, type="post", **changes):
        return self.model.learn(type, self.api.edit_post(id, type, **changes))

    def publish(self):
        self.base["new"] = self.post("Row publish", tags=["Row tag"]).id

    def edit_title(self):
        self.edit(self.base["edit"], title="Base edit, with another title")

    def change_slug(self):
        """Once for a post every pod knows, once for one that only pod 1 knows."""
        self.edit(self.base["slug"], slug="base-slug-two")
        self.edit(self.base["new"], slug="row-publish-two")

    def unpublish(self):
        self.edit(self.base["unpublish"], status="draft")
        self.edit(self.base["only tag"], status="draft")

    def delete(self):
        self.api.delete_post(self.base["delete"])
        self.model.resources[("post", self.base["delete"])].deleted = True

    def publish_again(self):
        self.edit(self.base["unpublish"], status="published")

    def pages(self):
        self.post("Row page", type="page", tags=["Page tag"])
        self.edit(self.base["page"], type="page", status="draft")

    def rename_tag(self):
        answer = self.api.rename_tag("base-tag", "base-tag-two")
        self.model.resources[("tag", answer["id"])].slug = answer["slug"]

    def new_author(self):
        author = self.lab.create_author("Row Author")
        self.model.add(truth.Resource("author", author["id"], author["slug"]))
        self.post("Row author post", authors=[author["id"]])

    def empty_archives(self):
        author = self.lab.create_author("Idle Author")
        self.model.add(truth.Resource("author", author["id"], author["slug"]))
        tag = self.api.call("POST", "tags/", {"tags": [{"name": "Idle tag"}]})["tags"][0]
        self.model.add(truth.Resource("tag", tag["id"], tag["slug"]))
        self.post("Row draft with a tag", status="draft", tags=["Draft tag"])

    def restricted(self):
        self.post("Row members", visibility="members")
        self.post("Row paid", visibility="paid")

    def email_only(self):
        sent = self.post("Row mail", email_only=True, newsletter="default-newsletter")
        row = self.lab.sql(f"SELECT status FROM posts WHERE id='{sent.id}'")
        if row != [["sent"]]:
            raise LabError(f"an email-only post has the status {row}, not sent")

    def foreign_canonical(self):
        self.post("Row foreign", canonical_url="https://elsewhere.example/row-foreign/")

    def own_canonical(self):
        self.post("Row own", slug="row-own", canonical_url=self.lab.state["site"]["url"] + "/row-own/")

    def not_yet(self):
        self.post("Row draft", status="draft")
        self.post("Row scheduled", status="scheduled",
                  published_at=_now() + datetime.timedelta(days=30))

    def fires(self):
        """The front hands Ghost's own call to a pod of its choice: any pod may be the one that knows."""
        due = _now() + datetime.timedelta(seconds=8)    # Ghost refuses less than five
        post = self.post("Row fires", status="scheduled", published_at=due)
        wait_until(lambda: self.lab.sql(f"SELECT status FROM posts WHERE id='{post.id}'") == [["published"]],
                   60, "the scheduled post was not published", every=0.25)
        self.model.resources[("post", post.id)].public = True

    # Judging

    def judge(self, name, stale_path=None, daemon_seconds=15, **how):
        """One row: asks the pods, asks rollcall, compares; then the daemon, if there is one."""
        wait_settled(self.lab)
        for last in (False, True):
            right = self.right = truth.find(self.lab, self.model)
            check = self.last = self.rollcall.check_whole(**how)
            # When they differ and the site has moved meanwhile, both look once more.
            if last or check.claims() == right or truth.find(self.lab, self.model) == right:
                break
        problems = self.problems(check, right) + self.lab_problems(right, stale_path)
        if self.daemon:
            problems += self.daemon_problems(right, daemon_seconds)
        return self.outcome.row(name, self.lab, check, right, check.claims(), problems)

    def lab_problems(self, right, stale_path):
        """A Ghost that does not go stale would make a row pass that proves nothing."""
        if not stale_path or {c.pod for c in right if c.path == stale_path} == {"pod-2", "pod-3"}:
            return []
        return [f"Ghost was to be stale for {stale_path} on pods 2 and 3, but is not"]

    def daemon_problems(self, right, seconds):
        """The daemon says the same, at the latest after `seconds`."""
        began = time.monotonic()
        try:
            wait_until(lambda: self.daemon_claims() == right, seconds, "", every=0.1)
        except LabError:
            seen = self.daemon_claims()
            return [f"the daemon does not agree within {seconds} s: missed {sorted(right - seen)}, "
                    f"invented {sorted(seen - right)}"]
        self.daemon_waits.append(time.monotonic() - began)
        return schema_problems(self.daemon.report())

    def daemon_claims(self):
        """What the daemon says of content now."""
        return {self.daemon_claim(each) for each in self.daemon.report()["findings"]
                if each["check"] in _CONTENT_CHECKS}

    def daemon_claim(self, finding):
        """The daemon tells no address of what is not published, but whose it is."""
        claim = claim_of(finding, self.lab.state["site"]["url"])
        if finding["evidence"].get("db_status", "published") == "published" or claim.path:
            return claim
        known = self.model.resources.get((claim.type, finding["resource"]["id"]))
        return claim._replace(path=self.model.path(known)) if known else claim

    def judge_daemon_end(self):
        """SIGTERM ends the daemon within 5 s with exit 0."""
        status, seconds = self.daemon.stop()
        problems = [] if status == 0 and seconds < 5 else [f"exit {status} after {seconds:.1f} s"]
        print(f"     the daemon agreed after at most {max(self.daemon_waits):.1f} s", flush=True)
        self.outcome.row("the daemon ends in order", problems=problems)

    def problems(self, check, claims):
        """Everything but the claims: a healthy row has no gaps, and the verdict follows."""
        found = check.problems()
        if check.report is None:
            return found
        verdict = truth.verdict_of(claims)
        if check.report["verdict"] != verdict:
            found.append(f"the verdict is {check.report['verdict']}, the truth's is {verdict}")
        found += check.blind_spots()
        for name in _CONTENT_CHECKS:
            found += self.applies(name, check)
        return found + self.pod_problems(check, claims) + self.finding_problems(check)

    def applies(self, name, check):
        state = check.run_of(name).get("verdict")
        if name == "sitemap" and truth.routes_from_memory(self.lab.state["ghost"]):
            return [] if state in ("not_applicable", None) else [f"sitemap is {state} on an eager Ghost"]
        return [f"the check {name} is {state}"] if state in ("not_applicable", None) else []

    def pod_problems(self, check, claims):
        found = []
        if [pod["name"] for pod in check.report["pods"]] != [pod["name"] for pod in self.lab.state["pods"]]:
            found.append("the report does not list the pods in order")
        shown = self.lab.state["ghost"].rpartition(".")[0]
        for pod in check.report["pods"]:
            verdict = truth.verdict_of({claim for claim in claims if claim.pod == pod["name"]})
            if pod["verdict"] != verdict:
                found.append(f"{pod['name']} is {pod['verdict']}, the truth's is {verdict}")
            if not pod["reachable"] or pod["version"] != shown:
                found.append(f"{pod['name']}: reachable {pod['reachable']}, version {pod['version']}")
        return found

    def finding_problems(self, check):
        """Each finding names the right resource, is confirmed and says what to do."""
        found = []
        for each in check.findings(*_CONTENT_CHECKS):
            resource = each["resource"]
            known = self.model.resources.get((resource["type"], resource["id"]))
            if known is None and each["code"] not in ("RC402", "RC412"):
                found.append(f"{each['code']} names a resource that does not exist: {resource}")
            if known and resource["slug"] != known.slug:
                found.append(f"{each['code']} calls {known.slug} {resource['slug']}")
            if each["evidence"].get("confirmed", "true") != "true":
                found.append(f"{each['code']} on {resource['slug']} is not confirmed, within the budget")
            found += [f"{each['code']} has no {field}" for field in ("message", "remedy") if not each[field]]
        return found

    def judge_reproduce(self):
        """The commands a person is told to paste show what the findings say."""
        problems = []
        for each in self.last.findings("posts")[:6]:
            status = each["evidence"].get("status")
            if not each["reproduce"] or not status:
                problems.append(f"{each['code']} has no command or no status")
                continue
            seen = _run_curl(each["reproduce"])
            if status not in re.findall(r"\b[1-5]\d\d\b", seen):
                problems.append(f"`{each['reproduce']}` does not show {status}: {seen[:200]!r}")
        self.outcome.row("the commands to reproduce show it", self.lab, None, (), (), problems)


def _run_curl(command):
    """What a pasted command prints; it must be curl, and is run without a shell."""
    argv = shlex.split(command)
    if argv[0] != "curl":
        return f"not curl: {command}"
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=30, check=False)
    return done.stdout[:2000] + done.stderr[:2000]


def _now():
    return datetime.datetime.now(datetime.timezone.utc)

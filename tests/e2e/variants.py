"""Sites that are set up otherwise: sub-directory, https, permalinks of their own."""

import os

from lab.common import free_ports

from .bed import bed
from .campaign import Campaign, wait_settled
from .pictures import away, text_with, upload

_ROUTES = """routes:

collections:
  /:
    permalink: /{year}/{month}/{slug}/
    template: index

taxonomies:
  tag: /tag/{slug}/
  author: /author/{slug}/
"""


def subdirectory(version, folder, rollcall_for, outcome):
    """Everything lives under /blog; the root is 404."""
    url = f"http://127.0.0.1:{free_ports(1)[0]}/blog"
    with bed(version, folder, url=url) as lab:
        _publish_and_judge(Campaign(lab, rollcall_for(lab), outcome), "site in a sub-directory")


def https(version, folder, rollcall_for, outcome):
    """TLS ends before the pods: they speak plain http and go by X-Forwarded-Proto."""
    with bed(version, folder, url="https://blog.example.test") as lab:
        _publish_and_judge(Campaign(lab, rollcall_for(lab), outcome), "https site, plain pods")


def routes(version, folder, rollcall_for, outcome):
    """Permalinks with dates, which are UTC whatever the site's timezone."""
    with bed(version, folder) as lab:
        campaign = Campaign(lab, rollcall_for(lab), outcome, permalink="/{year}/{month}/{slug}/")
        path = os.path.join(lab.state["content_dir"], "settings", "routes.yaml")
        with open(path, "w", encoding="ascii") as out:
            out.write(_ROUTES)
        lab.api(1).edit_settings(timezone="Europe/Rome")
        lab.api(1).create_post("New year in Rome", published_at="2020-12-31T23:30:00.000Z")
        campaign.begin()
        campaign.judge("date permalinks, fresh pods")
        campaign.post("Dated post", tags=["Dated tag"])
        campaign.post("Undated page", type="page")
        named = campaign.rollcall.site_flags() + campaign.rollcall.pod_flags()
        campaign.judge("date permalinks by --content")
        campaign.judge("date permalinks by --routes", flags=named + ["--routes", path])
        campaign.judge("date permalinks by what pods declare", flags=named)


def _publish_and_judge(campaign, name):
    campaign.begin()
    campaign.judge(f"{name}, fresh pods")
    campaign.publish()
    campaign.post("Variant page", type="page")
    wait_settled(campaign.lab)
    campaign.judge(name, "/row-publish/")
    campaign.judge_reproduce()
    _show_picture(campaign, name)


def _show_picture(campaign, name):
    address, path = upload(campaign.lab, "variant.png")
    campaign.api.create_post("Variant picture", lexical=text_with(address))
    wait_settled(campaign.lab)

    def judge(row, expected):
        check = campaign.rollcall.check_whole("--only", "images")
        found = {each["code"] for each in check.findings()}
        problems = check.problems() + check.blind_spots()
        if check.run_of("images").get("verdict") == "not_applicable":
            problems.append("the check images does not apply")
        campaign.outcome.row(row, campaign.lab, check, expected, found, problems)
    judge(f"{name}, a picture", set())
    with away(path):
        judge(f"{name}, its file is gone", {"RC832"})


# Every variant once or twice, on versions that differ.
JOBS = [("5.130.6", subdirectory), ("6.65.0", subdirectory), ("6.56.0", https), ("5.130.6", routes),
        ("6.65.0", routes)]

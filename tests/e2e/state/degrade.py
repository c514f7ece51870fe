"""What is not given is not looked at, said so, and no reason to call a healthy site unwell."""


def play(stage):
    without_content = stage.flags(content=False)
    check = stage.judge("degrade: without the content folder", set(), flags=without_content)
    applied(stage, check, "posts", "settings", "private", "schedule", "database")
    stage.judge("degrade: an Admin API key instead of the content folder", set(), flags=without_content,
                env=stage.admin_key())
    check = stage.judge("degrade: without a database", set(),
                        flags=["--url", stage.lab.state["site"]["url"], *stage.rollcall.pod_flags()])
    applied(stage, check, "pods", "private")
    stage.require(check.run_of("posts")["verdict"] == "not_applicable", "posts applies without a database")


def applied(stage, check, *names):
    """These checks did their part whatever was missing."""
    for name in names:
        verdict = check.run_of(name).get("verdict")
        stage.require(verdict == "pass", f"the check {name} is {verdict}")

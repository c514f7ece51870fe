#!/usr/bin/python3
"""Shows Rollcall at work: three pods of a real Ghost, one post, and who serves it.

    demo.py --rollcall build/release/rollcall [--began EPOCH] [--once]
Leaves the site and the status page up until Ctrl-C; with --once it ends by itself, exit 0.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from e2e.program import Rollcall, claim_of                  # noqa: E402
from lab import Lab, LabError                               # noqa: E402
from lab.common import wait_until                           # noqa: E402

_GHOST = "5.130.6"
_TITLE = "Hello from pod 1"


class Steps:
    """Tells what happens, each line with the seconds since the beginning."""

    def __init__(self, began):
        self.began = began
        self._bold = ("\033[1m", "\033[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "")

    def seconds(self):
        return time.time() - self.began

    def say(self, text):
        on, off = self._bold
        print(f"{on}[{self.seconds():6.1f} s] {text}{off}", flush=True)


def play(lab, rollcall, steps, once):
    """Publish, see it missing, restart, see all well; the daemon is running."""
    steps.say(f"Three pods of Ghost {_GHOST} share one database. The site: {lab.state['site']['url']}/")
    with rollcall.serve() as daemon:
        steps.say(f"rollcall serve watches them. Its status page: {daemon.url}")
        wait_for_verdict(daemon, "pass")
        steps.say("It has looked at everything: all is well")

        post = lab.api(1).create_post(_TITLE)
        published = time.monotonic()
        steps.say(f'Published "{_TITLE}" through pod-1, as an editor would: '
                  f"{lab.state['site']['url']}/{post['slug']}/")
        steps.say("What each pod answers for it: " + answers(lab, f"/{post['slug']}/"))

        wait_until(lambda: missing_on(lab, daemon, post) == {"pod-2", "pod-3"}, 60,
                   "rollcall serve did not report the post as missing on pods 2 and 3")
        steps.say(f"rollcall serve reports it, {time.monotonic() - published:.1f} s after it was published "
                  "(it gives each change 5 s to settle)")

        steps.say("What a person on call sees with `rollcall check`:")
        status, table = rollcall.table()
        print("\n" + indented(table) + "\n", flush=True)
        if status != 2:
            raise LabError(f"rollcall check exited {status}, not 2")

        for number in (2, 3):
            steps.say(f"Restarting pod-{number}, as the remedy says")
            lab.restart_pod(number)
        steps.say("What each pod answers now: " + answers(lab, f"/{post['slug']}/"))
        wait_for_verdict(daemon, "pass")
        status, table = rollcall.table()
        steps.say("rollcall serve says pass, and `rollcall check` says:")
        print("\n" + indented(table) + "\n", flush=True)
        if status != 0:
            raise LabError(f"rollcall check exited {status}, not 0")
        steps.say(f"All is well. Whole wall time: {steps.seconds():.0f} s")
        if not once:
            stay(lab, daemon)


def wait_for_verdict(daemon, verdict):
    def reached():
        report = daemon.report()
        return report and report["verdict"] == verdict
    wait_until(reached, 120, f"rollcall serve did not say {verdict}", every=0.2)


def missing_on(lab, daemon, post):
    """The pods of which the daemon's report says that `post` is missing."""
    report = daemon.report() or {"findings": ()}
    return {each["pod"] for each in report["findings"]
            if each["code"] == "RC201" and each["resource"]["id"] == post["id"]}


def answers(lab, path):
    return ", ".join(f"{pod['name']} {lab.get(number, path).status}"
                     for number, pod in enumerate(lab.state["pods"], 1))


def indented(text):
    return "\n".join("    " + line for line in text.rstrip().splitlines())


def interrupted(number, frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rollcall", required=True, metavar="BIN")
    parser.add_argument("--began", type=float, default=time.time(), metavar="EPOCH",
                        help="when it all began, for the wall time at the end")
    parser.add_argument("--once", action="store_true", help="tear everything down at the end and exit")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupted)
    steps = Steps(arguments.began)
    folder = tempfile.mkdtemp(prefix="rollcall-demo-")
    try:
        steps.say(f"Preparing Ghost {_GHOST} (the first time it is installed from npm) and a database")
        with Lab.up(_GHOST, pods=3, dir=os.path.join(folder, "lab")) as lab:
            play(lab, Rollcall(arguments.rollcall, lab), steps, arguments.once)
        steps.say("Everything is stopped and removed")
        return 0
    except KeyboardInterrupt:
        steps.say("Stopped by request; everything is stopped and removed")
        return 130 if arguments.once else 0
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stay(lab, daemon):
    """Keeps all up until Ctrl-C."""
    print(f"""
    The site          {lab.state['site']['url']}/
    The status page   {daemon.url}
    The metrics       {daemon.url}metrics
    Make it stale     ./dev lab publish 'Another post' --pod 1 --dir {lab.dir}
    Ctrl-C ends everything.
""", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())

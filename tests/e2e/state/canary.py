"""The content volume as every pod sees it: a pod with a folder of its own, one that cannot read, one that is behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading

from lab import processes
from lab.common import copy_tree, remove_tree, wait_until, write_private

_POD = "pod-2"
_OWN = ("rollcall-canary-", "rollcall-write-through-", ".rollcall-")
_DAEMON_SECONDS = 90        # two runs that wait for caches


def play(stage):
    with stage.own_folder(2) as folder:
        another_folder(stage)
        unreadable(stage, folder)
        behind(stage, folder)
    stage.judge("canary: the pod is back on the volume", set())
    wrong_content_path(stage)
    no_uploads(stage)
    crashed(stage)
    stage.outcome.row("canary: nothing is left on the volume", problems=litter(stage))


def another_folder(stage):
    stage.judge("canary: a pod has a folder of its own", {("RC851", _POD)})
    stage.judge("canary: a pod has a folder of its own, without the content folder", set(),
                flags=stage.flags(content=False))
    through = write_through(stage)
    stage.judge("canary: uploads through pods, one with a folder of its own", {("RC851", _POD), ("RC856", _POD)},
                flags=through)
    before = set(uploads(stage))
    stage.judge("canary: uploads through pods, one with a folder of its own, without the content folder",
                {("RC856", _POD)}, flags=write_through(stage, content=False))
    added = set(uploads(stage)) - before
    # Each look of judge() is a round: one file per pod and round, and pod 2's are not here.
    stage.require(added and len(added) % 2 == 0 and len(added) <= 6, f"the uploads left {sorted(added)}")
    for name in added:
        os.remove(name)
    with stage.rollcall.serve("--only", "canary", flags=through) as daemon:
        said = {(each["code"], each["pod"] or "") for each in daemon.report()["findings"]}
        up = daemon.metrics().get(("rollcall_volume_up", frozenset({("pod", _POD)})))
    stage.outcome.row("canary: a daemon that uploads through pods", stage.lab, None,
                      {("RC851", _POD), ("RC856", _POD)}, said, [] if up == 0 else [f"rollcall_volume_up is {up}"])


def unreadable(stage, folder):
    """Every read and write of images fails below Ghost."""
    images, kept = os.path.join(folder, "images"), os.path.join(folder, "images-kept")
    os.rename(images, kept)
    os.symlink("images", images)
    try:
        check = stage.judge("canary: a pod cannot read the volume", {("RC854", _POD)})
        stage.require("500" in check.findings("canary")[0]["message"], "the message does not tell what pod-2 answers")
        check = stage.judge("canary: a pod can neither read nor store uploads", {("RC854", _POD), ("RC855", _POD)},
                            flags=write_through(stage))
        stage.require(any("ELOOP" in each["message"] for each in check.findings("canary")), "Ghost's message is not told")
    finally:
        os.remove(images)
        os.rename(kept, images)


def behind(stage, folder):
    """What is on the volume comes to pod 2 as it is, but what is removed there stays on pod 2."""
    shared, own, stop = os.path.join(stage.lab.state["content_dir"], "images"), os.path.join(folder, "images"), \
        threading.Event()

    def follow():
        while not stop.wait(0.02):
            for name in os.listdir(shared):
                if name.startswith("rollcall-canary-") and not os.path.exists(os.path.join(own, name)):
                    with contextlib.suppress(FileNotFoundError):
                        os.link(os.path.join(shared, name), os.path.join(own, name))
    follower = threading.Thread(target=follow)
    follower.start()
    try:
        stage.judge("canary: a pod serves what was removed", {("RC853", _POD)}, "--timeout", "1m", daemon=True,
                    seconds=_DAEMON_SECONDS)
    finally:
        stop.set()
        follower.join()


def wrong_content_path(stage):
    copy = os.path.join(stage.lab.dir, "content-of-rollcall")
    copy_tree(stage.lab.state["content_dir"], copy)
    stage.judge("canary: content.path is not the pods' folder", {("RC852", "")},
                flags=stage.flags(content=False) + ["--content", copy, *stage.rollcall.settings_flags()])
    remove_tree(copy)


def no_uploads(stage):
    """Ghost cannot make the month's folder; everything that is there is served."""
    through = write_through(stage)
    stage.judge("canary: uploads through pods", set(), flags=through)
    stage.outcome.row("canary: uploads are removed from the volume", problems=litter(stage))
    with year_taken(stage):
        check = stage.judge("canary: no pod can store uploads",
                            {("RC855", pod["name"]) for pod in stage.lab.state["pods"]}, flags=through)
        stage.require(all("ENOTDIR" in each["message"] for each in check.findings("canary")),
                      "Ghost's message is not told")
    stage.judge("canary: pods can store uploads again", set(), flags=through)
    wrong = stage.rollcall.check("--only", "canary", flags=through,
                                 env={"ROLLCALL_ADMIN_API_KEY": "0" * 24 + ":" + "0" * 64})
    stage.outcome.row("canary: a key that Ghost refuses is a gap", stage.lab, wrong, set(),
                      {(each["code"], each["pod"]) for each in wrong.findings()},
                      [] if len(wrong.gaps("canary")) == 3 else [f"gaps are {wrong.gaps('canary')}"])


@contextlib.contextmanager
def year_taken(stage):
    """A file where the folders of months should be; what is in images now is kept."""
    images, kept = os.path.join(stage.lab.state["content_dir"], "images"), os.path.join(stage.lab.dir, "years-kept")
    os.mkdir(kept)
    years = [name for name in os.listdir(images) if name.isdigit()]
    for year in years:
        shutil.move(os.path.join(images, year), kept)
        with open(os.path.join(images, year), "w", encoding="ascii"):
            pass
    try:
        stage.require(years, "no image was ever uploaded: the row proves nothing")
        yield
    finally:
        for year in years:
            os.remove(os.path.join(images, year))
            shutil.move(os.path.join(kept, year), images)
        os.rmdir(kept)


def crashed(stage):
    """Killed while a pod lets it wait: the next one removes what it left."""
    images = os.path.join(stage.lab.state["content_dir"], "images")
    stage.lab.freeze_pod(2)
    try:
        with subprocess.Popen([stage.rollcall.binary, "check", *stage.flags(), "--only", "canary"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as victim:
            def put():
                return [name for name in os.listdir(images) if f"-{victim.pid}-" in name]
            try:
                wait_until(put, 20, "no canary came to the volume", every=0.01)
            finally:
                victim.send_signal(signal.SIGKILL)
        stage.require(put(), "the canary went although its process was killed")
    finally:
        stage.lab.thaw_pod(2)
    stage.judge("canary: after a crash", set())
    stage.outcome.row("canary: a crash leaves nothing after the next look",
                      problems=[f"left: {name}" for name in put()])


# What rows need

def write_through(stage, content=True):
    """Flags that name the site, and a configuration that switches uploads through pods on."""
    key = os.path.join(stage.lab.dir, "admin-api-key")
    write_private(key, stage.lab.state["admin_api_key"] + "\n")
    config = stage.rollcall.config("write-through.yaml", {"canary": "write_through_pods: true"},
                                   f"admin_api_key_file: {key}")
    return stage.rollcall.site_flags() + stage.rollcall.pod_flags() + ["--config", config] + \
        (["--content", stage.lab.state["content_dir"]] if content else [])


def uploads(stage):
    images = os.path.join(stage.lab.state["content_dir"], "images")
    return [os.path.join(folder, name) for folder, _, names in os.walk(images) for name in names
            if name.startswith("rollcall-write-through-")]


def litter(stage):
    """Own files on the volume, a sentence each; those of the daemon go away in a moment."""
    content = stage.lab.state["content_dir"]

    def own():
        return [os.path.join(folder, name) for folder, _, names in os.walk(content) for name in names
                if name.startswith(_OWN) and f"-{stage.daemon.process['pid']}-" not in name]
    return [f"left: {name}" for name in own()]

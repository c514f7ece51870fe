"""The content volume: empty, read-only and full, as running pods have it, and empty as pods find it that boot."""

import base64
import contextlib
import os
import subprocess

from lab import LabError
from lab.admin_api import ApiError
from lab.common import copy_tree, remove_tree, wait_until

_PODS = ("pod-1", "pod-2", "pod-3")
_BLIND = {"archives", "canary", "posts", "redirects", "routes", "sitemap", "theme"}     # without the folder they look into
_NO_CANARY = {"canary"}     # nothing can be put on the volume
_MEBIBYTES = 256
_PICTURE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Erk"
                            "Jggg==")


def play(stage):
    empty(stage)
    with own_file_system(stage) as missing:
        if missing:
            print(f"skip {stage.outcome.version:<8} volume: read-only, full: {missing}", flush=True)
            return
        stage.judge("volume: a file system of its own", set())
        read_only(stage)
        own_mount(stage)
        full(stage)
    stage.judge("volume: all as before", set())


def empty(stage):
    """As when the volume was not mounted, or a new one was."""
    content, kept = content_of(stage), os.path.join(stage.lab.dir, "content-kept")
    os.rename(content, kept)
    os.mkdir(content)
    try:
        check = stage.judge("volume: empty, under running pods", {("RC810", "")}, gaps=_BLIND)
        stage.require(content in said(check), "the content folder is not named")
        stage.restart()
        stage.judge("volume: empty, pods booted", {("RC810", "")} | {("RC105", pod) for pod in _PODS}, gaps=_BLIND)
    finally:
        remove_tree(content)
        os.rename(kept, content)
    stage.restart()
    stage.judge("volume: filled again", set())


def read_only(stage):
    remount_read_only(content_of(stage))
    stage.require(upload_fails(stage), "Ghost was to fail")
    check = stage.judge("volume: read-only", {("RC801", "")}, gaps=_NO_CANARY)
    stage.require("EROFS" in said(check), "the error is not named")
    mount(["-o", "remount,rw"], content_of(stage))
    stage.judge("volume: read-only, mended", set())


def own_mount(stage):
    """Only a mount is read-only, and what is behind it is not: here it is Ghost's mount, too."""
    images = os.path.join(content_of(stage), "images")
    mount(["--bind"], images, images)
    try:
        remount_read_only(images, "bind,")
        stage.require(upload_fails(stage), "Ghost was to fail")
        stage.judge("volume: a read-only mount", {("RC802", "")}, gaps=_NO_CANARY)
    finally:
        unmount(images)
    stage.judge("volume: a read-only mount, gone", set())


def full(stage):
    path = os.path.join(content_of(stage), "images", "large")
    fill(path)
    stage.require(upload_fails(stage), "Ghost was to fail")
    check = stage.judge("volume: full", {("RC803", "")}, gaps=_NO_CANARY)
    stage.require("ENOSPC" in said(check), "the error is not named")
    os.remove(path)
    stage.require(not upload_fails(stage), "Ghost was to work again")
    stage.judge("volume: full, mended", set())


# What rows need

def content_of(stage):
    return stage.lab.state["content_dir"]


def said(check):
    return " ".join(each["message"] for each in check.findings("volume"))


def fill(path):
    """Writes until not a byte more is taken."""
    with open(path, "wb", buffering=0) as file:
        for piece in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(piece)):
                    pass
            with contextlib.suppress(OSError):
                os.fsync(file)


def upload_fails(stage):
    try:
        stage.api(1).upload_image("rollcall-volume.png", _PICTURE)
    except ApiError:
        return True
    return False


@contextlib.contextmanager
def own_file_system(stage):
    """Puts the content folder on an ext4 of its own, which running pods do not notice.

    Yields why that cannot be done here; None where it was."""
    content, image = content_of(stage), os.path.join(stage.lab.dir, "volume.img")
    there = os.path.join(stage.lab.dir, "volume")
    os.makedirs(there, exist_ok=True)
    if os.geteuid() != 0:
        yield "only root may mount"
        return
    with open(image, "wb") as file:
        file.truncate(_MEBIBYTES << 20)
    try:
        run("mkfs.ext4", "-q", "-m", "0", image)
        mount(["-o", "loop"], image, there)
    except LabError as error:
        yield str(error)
        return
    try:
        copy_tree(content + "/.", there)
        mount(["--bind"], there, content)
        try:
            yield None
        finally:
            unmount(content)
    finally:
        unmount(there)


def mount(options, *what):
    run("mount", *options, *what)


def remount_read_only(point, kind=""):
    """It is busy while the daemon's probe or canary is being written."""
    def done():
        with contextlib.suppress(LabError):
            mount(["-o", f"remount,{kind}ro"], point)
            return True
        return False
    wait_until(done, 20, f"{point} cannot be remounted read-only", every=0.05)


def unmount(point):
    run("umount", "--lazy", point)


def run(*words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        raise LabError(f"{words[0]} is not installed") from None
    if done.returncode != 0:
        raise LabError(f"{' '.join(words)}: {done.stderr.strip()}")

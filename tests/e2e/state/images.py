"""Files that posts and settings reference: on the volume, and as each pod serves them."""

import os

from lab.common import copy_tree, remove_tree

from ..pictures import age, away, png, text_with, upload

_POD = "pod-2"
_NO_CANARY = ("RC851", _POD)    # what the check canary says of a pod on another folder


def play(stage):
    check = stage.judge("images: nothing of the volume is referenced", set())
    stage.require(check.run_of("images")["verdict"] == "not_applicable", "images applies to a site without pictures")
    logo, logo_file = upload(stage.lab, "logo.png")
    front, front_file = upload(stage.lab, "Front picture (1).png")
    inner, inner_file = upload(stage.lab, "inner.png")
    stage.api(1).edit_settings(logo=logo)
    post = stage.api(1).create_post("With pictures", feature_image=front, lexical=text_with(inner))
    stage.restart()
    well(stage, "images: all there")

    missing(stage, logo_file, front_file, inner_file)
    draft(stage)
    private(stage, front_file)
    broken(stage, front_file)
    with stage.own_folder(2) as folder:
        own = os.path.join(folder, os.path.relpath(inner_file, stage.lab.state["content_dir"]))
        another_folder(stage, own)
    well(stage, "images: the pod is back on the volume")
    other_content(stage, front_file)

    stage.api(1).edit_settings(logo="")
    stage.api(1).delete_post(post["id"])
    stage.restart()
    stage.judge("images: all as before", set())


def well(stage, name):
    check = stage.judge(name, set())
    stage.require(check.run_of("images")["verdict"] == "pass", "the check images did not apply")


def missing(stage, logo, front, inner):
    without = stage.flags(content=False)
    with away(front):
        stage.require([stage.lab.get(number, "/with-pictures/").status for number in (1, 2, 3)] == [200] * 3,
                      "the post was to be there")
        check = stage.judge("images: a post's picture is gone", {("RC832", "")})
        finding, = check.findings("images")
        stage.require(finding["resource"]["slug"] == "with-pictures", "the post is not named")
        stage.judge("images: a post's picture is gone, without the content folder", {("RC832", "")}, flags=without)
        stage.judge("images: a post's picture is gone, few rights", {("RC832", "")}, flags=stage.flags(few_rights=True))
    with away(inner):
        stage.judge("images: a picture within a text is gone", {("RC832", "")})
    with away(logo):
        check = stage.judge("images: the logo is gone", {("RC832", "")})
        stage.require("setting logo" in check.findings("images")[0]["message"], "the setting is not named")
    with away(logo), away(front), away(inner):
        check = stage.judge("images: everything is gone", {("RC832", "")})
        stage.require("not one of 3 files" in check.findings("images")[0]["message"], "it is not said that all are gone")
    well(stage, "images: all back")


def draft(stage):
    """What is not published is named nowhere, however broken."""
    address, path = upload(stage.lab, "secret-draft.png")
    post = stage.api(1).create_post("A draft", status="draft", feature_image=address, lexical=text_with(address))
    with away(path):
        check = stage.judge("images: a draft's picture is gone", set())
        stage.require("secret-draft" not in check.out + stage.daemon.get("/api/v1/report")[1], "a draft is named")
    stage.api(1).delete_post(post["id"])
    os.remove(path)


def private(stage, path):
    """Ghost serves files whether or not the site is private."""
    stage.api(1).edit_settings(is_private=True, password="open-sesame-77")
    stage.restart()
    well(stage, "images: in a private site")
    with away(path):
        stage.judge("images: gone in a private site", {("RC832", "")})
    stage.api(1).edit_settings(is_private=False, password="")
    stage.restart()


def broken(stage, path):
    with away(path):
        os.symlink(os.path.basename(path), path)
        stage.require(stage.lab.get(1, "/content/" + below(stage, path)).status == 500, "the file was to fail")
        # Nor can it be looked at from here.
        stage.judge("images: every pod fails on a file", {("RC834", "")}, gaps={"images"})
    with away(path):
        open(path, "w", encoding="ascii").close()
        age(path)
        stage.judge("images: an empty file", {("RC836", "")})
    well(stage, "images: the file is whole again")


def another_folder(stage, own):
    with away(own):
        stage.require([stage.lab.get(number, "/content/" + below(stage, own)).status for number in (1, 2, 3)] ==
                      [200, 404, 200], "only pod-2 was to lack the file")
        stage.judge("images: a pod lacks a file", {("RC831", _POD), _NO_CANARY})
        stage.judge("images: a pod lacks a file, without the content folder", {("RC831", _POD)},
                    flags=stage.flags(content=False))
        with open(own, "wb") as target:
            target.write(png(20))
        age(own)
        stage.judge("images: a pod has another version", {("RC833", _POD), _NO_CANARY})
        os.remove(own)
        os.symlink(os.path.basename(own), own)
        stage.judge("images: a pod fails on a file", {("RC834", _POD), _NO_CANARY})


def other_content(stage, path):
    """Rollcall is told of a folder that is not the pods'."""
    other = os.path.join(stage.lab.dir, "content-of-another")
    copy_tree(stage.lab.state["content_dir"], other)
    os.remove(os.path.join(other, below(stage, path)))
    flags = [other if flag == stage.lab.state["content_dir"] else flag for flag in stage.flags()]
    stage.judge("images: the content folder lacks what is served", {("RC835", ""), ("RC852", "")}, flags=flags)
    remove_tree(other)


def below(stage, path):
    """A file's path below its content folder."""
    return path[path.index("images/", len(stage.lab.dir)):]

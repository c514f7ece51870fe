"""The site that the random campaign is played on: every operation of a plan, done through one pod or by hand."""

import datetime
import json
import os
import subprocess

from lab import LabError, processes
from lab.admin_api import lexical_text
from lab.common import wait_until

from . import random_plan, truth
from .campaign import restart_all
from .pictures import upload
from .state import volume
from .truth import Model

SETTLE_SECONDS = 1.0        # the default of 5 would be most of the campaign's time
_DATED = ("posts", "tags", "users", "settings", "offers")
_FILES = ("data/redirects.json", "settings/routes.yaml")
_SLOW_SECONDS = 0.2         # that a slow wire holds each piece back
_LOST_PACKETS = "0.1"
_DELETED = 4                # resources that are gone and still asked for
_MAKING = ("publish", "draft", "schedule", "fire")
_OWN = ("rollcall-canary-", "rollcall-write-through-", ".rollcall-")
_TAXONOMIES = "\ntaxonomies:\n  tag: /tag/{slug}/\n  author: /author/{slug}/\n"
# routes.yaml, where posts are, and what the file makes besides
_ROUTES = {
    "default": ("routes:\n\ncollections:\n  /:\n    permalink: /{slug}/\n    template: index\n", "/{slug}/", {"/"}),
    "features": ("routes:\n  /features/:\n    template: index\n\ncollections:\n  /:\n    permalink: /{slug}/\n"
                 "    template: index\n", "/{slug}/", {"/", "/features/"}),
    "blog": ("routes:\n\ncollections:\n  /blog/:\n    permalink: /blog/{slug}/\n    template: index\n",
             "/blog/{slug}/", {"/blog/"}),
}


class Stage:
    """One site on three pods behind wires; keeps the model of what should be."""

    def __init__(self, lab, wires, no_network):
        self.lab = lab
        self.wires = wires
        self.model = None
        self.private = False
        self.rules = {}             # the redirects, {from: to}
        self.all_rules = sorted({source for rules in random_plan.RULES for source in rules})
        self.routes = "default"
        self.database_well = True
        self.filters = {}           # wire -> the filter of packets on it
        self.lost = set()           # pods whose process is stopped or frozen
        self.slow = set()           # wires that hold everything back
        self.stuck = []             # our own children that hang on the volume
        self.no_volume = None       # why the volume cannot be broken
        self._no_network = no_network
        self._posts = {}            # name of the plan -> (type, id)
        self._tags = {}             # number of the plan -> id
        self._deleted = []
        self._apis = {}

    def act(self, operation):
        arguments = dict(operation.arguments)
        if operation.name not in _MAKING and arguments.get("post", "") not in {"", *self._posts}:
            print("     skipped: it went with the lab's database", flush=True)
            return
        getattr(self, operation.name)(**arguments)

    def broke(self):
        """Whether the lab's database has ended by itself (10.11.19 can crash in its own temporary tables)."""
        return self.database_well and not self.lab.database_runs()

    def recover(self):
        """Starts it again; what the site has then is taken as it is."""
        self.lab.db_start()
        self._wait_for_pods()
        numbers = [int(pod["name"].removeprefix("pod-")) for pod in self.lab.state["pods"]]
        running = [number for number in numbers if number not in self.lost]
        restart_all(self.lab, running)
        self.model.read(running[0])
        ids = {id for _, id in self.model.resources}
        self._posts = {name: post for name, post in self._posts.items() if post[1] in ids}
        self._tags = {number: id for number, id in self._tags.items() if id in ids}
        self._deleted.clear()
        self.private = self.lab.sql("SELECT value FROM settings WHERE `key`='is_private'") == [["true"]]

    def address(self, name):
        """Where Rollcall finds a pod or the database."""
        return self.wires.addresses[name]

    def api(self, pod):
        return self._apis.setdefault(pod, self.lab.api(pod))

    def prepare(self):
        """A picture in the settings, an author's first posts, and pods that know all of it."""
        address, _ = upload(self.lab, "campaign.png")
        self.api(1).edit_settings(cover_image=address)
        restart_all(self.lab)
        self.model = Model(self.lab)
        self.settle()

    def settle(self):
        """Returns when the youngest change, in the database and on the volume, is older than the settle window."""
        if not self.database_well:
            return
        newest = ", ".join(f"COALESCE((SELECT MAX(updated_at) FROM {table}), 0)" for table in _DATED)
        files = [os.path.join(self.lab.state["content_dir"], name) for name in _FILES]
        patience = (SETTLE_SECONDS + 0.1) * 1e6

        def settled():
            age = self.lab.sql(f"SELECT TIMESTAMPDIFF(MICROSECOND, GREATEST({newest}), UTC_TIMESTAMP(6))")[0][0]
            young = [path for path in files if os.path.exists(path) and _age(path) * 1e6 <= patience]
            return int(age) > patience and not young
        wait_until(settled, 60, "the site did not settle", every=0.3)

    def heal(self):
        """So that everything can be taken down: nothing frozen, nothing stopped."""
        self.lab.db_thaw()
        for pod in self.lost:
            self.lab.thaw_pod(pod)
        self.wires_well()
        if not self.lab.database_runs():
            self.lab.db_start()

    def litter(self):
        """What Rollcall left on the volume."""
        return [os.path.join(folder, name) for folder, _, names in os.walk(self.lab.state["content_dir"])
                for name in names if name.startswith(_OWN)]

    # Content

    def publish(self, post, pod, tags, visibility="public"):
        type = "page" if post.startswith("page") else "post"
        self._create(post, pod, type, tags, visibility=visibility)

    def draft(self, post, pod, tags):
        self._create(post, pod, "post", tags, status="draft")

    def schedule(self, post, pod):
        at = _now() + datetime.timedelta(days=30)
        self._create(post, pod, "post", (), status="scheduled", published_at=at)

    def _create(self, name, pod, type, tags, **fields):
        answer = self.api(pod).create_post(f"Title of {name}", slug=name, type=type, tags=self._named(tags), **fields)
        self._learn(type, answer)
        self._posts[name] = (type, answer["id"])

    def _learn(self, type, answer):
        self.model.learn(type, answer)
        for tag in answer.get("tags") or ():
            number = tag["name"].removeprefix("Tag ")
            if number.isdigit():
                self._tags[int(number)] = tag["id"]

    def _named(self, tags):
        return [{"id": self._tags[tag]} if tag in self._tags else {"name": f"Tag {tag}"} for tag in tags]

    def _change(self, post, pod, **changes):
        type, id = self._posts[post]
        self._learn(type, self.api(pod).edit_post(id, type, **changes))

    def edit(self, post, pod):
        text = f"{post} edited at {_now().isoformat()}"
        self._change(post, pod, title=f"Title of {text}", lexical=lexical_text(f"Text of {text}."))

    def rename(self, post, pod, slug):
        self._change(post, pod, slug=slug)

    def unpublish(self, post, pod):
        self._change(post, pod, status="draft")

    def republish(self, post, pod):
        """Dated now: it may have been scheduled before."""
        self._change(post, pod, status="published", published_at=_now() - datetime.timedelta(seconds=1))

    def retag(self, post, pod, tags):
        self._change(post, pod, tags=self._named(tags))

    def visibility(self, post, pod, to):
        self._change(post, pod, visibility=to)

    def delete(self, post, pod):
        type, id = self._posts.pop(post)
        self.api(pod).delete_post(id, type)
        self.model.resources[(type, id)].deleted = True
        self._deleted.append((type, id))
        if len(self._deleted) > _DELETED:
            del self.model.resources[self._deleted.pop(0)]

    def fire(self, post, pod):
        """Published at its time, through the pod to which the front hands Ghost's own call."""
        self._create(post, pod, "post", (), status="scheduled", published_at=_now() + datetime.timedelta(seconds=6))
        type, id = self._posts[post]
        wait_until(lambda: self.lab.sql(f"SELECT status FROM posts WHERE id='{id}'") == [["published"]], 60,
                   "the scheduled post was not published", every=0.25)
        self.model.resources[(type, id)].public = True

    def rename_tag(self, tag, pod, slug):
        if tag not in self._tags:
            made = self.api(pod).call("POST", "tags/", {"tags": [{"name": f"Tag {tag}"}]})["tags"][0]
            self._tags[tag] = made["id"]
            self.model.add(truth.Resource("tag", made["id"], made["slug"]))
        answer = self.api(pod).rename_tag(self._tags[tag], slug)
        self.model.resources[("tag", answer["id"])].slug = answer["slug"]

    # The site's state

    def settings(self, pod, key, value):
        values = {"navigation": json.dumps([{"label": f"Label {value}", "url": f"/label-{value}/"}]),
                  "accent_color": f"#{value:06x}", "codeinjection_head": f"<!-- {value} -->"}
        self.api(pod).edit_settings(**{key: values.get(key, f"Value {value}")})

    def private_mode(self, pod, on):
        self.api(pod).edit_settings(is_private=on)
        self.private = on

    def tier(self, pod, value):
        tiers = self.api(pod).call("GET", "tiers/", as_owner=True)["tiers"]
        tier = next(each for each in tiers if each["type"] == "free")
        self.api(pod).call("PUT", f"tiers/{tier['id']}/", {"tiers": [{**tier, "name": f"Tier {value}"}]}, as_owner=True)

    def theme(self, pod, theme):
        self.api(pod).activate_theme(theme)

    def redirects(self, pod, rules):
        self.rules = random_plan.RULES[rules]
        self.api(pod).upload_redirects([{"from": source, "to": target, "permanent": True}
                                        for source, target in self.rules.items()])

    def routes_file(self, pod, routes):
        text, self.model.permalink, self.model.own_pages = _ROUTES[routes]
        self.routes = routes
        self.api(pod).upload_routes(text + _TAXONOMIES)

    def route_signs(self):
        """{address: whether it is there} of what the routes.yaml files make."""
        every = set().union(*(pages for _, _, pages in _ROUTES.values()))
        return {path: path in self.model.own_pages for path in sorted(every)}

    # Pods

    def restart(self, pods):
        restart_all(self.lab, pods)

    def kill_pod(self, pod):
        processes.kill(self.lab.pod(pod))
        self.lost.add(pod)

    def stop_pod(self, pod):
        self.lab.stop_pod(pod)
        self.lost.add(pod)

    def start_pod(self, pod):
        self.lab.start_pod(pod)
        self.lost.discard(pod)

    def freeze_pod(self, pod):
        self.lab.freeze_pod(pod)
        self.lost.add(pod)

    def thaw_pod(self, pod):
        self.lab.thaw_pod(pod)
        self.lost.discard(pod)

    # What is between

    def wire(self, wire, how):
        host = self.address(wire).rpartition(":")[0]
        self._unfilter(wire)
        self.slow.discard(wire)
        if how in ("drop", "lose"):
            if self._no_network:
                print(f"     silent instead of {how}: {self._no_network}", flush=True)
                self.wires.become(wire, "silent")
                return
            chance = ["-m", "statistic", "--mode", "random", "--probability", _LOST_PACKETS] if how == "lose" else []
            self.filters[wire] = ("INPUT", "-d", host, "-p", "tcp", *chance, "-j", "DROP")
            _run("iptables", "-A", *self.filters[wire])
        elif how == "slow":
            self.wires.become(wire, "slow", _SLOW_SECONDS)
            self.slow.add(wire)
        else:
            self.wires.become(wire, how)

    def _unfilter(self, wire):
        if wire in self.filters:
            _run("iptables", "-D", *self.filters.pop(wire))

    @property
    def lossy(self):
        """The wires on which some packets are lost."""
        return {wire for wire, words in self.filters.items() if "statistic" in words}

    def wires_well(self):
        for name in self.wires.addresses:
            self.wire(name, "well")

    # The database

    def kill_database(self):
        self.lab.sql("SELECT SLEEP(1.2)")       # may lose the last second, and is not to
        self.database_well = False
        self.lab.db_kill()

    def start_database(self):
        self.lab.db_start()
        self._wait_for_pods()

    def freeze_database(self):
        self.database_well = False
        self.lab.db_freeze()

    def thaw_database(self):
        self.lab.db_thaw()
        self._wait_for_pods()

    def _wait_for_pods(self):
        """Until those that run have their database again."""
        for pod in self.lab.state["pods"]:
            number = int(pod["name"].removeprefix("pod-"))
            if number not in self.lost:
                wait_until(lambda: self._has_database(number), 60, f"{pod['name']} has no database", every=0.2)
        self.database_well = True

    def _has_database(self, number):
        asker = truth.PodAsker(self.lab, number, timeout=5)
        try:
            return asker.get(f"/ghost/api/content/settings/?key={self.lab.state['content_api_key']}")[0] == 200
        except OSError:
            return False
        finally:
            asker.close()

    # The volume

    def _volume(self, break_it):
        if self.no_volume:
            print(f"     skipped: {self.no_volume}", flush=True)
        else:
            break_it(self.lab.state["content_dir"])

    def fill_volume(self):
        self._volume(lambda content: volume.fill(os.path.join(content, "images", "large")))

    def empty_volume(self):
        self._volume(lambda content: os.remove(os.path.join(content, "images", "large")))

    def lock_volume(self):
        self._volume(volume.remount_read_only)

    def unlock_volume(self):
        self._volume(lambda content: volume.mount(["-o", "remount,rw"], content))

    def freeze_volume(self):
        self._volume(lambda content: _run("fsfreeze", "-f", content))

    def thaw_volume(self):
        self._volume(lambda content: _run("fsfreeze", "-u", content))
        for child in self.stuck:
            child.wait(20)
        self.stuck.clear()


def _run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(words)}: {done.stderr.strip()}")


def _age(path):
    return datetime.datetime.now().timestamp() - os.stat(path).st_mtime


def _now():
    return datetime.datetime.now(datetime.timezone.utc)

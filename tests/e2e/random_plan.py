"""What the random campaign does: a sequence of operations that follows from a seed and from nothing else.

It knows of the site only what it did itself, never what Ghost answered: the same seed is the same sequence, on
every version and every machine.
"""

import dataclasses
import random

PODS = (1, 2, 3)
TAGS = 5                # tag-1 ...
_MOST_POSTS = 10        # there at a time: every one of them is asked of every pod again and again
_JUDGED = 0.2           # of the operations after which nobody has to look at once
_JUDGED_MENDED = 0.6     # of those that mend something
_LONGEST_FAULT = 3      # operations while something is broken

RULES = ({}, {"/r1": "/about/"}, {"/r1": "/coming-soon/", "/r2": "https://example.org/x?y=1"},
         {"/r2": "/about/", "/r3": "/coming-soon/"})
ROUTES = ("default", "features", "blog")
THEMES = ("casper", "source")
# What hangs takes time to be found out, so it comes seldom.
WIRES = ("slow", "slow", "refuse", "refuse", "reset", "reset", "lose", "lose", "silent", "drop")


@dataclasses.dataclass(frozen=True)
class Operation:
    """One step: a method of the stage with its arguments; `judged` when the truth is told after it."""

    number: int
    name: str
    arguments: tuple
    judged: bool

    @property
    def loses(self):
        """The pod that Rollcall may see no more after it; 0 when there is none."""
        arguments = dict(self.arguments)
        if self.name in ("kill_pod", "stop_pod", "freeze_pod"):
            return arguments["pod"]
        wire = arguments.get("wire", "")
        return int(wire.removeprefix("pod-")) if wire.startswith("pod-") and arguments["how"] != "well" else 0

    def __str__(self):
        words = " ".join(f"{key}={value}" for key, value in self.arguments)
        return f"{self.name.replace('_', ' ')} {words}".rstrip()


def plan(seed, count):
    """`count` operations; what is broken by them is mended at the end by some more."""
    return _Planner(random.Random(seed)).run(count)


class _Planner:
    def __init__(self, dice):
        self._dice = dice
        self._posts = {}        # name -> [type, status]
        self._made = 0
        self._faults = {}       # what is broken -> (name, arguments) of the operation that mends it, steps left
        self._private = False
        self._state = {"theme": None, "redirects": 0, "routes": "default"}
        self._operations = []

    def run(self, count):
        while len(self._operations) < count:
            self._step()
        for what in sorted(self._faults, key=lambda what: what != "database"):
            self._mend(what)
        return self._operations

    def _step(self):
        due = [what for what, (_, _, left) in self._faults.items() if left <= 0]
        if due:     # without the database nothing else can be mended
            return self._mend("database" if "database" in due else due[0])
        for what, (name, arguments, left) in self._faults.items():
            self._faults[what] = (name, arguments, left - 1)
        while True:
            weights, makers = zip(*self._choices())
            made = self._dice.choices(makers, weights)[0]()
            if made:
                break
        name, arguments, always = made
        self._add(name, always or self._dice.random() < _JUDGED, **arguments)

    def _add(self, name, judged, **arguments):
        self._operations.append(Operation(len(self._operations) + 1, name, tuple(arguments.items()), judged))

    def _mend(self, what):
        name, arguments, _ = self._faults.pop(what)
        if what == "private":
            self._private, arguments = False, {"pod": self._writer(), "on": False}
        self._add(name, what == "database" or self._dice.random() < _JUDGED_MENDED, **arguments)

    def _break(self, what, mend, longest=_LONGEST_FAULT, **arguments):
        self._faults[what] = (mend, arguments, self._dice.randint(0, longest))

    def _choices(self):
        return [
            (20, self._publish), (5, self._publish_page), (4, self._draft), (9, self._edit), (5, self._retitle_page),
            (6, self._rename), (7, self._unpublish), (6, self._republish), (5, self._delete), (6, self._retag),
            (4, self._visibility), (3, self._schedule), (1, self._fire), (3, self._rename_tag),
            (7, self._settings), (2, self._private_mode), (3, self._tier),
            (3, self._theme), (4, self._redirects), (3, self._routes),
            (9, self._restart), (2, self._restart_all),
            (3, self._kill_pod), (2, self._stop_pod), (1, self._freeze_pod), (5, self._wire),
            (2, self._kill_database), (1, self._freeze_database), (1, self._database_wire),
            (2, self._full_volume), (2, self._read_only_volume), (1, self._freeze_volume),
        ]

    # Who can act

    def _writer(self):
        """A pod whose process runs; what is between Rollcall and it does not matter."""
        return self._dice.choice([pod for pod in PODS if ("process", pod) not in self._faults])

    def _some(self, *statuses, type=None):
        found = [name for name, (kind, status) in self._posts.items()
                 if status in statuses and type in (None, kind)]
        return self._dice.choice(found) if found else None

    def _quiet(self):
        return not self._faults

    # Content

    def _new(self, prefix, type, status):
        if len(self._posts) >= _MOST_POSTS:
            return None
        self._made += 1
        name = f"{prefix}-{self._made}"
        self._posts[name] = [type, status]
        return name

    def _tags(self):
        return tuple(sorted(self._dice.sample(range(1, TAGS + 1), self._dice.choice((0, 1, 1, 2)))))

    def _publish(self):
        name = self._new("post", "post", "published")
        return name and ("publish", {"post": name, "pod": self._writer(), "tags": self._tags(), "visibility":
                                     self._dice.choice(("public", "public", "public", "members", "paid"))}, False)

    def _publish_page(self):
        name = self._new("page", "page", "published")
        return name and ("publish", {"post": name, "pod": self._writer(), "tags": self._tags()}, False)

    def _draft(self):
        name = self._new("draft", self._dice.choice(("post", "post", "page")), "draft")
        return name and ("draft", {"post": name, "pod": self._writer(), "tags": self._tags()}, False)

    def _edit(self):
        name = self._some("published", "draft")
        return name and ("edit", {"post": name, "pod": self._writer()}, False)

    def _retitle_page(self):
        name = self._some("published", type="page")
        return name and ("edit", {"post": name, "pod": self._writer()}, False)

    def _rename(self):
        name = self._some("published", "draft", "scheduled")
        self._made += 1
        return name and ("rename", {"post": name, "pod": self._writer(), "slug": f"slug-{self._made}"}, False)

    def _unpublish(self):
        name = self._some("published", "scheduled")
        if name:
            self._posts[name][1] = "draft"
        return name and ("unpublish", {"post": name, "pod": self._writer()}, False)

    def _republish(self):
        name = self._some("draft")
        if name:
            self._posts[name][1] = "published"
        return name and ("republish", {"post": name, "pod": self._writer()}, False)

    def _delete(self):
        name = self._some("published", "draft", "scheduled")
        if name:
            del self._posts[name]
        return name and ("delete", {"post": name, "pod": self._writer()}, False)

    def _retag(self):
        name = self._some("published", "draft")
        return name and ("retag", {"post": name, "pod": self._writer(), "tags": self._tags()}, False)

    def _visibility(self):
        name = self._some("published")
        return name and ("visibility", {"post": name, "pod": self._writer(), "to":
                                        self._dice.choice(("public", "members", "paid"))}, False)

    def _schedule(self):
        name = self._new("later", self._dice.choice(("post", "page")), "scheduled")
        return name and ("schedule", {"post": name, "pod": self._writer()}, False)

    def _fire(self):
        """Published by whichever pod the front hands it to, so all must be well."""
        name = self._quiet() and self._new("fires", "post", "published")
        return name and ("fire", {"post": name, "pod": self._writer()}, True)

    def _rename_tag(self):
        self._made += 1
        return "rename_tag", {"tag": self._dice.randint(1, TAGS), "pod": self._writer(),
                              "slug": f"label-{self._made}"}, False

    # The site's state

    def _settings(self):
        self._made += 1
        key = self._dice.choice(("title", "description", "navigation", "codeinjection_head", "accent_color",
                                 "announcement_content", "meta_title"))
        return "settings", {"pod": self._writer(), "key": key, "value": self._made}, False

    def _private_mode(self):
        if self._private:
            return None
        self._private = True
        self._break("private", "private_mode", 4)        # of a private site no roll can be taken: not for long
        return "private_mode", {"pod": self._writer(), "on": True}, True

    def _tier(self):
        self._made += 1
        return "tier", {"pod": self._writer(), "value": self._made}, False

    def _theme(self):
        if not self._volume_well():
            return None
        self._state["theme"] = self._other(THEMES, self._state["theme"])
        return "theme", {"pod": self._writer(), "theme": self._state["theme"]}, False

    def _redirects(self):
        if not self._volume_well():
            return None
        self._state["redirects"] = self._other(range(len(RULES)), self._state["redirects"])
        return "redirects", {"pod": self._writer(), "rules": self._state["redirects"]}, False

    def _routes(self):
        if not self._volume_well():
            return None
        self._state["routes"] = self._other(ROUTES, self._state["routes"])
        return "routes_file", {"pod": self._writer(), "routes": self._state["routes"]}, False

    def _other(self, values, than):
        return self._dice.choice([value for value in values if value != than])

    # Pods

    def _restart(self):
        pods = [pod for pod in PODS if ("process", pod) not in self._faults]
        return self._bootable() and ("restart", {"pods": (self._dice.choice(pods),)}, False)

    def _restart_all(self):
        return self._bootable() and self._quiet() and ("restart", {"pods": PODS}, True)

    def _bootable(self):
        """Some versions write to the volume when they boot."""
        return self._volume_well()

    def _victim(self):
        """A pod that may be lost: at most one at a time, so that there is somebody to write through."""
        if any(what[0] == "process" for what in self._faults) or not self._volume_well():
            return None
        return self._dice.choice(PODS)

    def _kill_pod(self):
        return self._lose_pod("kill_pod", "start_pod", _LONGEST_FAULT)

    def _stop_pod(self):
        return self._lose_pod("stop_pod", "start_pod", _LONGEST_FAULT)

    def _freeze_pod(self):
        return self._lose_pod("freeze_pod", "thaw_pod", 1)

    def _lose_pod(self, name, mend, longest):
        pod = self._victim()
        if not pod:
            return None
        self._break(("process", pod), mend, longest, pod=pod)
        return name, {"pod": pod}, True

    def _wire(self):
        free = [pod for pod in PODS if ("wire", f"pod-{pod}") not in self._faults]
        if len(free) < 2:
            return None
        return self._cut(f"pod-{self._dice.choice(free)}", WIRES)

    def _cut(self, wire, ways):
        how = self._dice.choice(ways)
        longest = _LONGEST_FAULT if how in ("slow", "refuse", "reset") else 1
        self._break(("wire", wire), "wire", longest, wire=wire, how="well")
        return "wire", {"wire": wire, "how": how}, True

    # What the pods share

    def _database_well(self):
        return ("wire", "database") not in self._faults

    def _volume_well(self):
        return "volume" not in self._faults

    def _kill_database(self):
        return self._lose_database("kill_database", "start_database")

    def _freeze_database(self):
        return self._lose_database("freeze_database", "thaw_database")

    def _lose_database(self, name, mend):
        """Nothing can be done without it, so it is back at once."""
        if not self._database_well() or self._private:
            return None
        self._break("database", mend, 0)
        return name, {}, True

    def _database_wire(self):
        return self._cut("database", ("slow", "refuse", "silent", "drop")) if self._database_well() else None

    def _full_volume(self):
        return self._volume("fill_volume", "empty_volume", _LONGEST_FAULT)

    def _read_only_volume(self):
        return self._volume("lock_volume", "unlock_volume", _LONGEST_FAULT)

    def _freeze_volume(self):
        return self._volume("freeze_volume", "thaw_volume", 0)

    def _volume(self, name, mend, longest):
        """Not while a pod is to boot: some versions write when they do."""
        if not self._volume_well() or any(what[0] == "process" for what in self._faults):
            return None
        self._break("volume", mend, longest)
        return name, {}, True

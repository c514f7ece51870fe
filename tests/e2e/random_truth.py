"""What is true of the whole site at one moment of the random campaign: asked of every pod, the database and the volume.

Nothing here uses Rollcall. What a pod's memory holds is asked of the pod itself; whether Rollcall can reach it is
asked on Rollcall's way to it.
"""

import dataclasses
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import urllib.parse

from lab import LabError

from . import truth
from .truth import Claim

_PATIENCE = 5.0         # seconds on Rollcall's way: what takes longer hangs
# For a front page: after 5 s Ghost gives up what a theme's {{#get}} asks the database for, and renders without.
_FRONT_PATIENCE = 4.0
_WRITE_PATIENCE = 5.0   # a write to the volume
_WARNINGS = truth.WARNINGS | {"RC103", "RC704", "RC501", "RC502", "RC521", "RC522", "RC543", "RC553", "RC554", "RC562"}
_VOLUME = {"ENOSPC": "RC803", "EROFS": "RC801", "hangs": "RC811"}
_SETTINGS = ("title", "description", "navigation", "codeinjection_head", "accent_color", "meta_title")

# Who asks the pods, the database, the volume: for them what cannot be asked is a gap.
_ASK_PODS = {"private", "settings", "tiers", "canary", "images", "redirects"}
_ASK_PAGES = {"posts", "archives", "routes", "sitemap", "theme"}    # not of a private site
_ASK_DATABASE = _ASK_PAGES | {"private", "settings", "tiers", "images", "redirects", "schedule"}


@dataclasses.dataclass
class Right:
    """All that is right to say now."""

    claims: set = dataclasses.field(default_factory=set)
    followed: set = dataclasses.field(default_factory=set)      # (rule, pod): a redirect that is gone, and is followed
    gaps: set = dataclasses.field(default_factory=set)          # (check, pod); pod is '' when it concerns no single pod
    lossy: set = dataclasses.field(default_factory=set)         # pods on whose wires packets are lost at random
    unseen: dict = dataclasses.field(default_factory=dict)      # pod -> (type, path) of what was wrong there before
    hangs: bool = False                                         # something takes its time to be found out

    def verdict(self):
        if any(claim.code not in _WARNINGS for claim in self.claims):
            return "fail"
        if self.gaps:
            return "unknown"
        return "warn" if self.claims else "pass"

    def doubts(self, claim):
        """May be said or not: a pod to which packets get lost is asked with luck or without."""
        everywhere = claim._replace(code=claim.code[:3] + "1" + claim.code[4:], pod="")
        return claim.pod in self.lossy or bool(self.lossy) and (not claim.pod or everywhere in self.claims)

    def doubts_gap(self, gap):
        """Likewise; and whether `sitemap` has anything to do only a pod tells."""
        return gap[1] in self.lossy or gap == ("sitemap", "") and bool(self.lossy)


@dataclasses.dataclass
class Pod:
    """One pod, as it was found."""

    number: int
    reach: str = ""         # 'well', 'refused', 'reset' or 'hangs', on Rollcall's way
    front: int = 0          # status of its front page; -1: none in time
    private: bool = False
    content: object = None  # truth.PodTruth
    wrong: set = dataclasses.field(default_factory=set)         # codes of its memory, compared with what it should be
    settings: dict = dataclasses.field(default_factory=dict)    # those that are wrong
    followed: set = dataclasses.field(default_factory=set)      # rules it follows that are in no file

    @property
    def looked_at(self):
        return self.reach == "well" and self.front not in (-1, 500)


class Onlooker:
    """Tells what is right of the site of `stage`."""

    def __init__(self, stage):
        self._stage = stage
        self._lab = stage.lab
        self._wrong = {}            # pod -> (type, path) of what was wrong there when it was last seen

    def look(self):
        right = Right(lossy=self._stage.lossy)
        database = self._database()
        pods = [Pod(number) for number in range(1, len(self._lab.state["pods"]) + 1)]
        self._each(pods, self._reach)
        right.hangs = database == "hangs" or any(pod.reach == "hangs" for pod in pods)
        self._volume(right)
        if database != "well":
            right.claims.add(Claim("RC701", "", "", ""))
            right.gaps |= {(check, "") for check in self._without_rows(pods)}
        elif "database" in self._stage.slow:
            right.claims.add(Claim("RC704", "", "", ""))
        for pod in pods:
            self._pod(right, pod)
        if self._stage.database_well:
            self._memory(right, [pod for pod in pods if pod.looked_at], database)
        return right

    def _each(self, pods, ask):
        """Asks all pods at once."""
        problems = []

        def guarded(pod):
            try:
                ask(pod)
            except (OSError, ValueError, KeyError, http.client.HTTPException, LabError) as error:
                problems.append(f"pod-{pod.number}: {type(error).__name__}: {error}")
        threads = [threading.Thread(target=guarded, args=(pod,)) for pod in pods]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if problems:
            raise LabError(f"the truth cannot be told: {'; '.join(problems)}")

    # What can be reached

    def _database(self):
        """As Rollcall reaches it: a server greets whoever connects."""
        host, _, port = self._stage.address("database").rpartition(":")
        try:
            with socket.create_connection((host, int(port)), _PATIENCE) as connection:
                connection.settimeout(_PATIENCE)
                return "well" if connection.recv(1) else "refused"
        except TimeoutError:
            return "hangs"
        except OSError:
            return "refused"

    def _reach(self, pod):
        name = f"pod-{pod.number}"
        pod.reach = self._answers(self._lab.pod(pod.number)["address"] if name in self._stage.lossy
                                  else self._stage.address(name))
        if pod.reach != "well":
            return
        asker = truth.PodAsker(self._lab, pod.number, timeout=_FRONT_PATIENCE)
        try:
            pod.front, location, _ = asker.get("/")
            pod.private = urllib.parse.urlsplit(location).path == "/private/"
        except OSError:
            pod.front = -1
        finally:
            asker.close()

    def _answers(self, address):
        site = urllib.parse.urlsplit(self._lab.state["site"]["url"])
        connection = http.client.HTTPConnection(address, timeout=_PATIENCE)
        try:
            connection.request("GET", "/ghost/api/admin/site/", headers={"Host": site.netloc})
            status = connection.getresponse().status
            return "well" if status == 200 else f"answers {status}"
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "hangs"
        except (OSError, http.client.HTTPException):
            return "reset"
        finally:
            connection.close()

    def _pod(self, right, pod):
        name = f"pod-{pod.number}"
        if pod.reach != "well":
            code = {"refused": "RC101", "reset": "RC101", "hangs": "RC102"}[pod.reach]
            right.claims.add(Claim(code, name, "", ""))
            asked = _ASK_PODS | _ASK_PAGES
            if Claim("RC701", "", "", "") not in right.claims:
                asked = asked | {"database"}    # for their versions
            right.gaps |= {(check, name) for check in self._applying(asked) if (check, "") not in right.gaps}
        elif pod.front in (-1, 500):
            right.claims.add(Claim("RC104", name, "", ""))
            right.hangs = right.hangs or pod.front == -1

    def _without_rows(self, pods):
        """The checks that cannot tell without the database whether they have anything to do in this site."""
        told = truth.routes_from_memory(self._lab.state["ghost"]) and any(pod.reach == "well" for pod in pods)
        return _ASK_DATABASE - {"sitemap"} if told else _ASK_DATABASE       # its version tells

    def _applying(self, checks):
        """Those of `checks` that have anything to do in this site."""
        found = set(checks)
        if truth.routes_from_memory(self._lab.state["ghost"]):
            found.discard("sitemap")
        if self._stage.private:
            found -= {"posts", "archives", "routes", "sitemap"}
        if not self._stage.rules:
            found.discard("redirects")
        return found

    def _volume(self, right):
        """A byte and four blocks, written and synced by a child, for a write that hangs cannot be ended."""
        path = os.path.join(self._lab.state["content_dir"], "images", "truth.bin")
        child = subprocess.Popen([sys.executable, "-I", "-c", _WRITE, path], stdout=subprocess.PIPE, text=True)
        try:
            little, _, said = child.communicate(timeout=_WRITE_PATIENCE)[0].strip().partition(" ")
        except subprocess.TimeoutExpired:
            child.kill()            # ends once the volume thaws
            self._stage.stuck.append(child)
            little = said = "hangs"
        if said != "well":
            right.claims.add(Claim(_VOLUME[said], "", "", ""))
            right.hangs = right.hangs or said == "hangs"
        if little != "well":        # on a full volume there may be room for as little as a canary
            right.gaps.add(("canary", ""))
            right.gaps = {gap for gap in right.gaps if gap[0] != "canary" or not gap[1]}

    # What pods hold in memory, against database and files

    def _memory(self, right, pods, database):
        table = {key: value for key, value in self._lab.sql(
            "SELECT `key`, value FROM settings WHERE `key` IN ('active_theme', 'is_private', "
            + ", ".join(f"'{key}'" for key in _SETTINGS) + ")")}
        tiers = {id: name for id, name in self._lab.sql("SELECT id, name FROM products")}
        private = table["is_private"] == "true"
        self._each(pods, lambda pod: self._ask(pod, table, tiers, private))
        if database != "well":
            return
        everybody = len(pods) == len(self._lab.state["pods"])
        for pod in pods:
            name = f"pod-{pod.number}"
            right.claims |= {Claim(code, name, "", "") for code in pod.wrong}
            right.followed |= {(rule, name) for rule in pod.followed}
            if pod.private and not private:
                right.gaps |= {(check, name) for check in self._applying({"posts", "archives", "routes", "sitemap"})}
        self._settings(right, pods, everybody)
        if not private:
            open_pods = {pod.number: pod.content for pod in pods if pod.content}
            right.claims |= truth.claims_of(self._lab, self._stage.model, open_pods)
            self._remember(right, open_pods)

    def _remember(self, right, open_pods):
        """Whoever watched before a pod was lost may count it."""
        for pod in self._lab.state["pods"]:
            number = int(pod["name"].removeprefix("pod-"))
            if number not in open_pods:
                right.unseen[pod["name"]] = self._wrong.get(pod["name"], set())
                continue
            self._wrong[pod["name"]] = self._wrong_of(open_pods[number])

    def _wrong_of(self, content):
        model = self._stage.model
        known = [(key, model.resources[key]) for key in content.states if key in model.resources]
        return {(key[0], model.path(resource)) for key, resource in known}

    def part_from(self, number):
        """Looks once more at a pod that is about to be lost: whoever has watched until then may remember it."""
        stage = self._stage
        if number in stage.lost or stage.private or not stage.database_well:
            return
        content = self._content(number)
        if not content.error:
            self._wrong.setdefault(f"pod-{number}", set()).update(self._wrong_of(content))

    def _content(self, number):
        return truth.look(self._lab, self._stage.model, number,
                          sitemaps=not truth.routes_from_memory(self._lab.state["ghost"]))

    def _ask(self, pod, table, tiers, private):
        asker = truth.PodAsker(self._lab, pod.number, timeout=20)
        try:
            self._ask_settings(pod, asker, table)
            self._ask_tiers(pod, asker, tiers)
            self._ask_redirects(pod, asker)
            if pod.private != private:
                pod.wrong.add("RC511" if private else "RC512")
            self._ask_theme(pod, asker, table["active_theme"])
            if not pod.private and not private:
                self._ask_routes(pod, asker)
        finally:
            asker.close()
        if not pod.private and not private:
            pod.content = self._content(pod.number)
            if pod.content.error:
                raise LabError(pod.content.error)

    def _content_api(self, asker, what):
        status, _, body = asker.get(f"/ghost/api/content/{what}/?key={self._lab.state['content_api_key']}")
        if status != 200:
            raise LabError(f"its Content API answers {status} for {what}")
        return json.loads(body)[what]

    def _ask_settings(self, pod, asker, table):
        shown = self._content_api(asker, "settings")
        for key in _SETTINGS:
            value, wanted = shown.get(key), table[key]
            if key == "navigation":
                wanted = json.loads(wanted)
            if (value or "") != (wanted or ""):
                pod.settings[key] = json.dumps(value)

    def _settings(self, right, pods, everybody):
        """What all pods show alike, and not as the database has it, is no pod's fault."""
        alike = {(key, value) for pod in pods for key, value in pod.settings.items()
                 if everybody and all(other.settings.get(key) == value for other in pods)}
        if alike:
            right.claims.add(Claim("RC502", "", "", ""))
        stale = [pod for pod in pods if set(pod.settings.items()) - alike]
        right.claims |= {Claim("RC501", f"pod-{pod.number}", "", "") for pod in stale}

    def _ask_tiers(self, pod, asker, tiers):
        if any(tiers.get(tier["id"]) != tier["name"] for tier in self._content_api(asker, "tiers")):
            pod.wrong.add("RC521")

    def _ask_redirects(self, pod, asker):
        for source in self._stage.all_rules:
            _, location, _ = asker.get(source)
            wanted = self._stage.rules.get(source)
            unknown = urllib.parse.urlsplit(location).path in ("", source + "/", "/private/")
            if wanted is None and not unknown:
                pod.followed.add(source)
            elif wanted and location != wanted:
                pod.wrong.add("RC551" if unknown else "RC552")

    def _ask_theme(self, pod, asker, active):
        status, location, served = asker.get("/assets/built/screen.css")
        if urllib.parse.urlsplit(location).path == "/private/":
            return
        path = os.path.join(self._lab.state["content_dir"], "themes", active, "assets", "built", "screen.css")
        with open(path, "rb") as file:
            if status != 200 or served != file.read():
                pod.wrong.add("RC543")

    def _ask_routes(self, pod, asker):
        for path, there in self._stage.route_signs().items():
            # What a theme cannot draw is answered with 400, and routed all the same.
            if (asker.get(path)[0] != 404) != there:
                pod.wrong.add("RC561")


# A program of its own: writes little and more to the file of argv[1] and prints how each went.
_WRITE = """
import errno, os, sys
def write(size):
    try:
        handle = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            if os.write(handle, bytes(size)) < size:
                return "ENOSPC"
            os.fsync(handle)
        finally:
            os.close(handle)
            os.unlink(sys.argv[1])
    except OSError as error:
        return errno.errorcode[error.errno]
    return "well"
print(write(1), write(4096))
"""

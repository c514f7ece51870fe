"""The truth, by asking every pod for every address directly.

The expectation is the test's own model of what it did through the Admin API; nothing here uses
Rollcall or its way of asking the database.
"""

import collections
import dataclasses
import datetime
import http.client
import json
import threading
import urllib.parse
import xml.etree.ElementTree

from lab import LabError

# `pod` is '' for what is wrong on all pods; `path` is below the site's sub-directory.
Claim = collections.namedtuple("Claim", "code pod type path")

WARNINGS = {"RC212", "RC214", "RC303", "RC311", "RC312", "RC313",
            "RC401", "RC402", "RC403", "RC411", "RC412", "RC413"}

_SITEMAPS = {"post": "posts", "page": "pages", "tag": "tags", "author": "authors"}
_SITEMAP_NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@dataclasses.dataclass
class Resource:
    """A post, page, tag or author as the test knows it."""

    type: str
    id: str
    slug: str
    public: bool = False            # of posts and pages: published
    canonical: str = ""
    published_at: str = ""
    tags: set = dataclasses.field(default_factory=set)      # ids
    authors: set = dataclasses.field(default_factory=set)
    deleted: bool = False


class Model:
    """What should be true of the site, kept up to date by whoever changes it."""

    def __init__(self, lab, permalink="/{slug}/"):
        self.lab = lab
        self.permalink = permalink
        self.own_pages = {"/"}      # what routes.yaml makes besides resources
        self.resources = {}
        self.read()

    def read(self, pod=1):
        """Takes everything the site has now, by the word of one pod; used before the test changes anything."""
        self.resources.clear()
        api = self.lab.api(pod)
        for kind, listed in (("tag", "tags"), ("author", "users")):
            for each in api.call("GET", f"{listed}/?limit=100")[listed]:
                self.add(Resource(kind, each["id"], each["slug"]))
        for kind in ("post", "page"):
            for each in api.call("GET", f"{kind}s/?limit=100&include=tags,authors")[kind + "s"]:
                self.learn(kind, each)

    def add(self, resource):
        self.resources[(resource.type, resource.id)] = resource
        return resource

    def learn(self, kind, answer):
        """Takes over what the Admin API answered for a post or page."""
        resource = self.add(Resource(
            kind, answer["id"], answer["slug"], public=answer["status"] == "published",
            canonical=answer.get("canonical_url") or "", published_at=answer.get("published_at") or "",
            tags={tag["id"] for tag in answer.get("tags") or ()},
            authors={author["id"] for author in answer.get("authors") or ()}))
        for tag in answer.get("tags") or ():
            if ("tag", tag["id"]) not in self.resources:
                self.add(Resource("tag", tag["id"], tag["slug"]))
        return resource

    def is_public(self, resource):
        if resource.deleted:
            return False
        if resource.type in ("post", "page"):
            return resource.public
        held = "tags" if resource.type == "tag" else "authors"
        return any(resource.id in getattr(each, held) and each.public and not each.deleted
                   for each in self.resources.values())

    def path(self, resource):
        """Where the resource answers when it is public."""
        if resource.type in ("tag", "author"):
            return f"/{resource.type}/{resource.slug}/"
        if resource.type == "page":
            return f"/{resource.slug}/"
        when = datetime.datetime.fromisoformat((resource.published_at or "1970-01-01T00:00:00Z")
                                               .replace("Z", "+00:00"))
        year, month, day = when.astimezone(datetime.timezone.utc).strftime("%Y %m %d").split()
        return self.permalink.format(year=year, month=month, day=day, slug=resource.slug)

    def is_listed(self, resource):
        """Belongs into the sitemap of a fresh pod (Ghost 6.57 and later)."""
        own = self.lab.state["site"]["url"] + self.path(resource)
        return self.is_public(resource) and resource.canonical in ("", own)

    def public_paths(self):
        return {self.path(each) for each in self.resources.values() if self.is_public(each)}


def path_below(site_url, url):
    """The path of an absolute URL below the site's sub-directory."""
    path = urllib.parse.urlsplit(url).path
    below = urllib.parse.urlsplit(site_url).path.rstrip("/")
    return path[len(below):] if below and path.startswith(below + "/") else path


def routes_from_memory(version):
    major, minor, _ = map(int, version.split("."))
    return (major, minor) < (6, 57)


class PodAsker:
    """Asks one pod over one connection, as the ingress would. OSError when it does not answer."""

    def __init__(self, lab, number, timeout=20):
        self._site = urllib.parse.urlsplit(lab.state["site"]["url"])
        self._below = self._site.path.rstrip("/")
        self._connection = http.client.HTTPConnection(lab.pod(number)["address"], timeout=timeout)

    def get(self, path):
        """(status, location, body) of a GET below the site's sub-directory."""
        headers = {"Host": self._site.netloc, "X-Forwarded-Proto": self._site.scheme}
        for last in (False, True):
            try:
                self._connection.request("GET", self._below + path, headers=headers)
                answer = self._connection.getresponse()
                return answer.status, answer.getheader("Location") or "", answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()        # the pod may have closed an idle connection
                if last:
                    raise OSError(f"no answer for {path}: {error!r}") from error

    def close(self):
        self._connection.close()


@dataclasses.dataclass
class PodTruth:
    """What one pod really does with every resource of the model."""

    states: dict = dataclasses.field(default_factory=dict)      # (type, id) -> state, only what is wrong
    sitemap: dict = dataclasses.field(default_factory=dict)     # (type, path) -> code, only what is wrong
    error: str = ""


def look(lab, model, number, sitemaps):
    """Asks pod `number` for everything; its `error` says why it could not."""
    truth = PodTruth()
    asker = PodAsker(lab, number)
    try:
        declared = _declared(asker, lab)
        for key, resource in list(model.resources.items()):
            state = _state(asker, lab, model, resource, declared)
            if state:
                truth.states[key] = state
        if sitemaps:
            truth.sitemap = _sitemap_faults(asker, lab, model)
    except (OSError, ValueError, LabError) as error:
        truth.error = f"{lab.pod(number)['name']}: {error}"
    finally:
        asker.close()
    return truth


def _declared(asker, lab):
    """(type, id) -> path by the pod's own Content API."""
    found = {}
    for kind in ("post", "page"):
        page = 1
        while page:
            status, _, body = asker.get(f"/ghost/api/content/{kind}s/?key={lab.state['content_api_key']}"
                                        f"&fields=id,url&limit=100&page={page}")
            if status != 200:
                raise LabError(f"its Content API answers {status}")
            answer = json.loads(body)
            for each in answer[kind + "s"]:
                found[(kind, each["id"])] = path_below(lab.state["site"]["url"], each["url"])
            page = answer["meta"]["pagination"]["next"]
    return found


def _state(asker, lab, model, resource, declared):
    """'missing', 'moved', 'declared', 'error', 'served' or '' when all is well."""
    path = model.path(resource)
    public = model.is_public(resource)
    if not public and path in model.public_paths():
        return ""                               # another resource has taken the address
    status, location, body = asker.get(path)
    if not public:
        return "served" if status == 200 else ""
    if status in (404, 410):
        return "missing"
    if 300 <= status < 400:
        return "moved"
    if status != 200:
        return "error"
    told = declared.get((resource.type, resource.id))
    if resource.type in ("post", "page") and told != path:
        return "declared"
    return ""


def _sitemap_faults(asker, lab, model):
    changed = _changed_at(lab)
    faults = {}
    for kind, plural in _SITEMAPS.items():
        listed = _sitemap(asker, lab, plural)
        expected = {model.path(each): each for each in model.resources.values()
                    if each.type == kind and model.is_listed(each)}
        for path, resource in expected.items():
            if path not in listed:
                faults[(kind, path)] = "RC401"
            elif (kind in ("post", "page") and listed[path]
                  and listed[path] < changed[(kind, resource.id)]):
                faults[(kind, path)] = "RC403"
        for path in listed:
            if path not in expected and path not in model.own_pages:
                faults[(kind, path)] = "RC402"
    return faults


def _sitemap(asker, lab, plural):
    """path -> lastmod, cut to seconds ('' when there is none)."""
    status, _, body = asker.get(f"/sitemap-{plural}.xml")
    if status == 404:
        return {}
    if status != 200:
        raise LabError(f"/sitemap-{plural}.xml answers {status}")
    listed = {}
    for url in xml.etree.ElementTree.fromstring(body).iter(_SITEMAP_NAMESPACE + "url"):
        path = path_below(lab.state["site"]["url"], url.findtext(_SITEMAP_NAMESPACE + "loc"))
        listed[path] = (url.findtext(_SITEMAP_NAMESPACE + "lastmod") or "")[:19].replace("T", " ")
    return listed


def _changed_at(lab):
    return {(kind, id): when[:19] for kind, id, when in lab.sql("SELECT type, id, updated_at FROM posts")}


# The order of badness decides what is said of a resource that is wrong on every pod.
_CODES = {"declared": "4", "error": "5", "moved": "2", "missing": "1", "served": "3"}
_ARCHIVE_CODES = {"error": "5", "moved": "2", "missing": "1", "served": "3"}


def claims_of(lab, model, truths):
    """The set of Claims that is exactly right; `truths` maps pod numbers to PodTruth.

    As long as one pod is not among them nothing is said to be wrong on all."""
    claims, everywhere = set(), len(lab.state["pods"])
    for key, resource in model.resources.items():
        wrong = {number: each.states[key] for number, each in truths.items() if key in each.states}
        if not wrong:
            continue
        codes = _CODES if resource.type in ("post", "page") else _ARCHIVE_CODES
        family = "RC2" if resource.type in ("post", "page") else "RC3"
        where = resource.type, model.path(resource)
        if len(wrong) == everywhere:
            worst = max(wrong.values(), key=list(_CODES).index)
            claims.add(Claim(f"{family}1{codes[worst]}", "", *where))
        else:
            claims |= {Claim(f"{family}0{codes[state]}", lab.pod(number)["name"], *where)
                       for number, state in wrong.items()}
    return claims | _sitemap_claims(lab, truths)


def _sitemap_claims(lab, truths):
    claims = set()
    for where in {where for each in truths.values() for where in each.sitemap}:
        faults = {number: each.sitemap[where] for number, each in truths.items() if where in each.sitemap}
        if len(faults) == len(lab.state["pods"]) and len(set(faults.values())) == 1:
            claims.add(Claim("RC41" + next(iter(faults.values()))[-1], "", *where))
        else:
            claims |= {Claim(code, lab.pod(number)["name"], *where) for number, code in faults.items()}
    return claims


def ask_all(lab, model, numbers=None):
    """{pod number: PodTruth}, asked at once; LabError when a pod could not be asked."""
    numbers = numbers or range(1, len(lab.state["pods"]) + 1)
    sitemaps = not routes_from_memory(lab.state["ghost"])
    truths = {}

    def ask(number):
        truths[number] = look(lab, model, number, sitemaps)
    threads = [threading.Thread(target=ask, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for truth in truths.values():
        if truth.error:
            raise LabError(f"the truth cannot be told: {truth.error}")
    return truths


def find(lab, model, numbers=None):
    """The Claims that are right at this moment."""
    return claims_of(lab, model, ask_all(lab, model, numbers))


def verdict_of(claims):
    """The verdict that follows when all could be looked at and `claims` is what was found."""
    if any(claim.code not in WARNINGS for claim in claims):
        return "fail"
    return "warn" if claims else "pass"

"""Ghost's Admin API, spoken to ONE chosen pod.

Two identities: the integration's key (a JWT per request) for content, and the owner's session cookie
for what an integration may not do (settings, redirects, routes).
"""

import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import time
import urllib.parse
import uuid

from . import pods
from .common import LabError


def make_jwt(admin_key, now=None):
    """The token for one admin key 'id:hexsecret', valid five minutes; LabError on a malformed key."""
    key_id, colon, secret = admin_key.partition(":")
    try:
        raw_secret = bytes.fromhex(secret)
    except ValueError:
        raw_secret = b""
    if not colon or not key_id or not raw_secret:
        raise LabError("an admin key looks like ID:HEXSECRET")
    issued = int(time.time() if now is None else now)
    signed = ".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (
        {"alg": "HS256", "typ": "JWT", "kid": key_id},
        {"iat": issued, "exp": issued + 300, "aud": "/admin/"}))
    return signed + "." + _base64url(hmac.new(raw_secret, signed.encode(), hashlib.sha256).digest())


def _base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def lexical_text(text):
    """The smallest lexical document: one paragraph. 5.130.6 refuses `?source=html`."""
    leaf = {"detail": 0, "format": 0, "mode": "normal", "style": "", "text": text,
            "type": "extended-text", "version": 1}
    paragraph = {"children": [leaf], "direction": "ltr", "format": "", "indent": 0, "type": "paragraph",
                 "version": 1}
    return json.dumps({"root": {"children": [paragraph], "direction": "ltr", "format": "", "indent": 0,
                                "type": "root", "version": 1}})


class ApiError(LabError):
    """Ghost answered a call with an error; `.status` and `.body` say which."""

    def __init__(self, what, status, body):
        super().__init__(f"{what}: {status} {body[:400].decode(errors='replace')}")
        self.status = status
        self.body = body


class AdminApi:
    """Calls go to `pod_url` only, with the Host and scheme of `site_url`; redirects are errors.

    `owner` is {"email", "password"}; needed only by the methods that say so. Every method raises
    ApiError when Ghost refuses and OSError when the pod does not answer.
    """

    def __init__(self, pod_url, site_url, admin_key, owner=None, admin_url=None):
        self._address = urllib.parse.urlsplit(pod_url).netloc
        self._admin_url = (admin_url or site_url).rstrip("/")
        self._key = admin_key
        self._owner = owner
        self._cookie = None

    # Posts and pages

    def create_post(self, title, slug=None, status="published", type="post", tags=(), authors=None,
                    visibility=None, canonical_url=None, lexical=None, published_at=None, email_only=None,
                    newsletter=None, **more):
        """Creates a post or page and returns it as Ghost does (id, slug, url, updated_at, ...).

        `tags`: names or objects; `authors`: ids, addresses or objects; `published_at`: datetime or
        text; `more`: any other field. Titles should be distinct, or Ghost makes slugs like x-2.
        """
        fields = {"title": title, "slug": slug, "status": status, "visibility": visibility,
                  "canonical_url": canonical_url, "lexical": lexical or lexical_text(f"Text of {title}."),
                  "published_at": _time_text(published_at), "email_only": email_only, **more}
        fields = {key: value for key, value in fields.items() if value is not None}
        if tags:
            fields["tags"] = [{"name": tag} if isinstance(tag, str) else tag for tag in tags]
        if authors:
            fields["authors"] = [_author(each) for each in authors]
        query = {"newsletter": newsletter} if newsletter else None
        return self._one(type + "s", "POST", "", fields, query)

    def schedule_post(self, title, at, **fields):
        """A post that Ghost is to publish at `at` (datetime or ISO text, in the future)."""
        return self.create_post(title, status="scheduled", published_at=at, **fields)

    def get_post(self, id, type="post"):
        return self._one(type + "s", "GET", f"{id}/")

    def edit_post(self, id, type="post", **changes):
        """Changes the named fields; fetches updated_at itself, so a lost race is not noticed."""
        if "published_at" in changes:
            changes["published_at"] = _time_text(changes["published_at"])
        changes.setdefault("updated_at", self.get_post(id, type)["updated_at"])
        return self._one(type + "s", "PUT", f"{id}/", changes)

    def unpublish(self, id, type="post"):
        return self.edit_post(id, type, status="draft")

    def delete_post(self, id, type="post"):
        self.call("DELETE", f"{type}s/{id}/")

    # Tags and authors

    def rename_tag(self, tag, new_slug):
        """`tag` is an id (24 hex digits) or a slug."""
        path = f"{tag}/" if len(tag) == 24 and not set(tag) - set("0123456789abcdef") else f"slug/{tag}/"
        found = self._one("tags", "GET", path)
        return self._one("tags", "PUT", f"{found['id']}/", {"slug": new_slug, "updated_at": found["updated_at"]})

    # Site state

    def edit_settings(self, **settings):
        """Changes settings (title=..., is_private=..., timezone=...); needs the owner."""
        listed = [{"key": key, "value": value} for key, value in settings.items()]
        return self.call("PUT", "settings/", {"settings": listed}, as_owner=True)["settings"]

    def read_settings(self):
        """All settings as this pod sees them, as one dict; needs the owner."""
        listed = self.call("GET", "settings/", as_owner=True)["settings"]
        return {each["key"]: each["value"] for each in listed}

    def upload_redirects(self, content, name="redirects.json"):
        """`content`: the text of redirects.json (or .yaml with that name), or a list to be dumped; needs the owner."""
        text = content if isinstance(content, str) else json.dumps(content)
        mime = "application/json" if name.endswith(".json") else "text/yaml"
        self._upload("redirects/upload/", "redirects", name, text.encode(), mime, as_owner=True)

    def upload_routes(self, yaml):
        """`yaml`: the text of routes.yaml; needs the owner."""
        self._upload("settings/routes/yaml/", "routes", "routes.yaml", yaml.encode(), "text/yaml", as_owner=True)

    def activate_theme(self, name):
        return self._one("themes", "PUT", f"{name}/activate/")

    def upload_theme(self, zip_path):
        with open(zip_path, "rb") as source:
            return self._upload("themes/upload/", "file", os.path.basename(zip_path), source.read(),
                                "application/zip")

    def upload_image(self, name, content, mime="image/png"):
        """Returns the picture's address."""
        return self._upload("images/upload/", "file", name, content, mime)["images"][0]["url"]

    # First run and integrations

    def set_up(self, title):
        """Creates the owner of an empty site."""
        self.call("POST", "authentication/setup/", {"setup": [{
            "name": "Olive Owner", "email": self._owner["email"], "password": self._owner["password"],
            "blogTitle": title}]}, anonymous=True)

    def create_integration(self, name):
        """A custom integration; returns (admin key 'id:secret', content key). Needs the owner."""
        answer = self.call("POST", "integrations/?include=api_keys", {"integrations": [{"name": name}]},
                           as_owner=True)
        keys = {key["type"]: key["secret"] for key in answer["integrations"][0]["api_keys"]}
        return keys["admin"], keys["content"]

    # Plumbing

    def call(self, method, path, document=None, query=None, as_owner=False, anonymous=False):
        """One call below /ghost/api/admin/; returns the parsed answer, None when it has no body."""
        body = None if document is None else json.dumps(document).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self._send(method, path, body, headers, query, as_owner, anonymous)

    def _one(self, resource, method, path, fields=None, query=None):
        document = None if fields is None else {resource: [fields]}
        return self.call(method, f"{resource}/{path}", document, query)[resource][0]

    def _upload(self, path, field, name, content, mime, as_owner=False):
        boundary = uuid.uuid4().hex
        head = (f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                f"Content-Type: {mime}\r\n\r\n").encode()
        body = head + content + f"\r\n--{boundary}--\r\n".encode()
        return self._send("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"},
                          None, as_owner, False)

    def _send(self, method, path, body, headers, query, as_owner, anonymous):
        if as_owner:
            headers = {**headers, **self._session()}
        elif not anonymous:
            headers = {**headers, "Authorization": f"Ghost {make_jwt(self._key)}"}
        answer = self._request(method, path, body, headers, query)
        if not 200 <= answer.status < 300:
            raise ApiError(f"{method} {path} on {self._address}", answer.status, answer.content)
        if "json" not in (answer.getheader("Content-Type") or "") or not answer.content:
            return None
        return json.loads(answer.content)

    def _request(self, method, path, body, headers, query=None):
        split = urllib.parse.urlsplit(self._admin_url)
        target = f"{split.path}/ghost/api/admin/{path}"
        if query:
            target += ("&" if "?" in path else "?") + urllib.parse.urlencode(query)
        headers = {"Origin": f"{split.scheme}://{split.netloc}", "Accept": "application/json", **headers}
        try:
            return pods.request(self._address, self._admin_url, method, target, body, headers, timeout=60)
        except http.client.HTTPException as error:
            raise OSError(f"{self._address} broke off: {error!r}") from error

    def _session(self):
        """The cookie of the owner; signs in once. The session lives in the database: any pod takes it."""
        if not self._cookie:
            if not self._owner:
                raise LabError("this call needs the owner's e-mail address and password")
            credentials = {"username": self._owner["email"], "password": self._owner["password"]}
            answer = self._request("POST", "session/", json.dumps(credentials).encode(),
                                   {"Content-Type": "application/json"})
            if answer.status != 201:
                raise ApiError("the owner cannot sign in", answer.status, answer.content)
            self._cookie = answer.getheader("Set-Cookie").split(";")[0]
        return {"Cookie": self._cookie}


def _author(author):
    if not isinstance(author, str):
        return author
    return {"email": author} if "@" in author else {"id": author}


def _time_text(moment):
    if isinstance(moment, datetime.datetime):
        moment = moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return moment

"""A pod of Ghost 5.130 as far as Rollcall asks it: what it routes is what it knew at boot and what it was told since.

usage: mock_pod.py SITE.json CONTENT ADDRESS
Says {"port": N} on stdout. Each line of stdin is told to it: {"post": {...}} or {"gone": "SLUG"}. Ends with stdin.
"""

import asyncio
import hashlib
import json
import os
import sys
import urllib.parse

FILLER = "<p>" + "lorem ipsum dolor sit amet " * 40 + "</p>"
MOST_HEAD = 16384  # bytes of a request


class Site:
    def __init__(self, description, content):
        self.url, self.title = description["url"], description["title"]
        self.posts = {post["slug"]: post for post in description["posts"]}
        self.names = {"tag": description["tags"], "author": description["authors"]}
        self.content = content

    def hear(self, told):
        if "post" in told:
            self.posts[told["post"]["slug"]] = told["post"]
        else:
            self.posts.pop(told["gone"], None)

    def answer(self, target):
        """(status, content type, body, more headers)"""
        parts = urllib.parse.urlsplit(target)
        path, query = parts.path, dict(urllib.parse.parse_qsl(parts.query))
        if path.startswith("/ghost/api/") or path == "/members/api/announcement/":
            return self._api(path.strip("/").split("/"), query)
        if path.startswith("/content/"):
            return self._file(path)
        if path.startswith("/sitemap-") and path.endswith(".xml"):
            return self._sitemap(path.removeprefix("/sitemap-").removesuffix(".xml"))
        if path == "/old-page":
            return 301, "text/plain", b"", [("Location", "/")]
        if not path.endswith("/"):
            return 301, "text/plain", b"", [("Location", path + "/"), ("Cache-Control", "public, max-age=31536000")]
        if path == "/":
            return self._page("/", self.title)
        words = path.strip("/").split("/")
        if len(words) == 1 and words[0] in self.posts:
            return self._page(path, self.posts[words[0]]["title"])
        if len(words) == 2 and words[1] in self.names.get(words[0], ()):
            return self._page(path, words[1])
        return 404, "text/html", b"<html><head><title>404</title></head><body>Page not found</body></html>", []

    def _page(self, path, title):
        body = (f"<!DOCTYPE html><html><head><title>{title}</title><link rel=\"canonical\" href=\"{self.url}{path}\">"
                f"<meta name=\"generator\" content=\"Ghost 5.130\"></head><body>{FILLER * 6}</body></html>").encode()
        return 200, "text/html; charset=utf-8", body, [("Cache-Control", "public, max-age=0")]

    def _file(self, path):
        try:
            with open(os.path.join(self.content, os.path.relpath(path, "/content")), "rb") as source:
                body, about = source.read(), os.fstat(source.fileno())
        except OSError:
            return 404, "text/plain", b"Image not found", []
        return 200, "text/plain", body, [("ETag", f'W/"{about.st_size:x}-{about.st_mtime_ns // 1000000:x}"')]

    def _sitemap(self, kind):
        if kind in ("tags", "authors"):
            found = [(f"/{kind[:-1]}/{name}/", "2026-01-01T00:00:00.000Z") for name in self.names[kind[:-1]]]
        else:
            found = [(f"/{slug}/", post["updated"]) for slug, post in self.posts.items() if post["type"] + "s" == kind]
            found += [("/", "2026-01-01T00:00:00.000Z")] if kind == "pages" else []
        rows = "".join(f"<url><loc>{self.url}{path}</loc><lastmod>{when}</lastmod></url>" for path, when in found)
        body = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
        return (200, "text/xml", body.encode(), []) if found else (404, "text/html", b"", [])

    def _api(self, words, query):
        site = {"title": self.title, "description": "", "logo": None, "icon": None, "accent_color": None,
                "locale": "en", "url": self.url + "/", "version": "5.130"}
        if words[-1] == "announcement":
            answer = {"announcement": [{}]}
        elif words[2:] == ["admin", "site"]:
            answer = {"site": site}
        elif words[2:] == ["admin", "authentication", "setup"]:
            answer = {"setup": [{"status": True}]}
        elif words[2:] == ["content", "settings"]:
            answer = {"settings": {"title": self.title, "timezone": "Etc/UTC", "url": self.url + "/"}}
        elif words[2:3] == ["content"] and words[3] in ("posts", "pages"):
            answer = self._listed(words[3], int(query.get("limit", 15)), int(query.get("page", 1)))
        else:
            return 404, "application/json", b'{"errors":[{"message":"Resource not found"}]}', []
        return 200, "application/json", json.dumps(answer).encode(), [("Content-Version", "v5.130")]

    def _listed(self, kind, limit, page):
        found = [post for post in self.posts.values() if post["type"] + "s" == kind]
        part = found[(page - 1) * limit:page * limit]
        return {kind: [{"id": post["id"], "slug": post["slug"], "url": f"{self.url}/{post['slug']}/"} for post in part],
                "meta": {"pagination": {"page": page, "limit": limit, "pages": max(1, -(-len(found) // limit)),
                                        "total": len(found), "next": None, "prev": None}}}


class Connection(asyncio.Protocol):
    def __init__(self, site):
        self.site, self.head, self.transport = site, b"", None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.head += data
        while b"\r\n\r\n" in self.head:
            head, _, self.head = self.head.partition(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n")[0].decode("latin-1").split(" ", 2)
            self._reply(method, *self.site.answer(target))
        if len(self.head) > MOST_HEAD:
            self.transport.close()

    def _reply(self, method, status, kind, body, headers):
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}",
                 "X-Powered-By: Express"]
        if not any(name == "ETag" for name, _ in headers):
            lines.append(f'ETag: W/"{hashlib.md5(body).hexdigest()}"')
        lines += [f"{name}: {value}" for name, value in headers]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + (b"" if method == "HEAD" else body))


async def serve(site, address):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(site), address, 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    told = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
    while line := await told.readline():
        site.hear(json.loads(line))


def main(description, content, address):
    with open(description, encoding="utf-8") as source:
        asyncio.run(serve(Site(json.load(source), content), address))


if __name__ == "__main__":
    main(*sys.argv[1:])

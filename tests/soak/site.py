"""A site that changes: its database, its pods as processes of their own, and what each of them missed."""

import json
import os
import random
import re
import subprocess
import sys
import time

from tests.lab import mariadb, processes

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
URL = "http://soak.example.org"
POSTS = 400
KEY = "0123456789abcdef0123456789"
PASSWORD = "planted-password-of-the-database"


def ghost_tables():
    with open(os.path.join(ROOT, "tests", "support", "ghost_tables.h"), encoding="utf-8") as source:
        return re.search(r'R"sql\((.*?)\)sql"', source.read(), re.DOTALL)[1]


def documented_grants(tables):
    """The README's GRANT statements for those of its tables that `tables` makes."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as page:
        found = re.findall(r"^GRANT SELECT.*? ON ghost\.(\w+) +TO 'rollcall'@'%';", page.read(), re.MULTILINE)
        page.seek(0)
        lines = re.findall(r"^GRANT SELECT.*;$", page.read(), re.MULTILINE)
    return [line for table, line in zip(found, lines, strict=True) if f"CREATE TABLE {table} " in tables]


class Database:
    """MariaDB with Ghost's tables; the account has the rights that the README names, and no other."""

    def __init__(self, folder, port):
        state = {"datadir": os.path.join(folder, "mariadb"), "socket": os.path.join(folder, "db.sock"), "port": port,
                 "log": os.path.join(folder, "mariadb.log")}
        mariadb.initialise(state["datadir"])
        self.port = port
        self._server = mariadb.Database(state)
        self.process = self._server.start(tied=True)
        tables = ghost_tables()
        self.sql(f"CREATE DATABASE {mariadb.NAME} CHARACTER SET utf8mb4", "")
        self.sql(tables)
        self.sql(f"CREATE USER 'rollcall'@'%' IDENTIFIED BY '{PASSWORD}';" + "".join(documented_grants(tables)), "")

    def sql(self, text, database=mariadb.NAME):
        return self._server.sql(text, database)


class Pod:
    """A process with an address of its own. `missed`: slugs of which it knows an older state."""

    def __init__(self, name, address, description, content):
        self.name, self.address, self.missed = name, address, set()
        self._process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "mock_pod.py"), description, content, address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self.port = json.loads(self._process.stdout.readline())["port"]

    def tell(self, what):
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def end(self, killed=False):
        if killed:
            self._process.kill()
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


class Site:
    """All of it. One thread changes it; `seed` decides how."""

    def __init__(self, folder, port, world, seed, pods=3):
        self._folder, self._world, self._random = folder, world, random.Random(seed)
        self.content = os.path.join(folder, "content")
        for name in ("images", "media", "files", "themes", "settings", "data"):
            os.makedirs(os.path.join(self.content, name))
        self._write("images/photo.png", "a picture" * 100)
        self._write("data/redirects.json", json.dumps([{"from": "/old-page", "to": "/", "permanent": True}]))
        self.database = Database(folder, port)
        self.posts, self.pods, self.done = {}, [], {}
        self._serial = self._addresses = 0
        self._fill()
        for _ in range(pods):
            self._add_pod()

    def end(self):
        for pod in self.pods:
            pod.end()
        processes.end([self.database.process])

    def _write(self, path, text):
        with open(os.path.join(self.content, path), "w", encoding="utf-8") as out:
            out.write(text)

    def _fill(self):
        sql = [f"INSERT INTO settings (id, `key`, value) VALUES ('1','title','Soak'), ('2','is_private','false'), "
               f"('3','active_theme','source'), ('4','timezone','Etc/UTC');"
               f"INSERT INTO integrations (id, type, name, slug) VALUES ('1','internal','Core','ghost-core-content');"
               f"INSERT INTO api_keys VALUES ('1','content','{KEY}','1');"
               f"INSERT INTO migrations (name, version) VALUES ('init','5.130');"
               f"INSERT INTO migrations_lock (lock_key, locked) VALUES ('km01', 0);"]
        for table, slug in (("tags", "news"), ("users", "author")):
            sql.append(f"INSERT INTO {table} SET id='1', slug='{slug}', created_at='2026-01-01', updated_at='2026-01-01';")
        for number in range(POSTS):
            sql.append(self._insert("page" if number % 20 == 0 else "post", "'2026-01-01'"))
        self.database.sql("".join(sql))
        self._read()

    def _insert(self, kind, when):
        self._serial += 1
        identity, slug = f"{self._serial:024x}", f"{kind}-{self._serial}"
        return (f"INSERT INTO posts SET id='{identity}', slug='{slug}', title='Title of {slug}', type='{kind}', "
                f"status='published', created_at={when}, updated_at={when}, published_at={when}, html='<p>text</p>', "
                "feature_image='__GHOST_URL__/content/images/photo.png';"
                f"INSERT INTO posts_tags VALUES ('t{self._serial}', '{identity}', '1', 0);"
                f"INSERT INTO posts_authors VALUES ('a{self._serial}', '{identity}', '1', 0);")

    def _read(self):
        """The truth, out of the database."""
        rows = self.database.sql("SELECT id, slug, title, type, DATE_FORMAT(updated_at, '%Y-%m-%dT%H:%i:%s.000Z') "
                                 "FROM posts WHERE status = 'published'")
        self.posts = {slug: {"id": identity, "slug": slug, "title": title, "type": kind, "updated": updated}
                      for identity, slug, title, kind, updated in rows}

    def _add_pod(self):
        self._addresses += 1
        description = os.path.join(self._folder, "site.json")
        with open(description, "w", encoding="utf-8") as out:
            json.dump({"url": URL, "title": "Soak", "posts": list(self.posts.values()), "tags": ["news"],
                       "authors": ["author"]}, out)
        address = f"127.0.8.{self._addresses % 250 + 1}"
        pod = Pod(f"ghost-{self._addresses}", address, description, self.content)
        self.pods.append(pod)
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._world.create_owned(pod.name, address, pod.port, started=started)
        self._world.sync()

    # What happens

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    def change(self):
        """One change of the content; a third of them one pod never hears of."""
        surplus = len(self.posts) - POSTS
        what = self._random.choices(("publish", "retitle", "unpublish", "remove"),
                                    (6 if surplus < 20 else 1, 3, 2 if surplus > -20 else 0, 3 if surplus > -20 else 0))[0]
        deaf = self._random.choice(self.pods) if what != "retitle" and self._random.random() < 1 / 3 else None
        self.make(what, deaf)

    def make(self, what, deaf=None):
        """The id of what `what` was done to; the pod `deaf` does not hear of it."""
        self.count(what if deaf is None else f"{what}, unheard by a pod")
        slug = self._random.choice([one for one in self.posts if all(one not in pod.missed for pod in self.pods)])
        identity = self.posts[slug]["id"]
        if what == "publish":
            self.database.sql(self._insert("post", "UTC_TIMESTAMP()"))
            identity, slug = f"{self._serial:024x}", f"post-{self._serial}"
        elif what == "retitle":
            self.database.sql(f"UPDATE posts SET title='Title {self._random.random()}', updated_at=UTC_TIMESTAMP() "
                              f"WHERE id='{identity}'")
        elif what == "unpublish":
            self.database.sql(f"UPDATE posts SET status='draft', updated_at=UTC_TIMESTAMP() WHERE id='{identity}'")
        else:
            self.database.sql(f"DELETE FROM posts_tags WHERE post_id='{identity}';"
                              f"DELETE FROM posts_authors WHERE post_id='{identity}';"
                              f"DELETE FROM posts WHERE id='{identity}'")
        self._read()
        for pod in self.pods:
            if pod is deaf:
                pod.missed.add(slug)
            else:
                self._tell(pod, slug)
        return identity

    def _tell(self, pod, slug):
        pod.tell({"post": self.posts[slug]} if slug in self.posts else {"gone": slug})

    def mend(self):
        """Every pod hears what it missed."""
        for pod in self.pods:
            for slug in pod.missed:
                self._tell(pod, slug)
            pod.missed.clear()
        self.count("mend")

    def restart(self):
        """The oldest pod makes room for a new process with a new name and address; half of them are killed."""
        killed = self._random.random() < 0.5
        self.count("restart by a kill" if killed else "restart")
        self._add_pod()
        leaving = self.pods.pop(0)
        if not killed:
            self._world.terminate(leaving.name)
            self._world.sync()
            time.sleep(1)   # as kubelet gives the endpoints time to go
        leaving.end(killed)
        self._world.remove(leaving.name)
        self._world.sync()


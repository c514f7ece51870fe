"""A Kubernetes API server on loopback, over TLS: discovery, lists in pages, watches, patches, and faults on demand."""

import contextlib
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse

from . import events
from .store import KINDS, ApiProblem, Store, api_version, merge_patch, status_object

BOOKMARK_SECONDS = 1


def make_certificate(folder):
    """ca.crt and server.key: a certificate for 127.0.0.1 that is its own authority."""
    ca, key = os.path.join(folder, "ca.crt"), os.path.join(folder, "server.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=fake-api", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", ca], check=True, capture_output=True)
    return ca, key


class Faults:
    """What goes wrong; a test sets it while the server runs."""

    def __init__(self):
        self.denied = set()      # (verb, resource): 403
        self.allowed = None      # (verb, group, resource): 403 for all else; None: no Role is in force
        self.refused = set()     # resources: 503
        self.answer = None       # (status, Retry-After): to everything
        self.storm = False       # every watch ends with 410 at once
        self.black_hole = False  # a watch that begins now is silent for ever, even beyond its time


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, api, port):
        super().__init__(("127.0.0.1", port), _Handler)
        self.api = api

    def get_request(self):
        connection, address = self.socket.accept()
        wrapped = self.api.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.api.opened(wrapped)
        return wrapped, address

    def handle_error(self, request, client_address):
        pass  # cut connections are what these tests are about


class FakeApi:
    """`with FakeApi(folder) as api`: runs until the end. `folder` gets the certificate."""

    def __init__(self, folder, token="first-token"):
        self.store, self.faults = Store(), Faults()
        self.tokens = {token}
        self.snapshots = {}  # of lists that are read in pages
        self.requests = []  # (method, path with query, token, User-Agent)
        self.asked = set()  # (verb, group, resource) as RBAC sees them
        self.ca, key = make_certificate(folder)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.ca, key)
        self.port = 0
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._connections, self._watching, self._server = set(), set(), None

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.down()

    def up(self):
        self._server = _Server(self, self.port)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self):
        """Nobody listens any more and every connection ends."""
        if not self._server:
            return
        self._server.shutdown()
        self._server.socket.close()
        self._server = None
        with self._lock:
            connections = list(self._connections)
        for one in connections:
            _reset(one)

    def cut_watches(self):
        """Each watch ends in the middle, with a reset."""
        with self._lock:
            watching = list(self._watching)
        for one in watching:
            _reset(one)
        return len(watching)

    def watchers(self):
        with self._lock:
            return len(self._watching)

    def opened(self, connection):
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection):
        with self._lock:
            self._connections.discard(connection)

    @contextlib.contextmanager
    def watching(self, connection):
        with self._lock:
            self._watching.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._watching.discard(connection)


def _reset(connection):
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        self.request.settimeout(120)
        super().setup()

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()
        self.server.api.closed(self.request)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def _reply(self, code, document, headers=()):
        body = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _handle(self):
        api = self.server.api
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        api.requests.append((self.command, self.path, token, self.headers.get("User-Agent", "")))
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        try:
            if api.faults.answer:
                code, after = api.faults.answer
                headers = [("Retry-After", after)] if after else []
                return self._reply(code, status_object(code, "Fault", "as the test says"), headers)
            if token not in api.tokens:
                raise ApiProblem(401, "Unauthorized", "Unauthorized")
            self._route(body)
        except ApiProblem as problem:
            self._reply(problem.code, status_object(problem.code, problem.reason, problem.message))
        return None

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle

    def _route(self, body):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        parts = url.path.strip("/").split("/")
        found = discovery(url.path)
        if found:
            return self._reply(200, found)
        rest, group = (parts[2:], "") if parts[0] == "api" else (parts[3:], parts[1] if len(parts) > 1 else "")
        namespace = None
        if len(rest) > 2 and rest[0] == "namespaces":
            namespace, rest = rest[1], rest[2:]
        resource = (group, rest[0] if rest else "")
        if resource not in KINDS:
            raise ApiProblem(404, "NotFound", "the server could not find the requested resource")
        self._authorize(resource, namespace, len(rest) > 1, query)
        if resource == events.CORE:
            return self._core_events(namespace, query, rest[1:])
        if resource == events.EVENTS and body is not None:
            events.check(body, namespace, self.command)
        if len(rest) == 1:
            return self._collection(resource, namespace, query, body)
        return self._object(resource, namespace, rest[1], rest[2:] == ["status"], body)

    def _authorize(self, resource, namespace, named, query):
        verb = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}.get(self.command)
        verb = verb or ("get" if named else "watch" if "watch" in query else "list")
        if resource[1] in self.server.api.faults.refused:
            raise ApiProblem(503, "ServiceUnavailable", "as the test says")
        self.server.api.asked.add((verb, *resource))
        allowed = self.server.api.faults.allowed
        if (verb, resource[1]) in self.server.api.faults.denied or (
                allowed is not None and (verb, *resource) not in allowed):
            raise ApiProblem(403, "Forbidden", f'{resource[1]} is forbidden: User "system:serviceaccount:blog:'
                             f'rollcall" cannot {verb} resource "{resource[1]}" in API group "{resource[0]}" '
                             f'in the namespace "{namespace}"')

    def _core_events(self, namespace, query, name):
        """Events as people's tools still read them; written only by the newer group here."""
        if self.command != "GET" or name or "watch" in query:
            raise ApiProblem(405, "MethodNotAllowed", "the fake only lists these")
        found, version = self.server.api.store.list(events.EVENTS, namespace)
        items = [one for one in map(events.as_core, found) if events.selects(query.get("fieldSelector", ""), one)]
        return self._reply(200, {"kind": "EventList", "apiVersion": "v1", "items": items,
                                 "metadata": {"resourceVersion": str(version)}})

    def _object(self, resource, namespace, name, status, body):
        store = self.server.api.store
        if self.command == "GET":
            return self._reply(200, store.get(resource, namespace, name))
        if self.command == "DELETE":
            grace = (body or {}).get("gracePeriodSeconds")
            grace = 30 if grace is None and resource[1] == "pods" else grace or 0
            return self._reply(200, store.delete(resource, namespace, name, grace))
        if self.command == "PUT":
            return self._reply(200, store.update(resource, namespace, name, lambda _: body, status))
        strategic = "strategic" in self.headers.get("Content-Type", "")
        if not strategic and "merge-patch" not in self.headers.get("Content-Type", ""):
            raise ApiProblem(415, "UnsupportedMediaType", "only merge patches")
        return self._reply(200, store.update(
            resource, namespace, name, lambda old: merge_patch(old, body, strategic), status))

    def _collection(self, resource, namespace, query, body):
        if self.command == "POST":
            return self._reply(201, self.server.api.store.create(resource, namespace, body))
        field = query.get("fieldSelector", "")
        name = field.removeprefix("metadata.name=") if field.startswith("metadata.name=") else None
        labels = query.get("labelSelector", "")
        if query.get("watch") in ("1", "true"):
            return self._watch(resource, namespace, labels, name, query)
        store = self.server.api.store
        found, version = store.list(resource, namespace, labels, name)
        begin = 0
        if query.get("continue"):
            begin, version = map(int, query["continue"].split("@"))
            store.events_after(version, resource, namespace, labels)  # 410 when it is too old
            found = self.server.api.snapshots[version, resource, labels]
        end = begin + int(query.get("limit") or 0) or len(found)
        meta = {"resourceVersion": str(version)}
        if end < len(found):
            self.server.api.snapshots[version, resource, labels] = found
            meta.update({"continue": f"{end}@{version}", "remainingItemCount": len(found) - end})
        return self._reply(200, {"kind": KINDS[resource]["list"], "apiVersion": api_version(resource[0]),
                                 "metadata": meta, "items": found[begin:end]})

    # A watch

    def _send_event(self, kind, obj):
        line = json.dumps({"type": kind, "object": obj}).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()

    def _watch(self, resource, namespace, labels, name, query):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        with self.server.api.watching(self.request):
            self._stream(resource, namespace, labels, name, query)
        self.wfile.write(b"0\r\n\r\n")

    def _stream(self, resource, namespace, labels, name, query):
        api = self.server.api
        version = int(query.get("resourceVersion") or api.store.version())
        ends = time.monotonic() + float(query.get("timeoutSeconds") or 60)
        bookmark = time.monotonic() + BOOKMARK_SECONDS
        swallowed = api.faults.black_hole
        while swallowed or time.monotonic() < ends:
            if swallowed:
                self.server.api.stopped.wait()
                return None
            try:
                if api.faults.storm:
                    raise ApiProblem(410, "Expired", "too old resource version")
                events, newest = api.store.events_after(version, resource, namespace, labels, name)
            except ApiProblem as problem:
                return self._send_event("ERROR", status_object(problem.code, problem.reason, problem.message))
            for kind, obj in events:
                self._send_event(kind, obj)
            version = newest
            if query.get("allowWatchBookmarks") and time.monotonic() >= bookmark:
                bookmark = time.monotonic() + BOOKMARK_SECONDS
                self._send_event("BOOKMARK", {"kind": KINDS[resource]["kind"], "apiVersion": "v1",
                                              "metadata": {"resourceVersion": str(version)}})
            with api.store.changed:
                if api.store.version() == version:
                    api.store.changed.wait(0.1)
        return None


def discovery(path):
    """What kubectl asks first; None for everything else."""
    if path == "/version":
        return {"major": "1", "minor": "35", "gitVersion": "v1.35.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    groups = sorted({group for group, _ in KINDS if group})
    if path == "/apis":
        versions = {group: {"groupVersion": api_version(group), "version": api_version(group).split("/")[1]}
                    for group in groups}
        return {"kind": "APIGroupList", "apiVersion": "v1",
                "groups": [{"name": group, "versions": [one], "preferredVersion": one}
                           for group, one in versions.items()]}
    for group in ["", *groups]:
        if path == ("/apis/" if group else "/api/") + api_version(group):
            return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version(group),
                    "resources": _resources(group)}
    return None


def _resources(group):
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    resources = []
    for (of, name), kind in KINDS.items():
        if of == group:
            resources += [{"name": name, "singularName": kind["singular"], "namespaced": True,
                           "kind": kind["kind"], "verbs": verbs, "shortNames": kind["short"]},
                          {"name": f"{name}/status", "singularName": "", "namespaced": True,
                           "kind": kind["kind"], "verbs": ["get", "patch", "update"]}]
    return resources

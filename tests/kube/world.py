"""Ghost pods and their Service as Kubernetes would keep them in the fake API."""

import http.server
import json
import os
import threading
import time
import urllib.parse

PODS, SLICES = ("", "pods"), ("discovery.k8s.io", "endpointslices")
DEPLOYMENTS, REPLICA_SETS = ("apps", "deployments"), ("apps", "replicasets")
AUTOSCALERS = ("autoscaling", "horizontalpodautoscalers")
CLAIMS = ("", "persistentvolumeclaims")
NAMESPACE = "blog"
HASH = "7d9f"
OWNED = {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"ghost-{HASH}", "uid": "u",
                              "controller": True}]}


def pod(name, address="127.0.0.1", port=2368, **more):
    """A pod as its kubelet last told of it."""
    ready = more.get("ready", True)
    status = {"phase": more.get("phase", "Running"), "podIP": address, "startTime": "2026-01-01T10:00:00Z",
              "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
              "containerStatuses": [{"name": "ghost", "restartCount": more.get("restarts", 0),
                                     "state": {"running": {"startedAt": more.get("started", "2026-01-01T10:00:05Z")}}}]}
    return {"metadata": {"name": name, "labels": {"app": "ghost", **more.get("labels", {})}},
            "spec": {"nodeName": more.get("node", "node-a"),
                     "containers": [{"name": "ghost", "image": "ghost:6.57.0",
                                     "ports": [{"name": "http", "containerPort": port}]}]},
            "status": status}


def template():
    """Ghost's container and its volume as they should be."""
    headers = [{"name": "X-Forwarded-Proto", "value": "https"}]
    site = {"httpGet": {"path": "/ghost/api/admin/site/", "port": "http", "httpHeaders": headers}}
    return {
        "volumes": [{"name": "content", "persistentVolumeClaim": {"claimName": "ghost-content"}}],
        "container": {
            "env": [{"name": "url", "value": "http://example.org"},
                    {"name": "database__connection__host", "value": "mysql"},
                    {"name": "database__connection__password", "value": "s3cret-of-the-database"},
                    {"name": "mail__transport", "value": "SMTP"},
                    {"name": "mail__options__auth__pass", "value": "s3cret-of-the-mail"}],
            "readinessProbe": {"httpGet": {"path": "/", "port": "http", "httpHeaders": headers}},
            "livenessProbe": {**site, "periodSeconds": 20},
            "startupProbe": {**site, "periodSeconds": 5, "failureThreshold": 360},
            "resources": {"limits": {"memory": "1Gi"}},
            "volumeMounts": [{"name": "content", "mountPath": "/var/lib/ghost/content"}]}}


class World:
    """Changes pods the way a cluster does, and keeps the Service's slices in step."""

    def __init__(self, store, slice_size=100):
        self.store = store
        self._slice_size = slice_size
        self._made = set()

    def create(self, *arguments, **more):
        self.store.create(PODS, NAMESPACE, pod(*arguments, **more))

    def deploy(self, replicas=2, strategy=None, modes=("ReadWriteMany",), autoscaler=0):
        """A Deployment named ghost with all that belongs to it, but its pods."""
        spec = {"replicas": replicas, "strategy": strategy or {"type": "Recreate"},
                "selector": {"matchLabels": {"app": "ghost"}}}
        like = template()
        spec["template"] = {"metadata": {"labels": {"app": "ghost"}}, "spec": {
            "volumes": like["volumes"], "containers": [{"name": "ghost", "image": "ghost:6.57.0", **like["container"]}]}}
        self.store.create(DEPLOYMENTS, NAMESPACE, {"metadata": {"name": "ghost"}, "spec": spec})
        self.store.create(REPLICA_SETS, NAMESPACE, {"metadata": {"name": f"ghost-{HASH}", "labels": {"app": "ghost"}},
                                                    "spec": {"replicas": replicas, "selector": spec["selector"]}})
        self.store.create(CLAIMS, NAMESPACE, {"metadata": {"name": "ghost-content"},
                                              "spec": {"accessModes": list(modes)}})
        if autoscaler:
            target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ghost"}
            self.store.create(AUTOSCALERS, NAMESPACE, {"metadata": {"name": "ghost"}, "spec": {
                "scaleTargetRef": target, "minReplicas": 1, "maxReplicas": autoscaler}})

    def create_owned(self, *arguments, change=lambda spec, container: None, **more):
        """A pod of that Deployment; `change` makes another of its template."""
        made = pod(*arguments, labels={"pod-template-hash": HASH}, **more)
        made["metadata"].update(OWNED)
        like = template()
        container = made["spec"]["containers"][0]
        made["spec"]["volumes"] = like["volumes"]
        container.update(like["container"])
        change(made["spec"], container)
        self.store.create(PODS, NAMESPACE, made)

    def set_status(self, name, change):
        def apply(obj):
            change(obj["status"])
            return obj
        self.store.update(PODS, NAMESPACE, name, apply, status=True)

    def set_ready(self, name, ready):
        def change(status):
            status["conditions"] = [{"type": "Ready", "status": "True" if ready else "False"}]
        self.set_status(name, change)

    def fence(self, name, fenced=True):
        """Out of the Service by a label, as `kubectl label` does."""
        def change(obj):
            obj["metadata"]["labels"]["fenced"] = "yes" if fenced else "no"
            return obj
        self.store.update(PODS, NAMESPACE, name, change)

    def terminate(self, name):
        self.store.delete(PODS, NAMESPACE, name, grace=30)

    def remove(self, name):
        self.store.delete(PODS, NAMESPACE, name)

    def pods(self):
        return self.store.list(PODS, NAMESPACE, "app=ghost")[0]

    def sync(self):
        """What the controller of EndpointSlices does."""
        endpoints = []
        for one in self.pods():
            meta, status = one["metadata"], one["status"]
            if not status["podIP"] or status["phase"] != "Running" or meta["labels"].get("fenced") == "yes":
                continue
            leaving = "deletionTimestamp" in meta
            endpoints.append({"addresses": [status["podIP"]], "zone": "zone-1",
                              "targetRef": {"kind": "Pod", "name": meta["name"], "uid": meta["uid"]},
                              "conditions": {"ready": _is_ready(status) and not leaving,
                                             "terminating": leaving}})
        chunks = [endpoints[i:i + self._slice_size] for i in range(0, len(endpoints), self._slice_size)] or [[]]
        wanted = {f"ghost-{i}": chunk for i, chunk in enumerate(chunks)}
        for name, chunk in wanted.items():
            if name not in self._made:
                self._made.add(name)
                self.store.create(SLICES, NAMESPACE, {
                    "metadata": {"name": name, "labels": {"kubernetes.io/service-name": "ghost"}},
                    "addressType": "IPv4", "endpoints": chunk})
            elif self.store.get(SLICES, NAMESPACE, name)["endpoints"] != chunk:
                self.store.update(SLICES, NAMESPACE, name, lambda obj, now=chunk: {**obj, "endpoints": now})
        for name in self._made - set(wanted):
            self.store.delete(SLICES, NAMESPACE, name)
        self._made &= set(wanted)

    def truth(self):
        """{name: (address, ready, terminating)} of the pods that belong into the roll."""
        told = {}
        for one in self.pods():
            meta, status = one["metadata"], one["status"]
            if not status["podIP"] or status["phase"] in ("Succeeded", "Failed"):
                continue
            leaving = "deletionTimestamp" in meta
            ready = (_is_ready(status) and not leaving and status["phase"] == "Running"
                     and meta["labels"].get("fenced") != "yes")
            port = one["spec"]["containers"][0]["ports"][0]["containerPort"]
            told[meta["name"]] = (f"{status['podIP']}:{port}", ready, leaving)
        return told


def _is_ready(status):
    return any(one["type"] == "Ready" and one["status"] == "True" for one in status["conditions"])


class Ghost:
    """Enough of a Ghost for the checks `pods`, `canary` and `deployment`. `content` is its content folder."""

    SITE = {"site": {"title": "Blog", "description": "", "logo": None, "url": "http://example.org/",
                     "version": "5.130"}}

    def __init__(self, address, content=None, port=0):
        ghost = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # pylint: disable=invalid-name
                ghost.asked += 1
                if self.path.startswith("/content/"):
                    return self._file(urllib.parse.urlsplit(self.path).path)
                body = b"<html><body>A blog</body></html>"
                if self.path.startswith("/ghost/api/"):
                    body = json.dumps(Ghost.SITE if "site" in self.path else {"setup": [{"status": True}]}).encode()
                return self._reply(200, "application/json" if b"{" in body[:1] else "text/html", body)

            def _file(self, path):
                """Of the content folder, as Ghost serves images."""
                ghost.files.append((time.monotonic(), path))
                try:
                    with open(os.path.join(content, os.path.relpath(path, "/content")), "rb") as source:
                        return self._reply(200, "text/plain", source.read())
                except OSError:
                    return self._reply(404, "text/plain", b"no")

            def _reply(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format, *args):  # pylint: disable=redefined-builtin
                pass

        self.asked = 0
        self.files = []  # (when, path) of what was asked for below /content/
        self._server = http.server.ThreadingHTTPServer((address, port), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # whoever asked was killed meanwhile
        self.address, self.port = self._server.server_address
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

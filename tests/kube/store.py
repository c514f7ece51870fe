"""The objects of a fake Kubernetes API: versions, selectors, patches, and what happened lately."""

import copy
import re
import threading
import time

# (group, resource) -> what discovery tells of it.
KINDS = {
    ("", "pods"): {"kind": "Pod", "list": "PodList", "singular": "pod", "short": ["po"]},
    ("", "services"): {"kind": "Service", "list": "ServiceList", "singular": "service", "short": ["svc"]},
    ("discovery.k8s.io", "endpointslices"): {
        "kind": "EndpointSlice", "list": "EndpointSliceList", "singular": "endpointslice", "short": []},
    ("coordination.k8s.io", "leases"): {"kind": "Lease", "list": "LeaseList", "singular": "lease", "short": []},
    ("events.k8s.io", "events"): {"kind": "Event", "list": "EventList", "singular": "event", "short": ["ev"]},
    ("", "events"): {"kind": "Event", "list": "EventList", "singular": "event", "short": ["ev"]},
    ("", "persistentvolumeclaims"): {
        "kind": "PersistentVolumeClaim", "list": "PersistentVolumeClaimList", "singular": "persistentvolumeclaim",
        "short": ["pvc"]},
    ("apps", "deployments"): {
        "kind": "Deployment", "list": "DeploymentList", "singular": "deployment", "short": ["deploy"]},
    ("apps", "replicasets"): {
        "kind": "ReplicaSet", "list": "ReplicaSetList", "singular": "replicaset", "short": ["rs"]},
    ("apps", "statefulsets"): {
        "kind": "StatefulSet", "list": "StatefulSetList", "singular": "statefulset", "short": ["sts"]},
    ("autoscaling", "horizontalpodautoscalers"): {
        "kind": "HorizontalPodAutoscaler", "list": "HorizontalPodAutoscalerList",
        "singular": "horizontalpodautoscaler", "short": ["hpa"]},
}
VERSIONS = {"autoscaling": "v2"}  # of a group; v1 otherwise


def api_version(group):
    """As objects name it: "v1", "apps/v1"."""
    return f"{group}/{VERSIONS.get(group, 'v1')}".lstrip("/")


class ApiProblem(Exception):
    """Becomes a Status object."""

    def __init__(self, code, reason, message):
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message


def status_object(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code}


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def selects(selector, labels):
    """Whether a label selector in the API's syntax fits `labels`."""
    for part in filter(None, re.split(r",(?![^(]*\))", selector)):
        part = part.strip()
        among = re.fullmatch(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)", part)
        if among:
            value, names = labels.get(among[1]), [one.strip() for one in among[3].split(",")]
            fits = (value in names) == (among[2] == "in")
        elif "!=" in part:
            key, value = part.split("!=", 1)
            fits = labels.get(key.strip()) != value.strip()
        elif "=" in part:
            key, value = re.split(r"==?", part, maxsplit=1)
            fits = labels.get(key.strip()) == value.strip()
        elif part.startswith("!"):
            fits = part[1:] not in labels
        elif re.fullmatch(r"[A-Za-z0-9./_-]+", part):
            fits = part in labels
        else:
            raise ApiProblem(400, "BadRequest", f"unable to parse requirement: {part}")
        if not fits:
            return False
    return True


def merge_patch(target, patch, strategic=False):
    """RFC 7396; the strategic kind merges lists whose members have a name or a type."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            result.pop(key, None)
        elif strategic and isinstance(value, list):
            result[key] = _merge_list(result.get(key) or [], value)
        else:
            result[key] = merge_patch(result.get(key), value, strategic)
    return result


def _merge_list(old, new):
    for key in ("name", "type"):
        if new and all(isinstance(one, dict) and key in one for one in new):
            merged = {one[key]: one for one in old}
            for one in new:
                merged[one[key]] = merge_patch(merged.get(one[key]), one, True)
            return list(merged.values())
    return copy.deepcopy(new)


class Store:
    """All objects; thread-safe. `changed` is notified whenever there is something new to watch."""

    def __init__(self):
        self.changed = threading.Condition()
        self._objects = {}   # (group, resource, namespace, name) -> object
        self._version = 100
        self._events = []    # (version, (group, resource), type, object)
        self._oldest = 100   # the oldest version one can watch from

    def version(self):
        with self.changed:
            return self._version

    def _commit(self, key, kind, obj):
        self._version += 1
        obj["metadata"]["resourceVersion"] = str(self._version)
        if kind == "DELETED":
            del self._objects[key]
        else:
            self._objects[key] = obj
        self._events.append((self._version, key[:2], kind, copy.deepcopy(obj)))
        self.changed.notify_all()

    def create(self, resource, namespace, obj):
        with self.changed:
            obj = copy.deepcopy(obj)
            name = obj.get("metadata", {}).get("name")
            key = (*resource, namespace, name)
            if not name:
                raise ApiProblem(422, "Invalid", "metadata.name: Required value")
            if key in self._objects:
                raise ApiProblem(409, "AlreadyExists", f'{resource[1]} "{name}" already exists')
            obj["metadata"].update(namespace=namespace, creationTimestamp=now(),
                                   uid=f"00000000-0000-4000-8000-{self._version:012d}")
            obj.update(apiVersion=api_version(resource[0]), kind=KINDS[resource]["kind"])
            self._commit(key, "ADDED", obj)
            return copy.deepcopy(obj)

    def get(self, resource, namespace, name):
        with self.changed:
            found = self._objects.get((*resource, namespace, name))
            if not found:
                raise ApiProblem(404, "NotFound", f'{resource[1]} "{name}" not found')
            return copy.deepcopy(found)

    def update(self, resource, namespace, name, change, status=False):
        """Replaces the object by `change(object)`; of /status only the status, otherwise all but it."""
        with self.changed:
            old = self.get(resource, namespace, name)
            new = change(copy.deepcopy(old))
            wanted = new.get("metadata", {}).get("resourceVersion")
            if wanted and wanted != old["metadata"]["resourceVersion"]:
                raise ApiProblem(409, "Conflict", f'Operation cannot be fulfilled on {resource[1]} "{name}": '
                                 "the object has been modified")
            if status:
                new = {**old, "status": new.get("status", {})}
            elif "status" in old:
                new["status"] = old["status"]
            for fixed in ("uid", "creationTimestamp", "namespace", "name", "deletionTimestamp"):
                if fixed in old["metadata"]:
                    new["metadata"][fixed] = old["metadata"][fixed]
            self._commit((*resource, namespace, name), "MODIFIED", new)
            return copy.deepcopy(new)

    def delete(self, resource, namespace, name, grace=0):
        """At once, or first marked as leaving: somebody then deletes it with no grace."""
        with self.changed:
            obj = self.get(resource, namespace, name)
            if grace:
                obj["metadata"]["deletionTimestamp"] = now()
                obj["metadata"]["deletionGracePeriodSeconds"] = grace
            self._commit((*resource, namespace, name), "MODIFIED" if grace else "DELETED", obj)
            return copy.deepcopy(obj)

    def list(self, resource, namespace, labels="", field_name=None):
        """(objects by name, version). Every namespace when `namespace` is None."""
        with self.changed:
            found = [copy.deepcopy(obj) for key, obj in sorted(self._objects.items())
                     if key[:2] == resource and namespace in (None, key[2])
                     and field_name in (None, key[3]) and selects(labels, obj["metadata"].get("labels", {}))]
            return found, self._version

    def compact(self):
        """Forgets what happened: whoever watches from an older version gets 410."""
        with self.changed:
            self._events.clear()
            self._oldest = self._version

    def events_after(self, version, resource, namespace, labels, field_name=None):
        """(events, newest version) as a watch tells them."""
        with self.changed:
            if version < self._oldest:
                raise ApiProblem(410, "Expired", f"too old resource version: {version} ({self._oldest})")
            told = []
            for at, kind_of, kind, obj in self._events:
                meta = obj["metadata"]
                if at <= version or kind_of != resource or namespace not in (None, meta["namespace"]):
                    continue
                if field_name not in (None, meta["name"]):
                    continue
                if selects(labels, meta.get("labels", {})):
                    told.append((kind, obj))
            return told, self._version

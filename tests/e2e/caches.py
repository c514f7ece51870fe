"""Real caches in front of a lab's pods: Debian's Varnish and nginx, as children of the job.

Each keeps what it gets for an hour, errors and redirects too, as operators configure them who want to spare
their pods. The request header `X-Test-Pod: N` sends a request to pod N, 9 to a server that answers 404 to everything;
without it, it goes to the next pod in turn.
"""

import contextlib
import hashlib
import os
import shutil
import socket

from lab import processes
from lab.common import tail, wait_until, write_private

_VCL = """vcl 4.1;
import directors;
acl purgers { "127.0.0.0"/8; }
%(backends)s
sub vcl_init {
  new pods = directors.round_robin();
%(members)s
}
sub vcl_recv {
  if (req.method == "PURGE") {
    if (client.ip !~ purgers) { return (synth(405)); }
    return (purge);
  }
  if (req.method == "BAN") {
    if (client.ip !~ purgers) { return (synth(405)); }
    ban("req.url == " + req.url);
    return (synth(200, "Banned"));
  }
  set req.backend_hint = pods.backend();
%(chosen)s
}
sub vcl_backend_response {
%(kept)s
}
"""
_KEEP = "  set beresp.ttl = 1h;\n  set beresp.uncacheable = false;\n  return (deliver);"

_NGINX = """daemon off;
master_process off;
pid %(folder)s/nginx.pid;
error_log stderr;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy;
  fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi;
  scgi_temp_path %(folder)s/scgi;
  proxy_cache_path %(folder)s/cache keys_zone=pages:1m;
  proxy_set_header Host $http_host;
  upstream all { %(all)s }
  upstream two { %(two)s }
  map $http_x_test_pod $origin { default all; %(chosen)s }
%(servers)s
}
"""
CACHED = """proxy_cache pages; proxy_cache_key $request_uri; proxy_cache_valid any 1h;
    proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
    add_header X-Cache-Status $upstream_cache_status always;"""


def missing():
    """What of Debian's packages is not installed."""
    return [name for name in ("varnishd", "nginx") if not shutil.which(name)]


def _accepts(host, port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


@contextlib.contextmanager
def _running(argv, log, ports, what):
    taken = [each for each in ports if _accepts(*each)]
    if taken:
        raise RuntimeError(f"{what} is to listen where somebody else does: {taken}")
    with processes.uninterrupted():
        process = processes.spawn(argv, log, tied=True)
    try:
        wait_until(lambda: not processes.is_alive(process) or all(_accepts(*each) for each in ports),
                   30, f"{what} did not listen")
        if not processes.is_alive(process):
            raise RuntimeError(f"{what} ended at once; it said:\n{tail(log)}")
        yield process
    finally:
        processes.end([process])


@contextlib.contextmanager
def varnish(lab, host, port, nothing, kept=True, name="varnish"):
    """Varnish at host:port; `nothing` is the (host, port) that answers 404.

    Without `kept` it goes by the pods' headers."""
    folder = os.path.join(lab.dir, name)
    os.makedirs(folder)
    pods = [pod["address"].split(":") for pod in lab.state["pods"]]
    vcl = _VCL % {
        "backends": "\n".join(f'backend pod{n} {{ .host = "{ip}"; .port = "{number}"; }}'
                              for n, (ip, number) in [*enumerate(pods, 1), (9, nothing)]),
        "members": "\n".join(f"  pods.add_backend(pod{n});" for n in range(1, len(pods) + 1)),
        "chosen": "\n".join(f'  if (req.http.X-Test-Pod == "{n}") {{ set req.backend_hint = pod{n}; }}'
                            for n in [*range(1, len(pods) + 1), 9]),
        "kept": _KEEP if kept else ""}
    path = os.path.join(folder, "site.vcl")
    write_private(path, vcl)
    argv = ["varnishd", "-F", "-j", "none", "-a", f"{host}:{port}", "-f", path, "-n", os.path.join(folder, "work"),
            "-s", "malloc,32m", "-p", "thread_pool_min=10"]
    with _running(argv, os.path.join(folder, "log"), [(host, port)], "Varnish") as process:
        yield process


@contextlib.contextmanager
def nginx(lab, servers, ports, nothing):
    """nginx with these server blocks; `ports` are the (host, port) they listen on. $origin: a pod, or each in turn, or
    `nothing`, which answers 404; the upstream `two` is pods 1 and 2."""
    folder = os.path.join(lab.dir, "nginx")
    os.makedirs(folder)
    addresses = [pod["address"] for pod in lab.state["pods"]]
    path = os.path.join(folder, "nginx.conf")
    write_private(path, _NGINX % {
        "folder": folder, "servers": "\n".join(servers),
        "all": " ".join(f"server {each};" for each in addresses),
        "two": " ".join(f"server {each};" for each in addresses[:2]),
        "chosen": " ".join(f"{n} {each};" for n, each in [*enumerate(addresses, 1), (9, "%s:%d" % nothing)])})
    argv = ["nginx", "-p", folder, "-c", path, "-g", "user root;" if os.geteuid() == 0 else ""]
    with _running(argv, os.path.join(folder, "log"), ports, "nginx") as process:
        yield process


def forget(lab, path):
    """Takes `path` out of nginx's cache, if it is there, by its file; nginx itself has no command for it."""
    # With libnginx-mod-http-cache-purge 2.3-4 Debian's nginx 1.22.1 dies of SIGSEGV at the first PURGE.
    with contextlib.suppress(FileNotFoundError):
        os.remove(os.path.join(lab.dir, "nginx", "cache", hashlib.md5(path.encode()).hexdigest()))

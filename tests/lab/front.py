"""The lab's Service: one address, each request goes to the next pod in turn.

Run as a program it serves until it is ended:
    front.py --port PORT [--proto https] pod-1=127.0.0.1:20001 pod-2=127.0.0.1:20002
A pod that refuses the connection is skipped (503 when all do). A pod that is booting or hung still
gets its turn: a Service without probes. `X-Lab-Pod` in the answer names the pod that gave it.
"""

import argparse
import http.client
import http.server
import itertools
import socket
import threading

_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
               "upgrade", "content-length"}
_TIMEOUT = 60


class RoundRobin:
    """Hands out the order in which to try the pods; thread-safe."""

    def __init__(self, backends):
        self._backends = list(backends)
        self._next = itertools.count()
        self._lock = threading.Lock()

    def order(self):
        """All pods, beginning with the one whose turn it is."""
        with self._lock:
            first = next(self._next) % len(self._backends)
        return self._backends[first:] + self._backends[:first]


class Front(http.server.ThreadingHTTPServer):
    """Listens on 127.0.0.1; `backends` is a list of (name, "host:port")."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, backends, proto="http"):
        self.robin = RoundRobin(backends)
        self.proto = proto
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request, client_address):
        """A client that went away is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _TIMEOUT

    def _forward(self):
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            return self._say(411, "the lab's front needs a Content-Length")
        body = self.rfile.read(int(length)) if int(length) else None
        for name, address in self.server.robin.order():
            connection = http.client.HTTPConnection(address, timeout=_TIMEOUT)
            try:
                try:
                    connection.connect()
                except OSError:
                    continue
                return self._exchange(connection, name, body)
            except socket.timeout:
                return self._say(504, f"{name} did not answer in {_TIMEOUT} s")
            except (OSError, http.client.HTTPException) as error:
                return self._say(502, f"{name}: {error}")
            finally:
                connection.close()
        return self._say(503, "no pod accepts connections")

    def _exchange(self, connection, name, body):
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for key, value in self._request_headers():
            connection.putheader(key, value)
        if body is not None or "Content-Length" in self.headers:
            connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        self._answer(answer, content, name)

    def _request_headers(self):
        client = self.client_address[0]
        before = self.headers.get("X-Forwarded-For")
        for key, value in self.headers.items():
            if key.lower() not in _HOP_BY_HOP | {"x-forwarded-for"}:
                yield key, value
        yield "X-Forwarded-For", f"{before}, {client}" if before else client
        if "X-Forwarded-Proto" not in self.headers:
            yield "X-Forwarded-Proto", self.server.proto

    def _answer(self, answer, content, name):
        self.send_response_only(answer.status, answer.reason)
        for key, value in answer.getheaders():
            if key.lower() not in _HOP_BY_HOP:
                self.send_header(key, value)
        if self.command == "HEAD" and answer.getheader("Content-Length"):
            self.send_header("Content-Length", answer.getheader("Content-Length"))
        elif answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Lab-Pod", name)
        self.end_headers()
        self.wfile.write(content)

    def _say(self, status, text):
        content = (text + "\n").encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _forward

    def log_message(self, format, *arguments):
        """Pods keep their own logs."""


def main():
    parser = argparse.ArgumentParser(description="The lab's round-robin front.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--proto", default="http", choices=("http", "https"))
    parser.add_argument("backends", nargs="+", metavar="NAME=HOST:PORT")
    arguments = parser.parse_args()
    backends = [tuple(each.split("=", 1)) for each in arguments.backends]
    Front(arguments.port, backends, arguments.proto).serve_forever()


if __name__ == "__main__":
    main()

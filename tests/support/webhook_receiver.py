"""Somebody who takes what a webhook is told, and how the README tells him to look at the signature."""

import http.server
import json
import os
import re
import threading

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TOKEN = "planted-token-of-the-webhook"
SECRET = "planted-secret-of-the-webhook"


class Message:
    def __init__(self, path, headers, body):
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def key(self):
        return self.headers["Idempotency-Key"]

    @property
    def event(self):
        return self.json["event"]


class Receiver:
    """Listens at `address`; a context manager. Answers with `statuses`, one each, and then with 200. `tls` is its end of TLS."""

    def __init__(self, address, statuses=(), tls=None):
        receiver = self
        self.statuses = list(statuses)
        self.messages = []
        self._answers = threading.Event()
        self._answers.set()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802 (the name is http.server's)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.messages.append(Message(self.path, self.headers, body))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                receiver._answers.wait()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # the connection was broken, as a test wants it
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://{address}:{self.port}/T0/{TOKEN}?key={TOKEN}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._answers.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hang(self):
        """From now on takes what comes and does not answer."""
        self._answers.clear()

    def events(self):
        return [message.event for message in list(self.messages)]

    def fingerprints(self, event):
        return {message.json["finding"]["fingerprint"] for message in list(self.messages) if message.event == event}


def is_from_rollcall():
    """The function of the README."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as page:
        code = next(block for block in re.findall(r"```python\n(.*?)```", page.read(), re.DOTALL)
                    if "X-Rollcall-Signature" in block)
    names = {}
    exec(code, names)  # pylint: disable=exec-used
    return names["is_from_rollcall"]


def schema_problems(body):
    """Where it departs from the published schema."""
    import jsonschema       # Debian's python3-jsonschema
    with open(os.path.join(ROOT, "schema", "webhook.schema.json"), encoding="utf-8") as source:
        validator = jsonschema.Draft202012Validator(json.load(source))
    return [error.message for error in validator.iter_errors(body)]

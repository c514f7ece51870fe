"""A pod that tests of the program can have in a moment."""

import hashlib
import http.server
import json
import threading

SITE = json.dumps({"site": {"title": "Lab", "url": "http://example.org/", "version": "6.65"}})

# Of some kilobytes, compressed or not.
PAGE = b"<html>" + b"".join(hashlib.sha256(bytes([n])).hexdigest().encode() for n in range(200)) + b"</html>"


class Pod:
    """As much of a pod of Ghost as the check `pods` asks; `well` may be set to False. `answers` has what else it says: a
    function of the path that gives (status, body), or None. `tls` is its end of TLS."""

    def __init__(self, host="127.0.0.1", answers=lambda path: None, tls=None):
        pod = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 (the name is http.server's)
                body = SITE.encode() if "/site/" in self.path else PAGE
                status, body = pod.answers(self.path) or (200 if pod.well else 500, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if body.startswith(b"{") else "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.well, self.answers = True, answers
        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.server.handle_error = lambda *_: None  # whoever asked went away
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def address(self):
        return self.server.server_address

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

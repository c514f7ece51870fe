"""A pod that tests of the program can have in a moment."""

import http.server
import json
import threading

SITE = json.dumps({"site": {"title": "Lab", "url": "http://example.org/", "version": "6.65"}})


class Pod:
    """As much of a pod of Ghost as the check `pods` asks; `well` may be set to False."""

    def __init__(self):
        pod = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 (the name is http.server's)
                body = SITE.encode() if "/site/" in self.path else b"<html></html>"
                self.send_response(200 if pod.well else 500)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.well = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

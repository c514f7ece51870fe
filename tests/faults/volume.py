"""A FUSE file system that does as it is told.

What each fault of a file system is called, tests/component/volume/faults_test.py shows of more than these.
"""

import errno
import threading

from component.small_pod import Pod
from component.volume.daemon import furnish
from support import volumes

from .matrix import Bed, Cell, NotApplicable

FLAP = 0.4  # s


class Volume(Bed):
    name = "content volume"
    needs = ("volume",)

    def make(self):
        self.bed = self.enter(volumes.Bed(self.faulty_volume))
        self.content = self.bed.make("content", "faulty")
        furnish(self.content)
        self.pod = Pod()
        self.stack.callback(self.pod.close)

    def config(self):
        return {"pods": [{"name": "pod-1", "url": f"http://127.0.0.1:{self.pod.address[1]}"}],
                "content": {"path": self.content}}

    def settings(self):
        return {"volume": {"folders": "images"}}

    def rule(self, rules=""):
        self.bed.rule("content", rules)

    def cells(self):
        def cell(fault, rules, says, code):
            return Cell(fault, lambda: self.rule(rules), self.rule, says, (code,))
        return [
            Cell("refused", lambda: self.bed.kill("content"), lambda: self.bed.renew("content"), "not connected|server",
                 ("RC809",)),
            cell("black hole", "getattr never", "hang|answer", "RC811"),
            cell("reset", f"getattr error {errno.ESTALE}", "stale|Stale", "RC807"),
            cell("slow", "fsync delay 2600", "slow|took", "RC812"),
            cell("garbage", "read garble", "read|differ", "RC813"),
            cell("expired credential", f"create error {errno.EACCES}", "permission denied", "RC819"),
            NotApplicable("wrong TLS", "a file system's encryption is the kernel's"),
            cell("cut mid-answer", f"read error {errno.EIO}", "error", "RC806"),
            Cell("flapping", self.flap, self.steady, None, ("RC806",)),
        ]

    def flap(self):
        self.over = threading.Event()

        def toggle():
            while not self.over.is_set():
                self.rule(f"create error {errno.EIO}")
                self.over.wait(FLAP)
                self.rule()
                self.over.wait(FLAP)
        self.toggling = threading.Thread(target=toggle)
        self.toggling.start()

    def steady(self):
        self.over.set()
        self.toggling.join()

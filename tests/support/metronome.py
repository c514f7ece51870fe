"""How late this machine comes to what it has to do."""

import threading
import time

REST = 0.2     # s from beat to beat
WORK = 0.004   # s of CPU time that a beat takes: one that merely wakes up goes before those who work


class Metronome:
    """Beats in a thread of its own as long as the process lives, and remembers how late each beat was: it waited for a
    CPU or for the interpreter, or somebody set the clock. No fault of what is tested makes it late, but one that takes
    every CPU. Thread-safe."""

    def __init__(self):
        self._began = time.monotonic()  # of the beat under way
        self._beats = []  # (when it ended, s late)
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self):
        while True:
            self._began = began = time.monotonic()
            began_wall, used = time.time(), time.thread_time()
            time.sleep(REST)
            while time.thread_time() - used < WORK:
                pass
            ended = time.monotonic()
            stepped = abs(time.time() - began_wall - (ended - began))
            self._beats.append((ended, max(ended - began - REST - WORK, stepped)))

    def worst(self, since):
        """The most that a beat was late that ended after `since`, as of time.monotonic(), or that still lasts; in s."""
        under_way = time.monotonic() - self._began - REST - WORK
        return max(under_way, *(late for ended, late in list(self._beats) if ended > since), 0)

"""A TCP proxy that breaks on command, for tests.

A fault holds for connections that are open and for new ones; `mend` ends it, and every connection that it touched.
"""

import contextlib
import random
import selectors
import socket
import struct
import threading

SLICE = 0.05     # s between two looks at the mode while nothing comes
DRIP = 0.3       # s from byte to byte of a slow answer
FLAP = 0.4       # s that a flapping proxy is away, and that it is there
CHUNK = 65536


class _Pair:
    """A client's connection and the one to the server behind."""

    def __init__(self, client):
        self.client, self.server = client, None
        self.answered = 0  # bytes of the server that the client got

    def close(self, reset=False):
        for each in filter(None, (self.client, self.server)):
            with contextlib.suppress(OSError):
                if reset:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.close()


class FaultyProxy:
    """Listens on (host, port) and hands on to `target`; a context manager. Thread-safe.

    `greets`: the server speaks first. `target` may be replaced at any time and counts for new connections.
    """

    def __init__(self, target, host="127.0.0.1", port=0, greets=False):
        self.target, self.host, self.port, self.greets = target, host, port, greets
        self._mode, self._cut_after = "well", 0
        self._generation = 0  # a connection of an older one is to end
        self._lock = threading.RLock()
        self._listener, self._fillers = None, []
        self._place = None    # while nobody listens: a socket that keeps the port, so that nobody else gets it
        self._stopped = threading.Event()
        self._threads = []
        self._listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stopped.set()
        self.mend()
        self._deafen()
        self._place.close()
        for thread in self._threads:
            thread.join()

    @property
    def address(self):
        return self.host, self.port

    # The faults

    def refuse(self):
        """Nobody listens, and what was open ends."""
        self._break("refused")
        self._deafen()

    def swallow(self):
        """A black hole: nothing comes, nothing goes, and nobody even answers a SYN."""
        self._break("black hole", touch=False)
        with self._lock:
            self._listener.listen(0)
            self._fill()

    def reset(self):
        """As soon as the client has said something (or, where the server greets, at once)."""
        self._break("reset")

    def drip(self):
        """The server's bytes, one every `DRIP` s."""
        self._break("slow")

    def garble(self):
        """Bytes that nobody meant, instead of the server's."""
        self._break("garbage")

    def cut(self, after):
        """Each answer ends, in order, after so many bytes of it."""
        self._break("cut")
        self._cut_after = after

    def flap(self):
        """There, gone, there, gone: each time what was open ends."""
        with self._lock:
            self._break("flapping")
            self._start(self._flap, self._generation)

    def mend(self):
        self._break("well")
        with self._lock:
            for each in self._fillers:
                each.close()
            self._fillers = []
            if self._stopped.is_set():
                return
            if self._listener is None:
                self._listen()
            self._listener.listen(128)

    # How

    def _break(self, mode, touch=True):
        with self._lock:
            self._mode = mode
            self._generation += touch

    def _bound(self):
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((self.host, self.port))
        return bound

    def _listen(self):
        listener, self._place = self._place or self._bound(), None
        listener.listen(128)
        listener.settimeout(SLICE)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._start(self._accept, listener)

    def _deafen(self):
        with self._lock:
            if self._listener:
                with contextlib.suppress(OSError):
                    self._listener.shutdown(socket.SHUT_RDWR)
                self._listener.close()
                self._place = self._bound()
            self._listener = None

    def _fill(self):
        """Takes the places of those who wait to be accepted, so that a further SYN is dropped."""
        for _ in range(4):
            filler = socket.socket()
            filler.settimeout(0.1)
            self._fillers.append(filler)
            try:
                filler.connect(self.address)
            except OSError:
                return

    def _start(self, work, *arguments):
        self._threads = [each for each in self._threads if each.is_alive()]
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener):
        while not self._stopped.is_set():
            if self._mode == "black hole":
                self._stopped.wait(SLICE)
                continue
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._start(self._serve, _Pair(client), self._generation)

    def _flap(self, generation):
        while self._away(generation):
            generation += 1
            self._stopped.wait(FLAP)
            with self._lock:
                if generation == self._generation and not self._stopped.is_set():
                    self._listen()
            self._stopped.wait(FLAP)

    def _away(self, generation):
        """Goes away; False when it does not flap any more."""
        with self._lock:
            if generation != self._generation or self._stopped.is_set():
                return False
            self._break("flapping")
            self._deafen()
            return True

    def _serve(self, pair, generation):
        reset = False
        try:
            with contextlib.suppress(OSError):
                pair.server = socket.create_connection(self.target, timeout=5)
                pair.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._mode == "reset" and self.greets:
                    reset = True
                    return
                reset = self._pump(pair, generation)
        finally:
            pair.close(reset or self._mode in ("reset", "refused"))

    def _pump(self, pair, generation):
        """True when the end of it is to be a reset."""
        with selectors.DefaultSelector() as ready:
            ready.register(pair.client, selectors.EVENT_READ, pair.server)
            ready.register(pair.server, selectors.EVENT_READ, pair.client)
            while generation == self._generation and not self._stopped.is_set():
                if self._mode == "black hole":
                    self._stopped.wait(SLICE)
                    continue
                for key, _ in ready.select(SLICE):
                    if self._mode == "black hole":
                        break
                    data = key.fileobj.recv(CHUNK)
                    if not data:
                        return False
                    if self._mode == "reset":
                        return True
                    if not self._hand_on(pair, data, key.data, generation):
                        return False
        return self._mode == "reset"

    def _hand_on(self, pair, data, to, generation):
        """False when the connection is to end."""
        if to is pair.server:
            to.sendall(data)
            return True
        mode = self._mode
        if mode == "garbage":
            # The same in each run; ends as a line, so that those who wait for one have it.
            to.sendall(random.Random(len(data)).randbytes(200) + b"\r\n")
            return False
        if mode == "cut":
            data = data[:max(0, self._cut_after - pair.answered)]
            pair.answered += len(data)
            to.sendall(data)
            return pair.answered < self._cut_after
        if mode != "slow":
            to.sendall(data)
            return True
        for byte in data:
            to.sendall(bytes([byte]))
            if self._stopped.wait(DRIP) or generation != self._generation:
                return False
        return True

"""Wires between Rollcall and what it asks: a forwarder of TCP connections that breaks when it is told to.

Run as a program it serves until its stdin ends:
    python3 -m e2e.wires NAME=127.0.21.1:2368=127.0.0.1:20001 ...
A line on stdin says how a wire is from now on: "NAME well", "NAME slow SECONDS", "NAME refuse", "NAME reset",
"NAME silent". It is answered by "ok" once it is so; connections there were before are reset.
"""

import asyncio
import os
import socket
import struct
import subprocess
import sys

from lab import LabError

_TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_CHUNK = 1 << 16


class Wire:
    """One listening address and the one behind it."""

    def __init__(self, listen, target):
        self._listen, self._target = listen, target
        self._server = None
        self._mode, self._delay = "well", 0.0
        self._open = set()

    async def become(self, mode, delay=0.0):
        self._mode, self._delay = mode, delay
        for writer in list(self._open):
            reset(writer)
        if self._server and mode == "refuse":
            self._server.close()
            await self._server.wait_closed()
            self._server = None
        elif not self._server and mode != "refuse":
            host, _, port = self._listen.rpartition(":")
            self._server = await asyncio.start_server(self._serve, host, int(port), reuse_address=True)

    async def _serve(self, reader, writer):
        self._open.add(writer)
        try:
            if self._mode == "reset":
                reset(writer)
            elif self._mode == "silent":
                await reader.read(-1)       # until the other side gives up
            else:
                await self._forward(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _forward(self, reader, writer):
        host, _, port = self._target.rpartition(":")
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            reset(writer)
            return
        self._open.add(far_writer)
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._open.discard(far_writer)
            far_writer.close()

    async def _pump(self, reader, writer):
        while data := await reader.read(_CHUNK):
            if self._delay:
                await asyncio.sleep(self._delay)
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def reset(writer):
    """Ends a connection by RST, if it has not ended by itself."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def serve(wires):
    for wire in wires.values():
        await wire.become("well")
    print("ok", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        name, mode, *delay = line.split()
        await wires[name].become(mode, *map(float, delay))
        print("ok", flush=True)


class Wires:
    """The client: starts the forwarder for {name: (listening address, address behind)}. A context manager."""

    def __init__(self, lines):
        self.addresses = {name: listen for name, (listen, _) in lines.items()}
        argv = [sys.executable, "-m", "e2e.wires",
                *(f"{name}={listen}={target}" for name, (listen, target) in lines.items())]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_TESTS)
        self._hear()

    def become(self, name, mode, *delay):
        self._process.stdin.write(" ".join((name, mode, *map(str, delay))) + "\n")
        self._process.stdin.flush()
        self._hear()

    def _hear(self):
        if self._process.stdout.readline() != "ok\n":
            raise LabError("the forwarder between Rollcall and the pods ended")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def main():
    wires = {}
    for word in sys.argv[1:]:
        name, listen, target = word.split("=")
        wires[name] = Wire(listen, target)
    asyncio.run(serve(wires))


if __name__ == "__main__":
    main()

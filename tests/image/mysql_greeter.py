"""A listener that greets as MySQL 8 does, asks for caching_sha2_password and keeps the answer.

MariaDB has no such accounts, and MySQL is not in Debian: whether the client can answer at all is
what this shows.
"""

import os
import socket
import threading

_PLUGIN = b"caching_sha2_password"
# PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_WITH_DB, LONG_PASSWORD
_CAPABILITIES = 0x200 | 0x8000 | 0x80000 | 0x8 | 0x1
_DENIED = b"\xff\x15\x04#28000Access denied: this was only a greeting"


class MysqlGreeter:
    """`answers`: (plug-in's name, length of the scrambled password), one for each connection."""

    def __enter__(self):
        self.answers = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self):
        while True:
            try:
                connection = self._socket.accept()[0]
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    self._shake_hands(connection)
                except OSError:
                    continue        # a client that left has answered nothing

    def _shake_hands(self, connection):
        salt = bytes(1 + byte % 127 for byte in os.urandom(20))
        capabilities = _CAPABILITIES.to_bytes(4, "little")
        connection.sendall(_packet(0, b"\x0a8.0.36\0" + (1).to_bytes(4, "little") + salt[:8] + b"\0" +
                                   capabilities[:2] + b"\x2d\x02\x00" + capabilities[2:] +
                                   bytes([21]) + bytes(10) + salt[8:] + b"\0" + _PLUGIN + b"\0"))
        reply = connection.recv(4096)[4:]
        user_end = reply.index(b"\0", 32)
        length = reply[user_end + 1]
        names = reply[user_end + 2 + length:].split(b"\0")
        self.answers.append((_PLUGIN.decode() if _PLUGIN in names else repr(names), length))
        connection.sendall(_packet(2, _DENIED))


def _packet(number, payload):
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload

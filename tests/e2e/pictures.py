"""Pictures on a site: made, uploaded, shown by a post, and what becomes of their files."""

import contextlib
import json
import os
import struct
import time
import urllib.parse
import zlib

_HOUR = 3600


def png(side=40):
    """A picture that Ghost takes for one."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    lines = b"".join(b"\0" + bytes((x * 7 + y * 3) % 256 for x in range(side * 3)) for y in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def upload(lab, name):
    """(address, path of its file): a picture that looks an hour old, so that its versions are compared."""
    address = lab.api(1).upload_image(name, png())
    path = os.path.join(lab.state["content_dir"], urllib.parse.urlsplit(address).path.split("/content/", 1)[1])
    age(path)
    return address, path


def age(path):
    os.utime(path, (time.time() - _HOUR,) * 2)


def text_with(address):
    """A post's text with one picture, as the editor makes it."""
    picture = {"type": "image", "version": 1, "src": address, "width": 1400, "height": 1000, "title": "", "alt": "",
               "caption": "", "cardWidth": "regular", "href": ""}
    return json.dumps({"root": {"children": [picture], "direction": "ltr", "format": "", "indent": 0, "type": "root",
                                "version": 1}})


@contextlib.contextmanager
def away(path):
    """The file is gone for as long as the block runs."""
    os.rename(path, path + ".away")
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)
        os.rename(path + ".away", path)

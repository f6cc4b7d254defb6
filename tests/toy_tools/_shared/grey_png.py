"""A reader and writer of 8-bit grey PNG images in the standard library alone, for the toy tool of the tests."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def read(path: Path) -> list[bytes]:
    """Return the rows of an image whose rows are not filtered."""
    raw, place, data = path.read_bytes(), 8, b""
    if not raw.startswith(SIGNATURE):
        raise ValueError("not a PNG")
    while place + 8 <= len(raw):
        length, kind = struct.unpack(">I4s", raw[place : place + 8])
        body = raw[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, bits, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            data += body
        place += length + 12
    if (bits, colour) != (8, 0):
        raise ValueError("not an 8-bit grey image")
    pixels = zlib.decompress(data)
    if len(pixels) != height * (width + 1):
        raise ValueError("the image is cut off")
    return [pixels[y * (width + 1) + 1 : (y + 1) * (width + 1)] for y in range(height)]


def encode(rows: list[bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return SIGNATURE + b"".join(map(_chunk, (b"IHDR", b"IDAT", b"IEND"), (header, pixels, b"")))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

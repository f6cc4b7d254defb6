"""What a file's first bytes say it is, and how many pixels its header declares; no pixel is decoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from django.conf import settings

from analysis_runner.refusals import Refusal

TIFF = {
    b"II*\0": ("<", False),
    b"MM\0*": (">", False),
    b"II+\0": ("<", True),
    b"MM\0+": (">", True),
}
BEGINNINGS = [
    *((magic, "tiff") for magic in TIFF),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"ZISRAWFILE", "czi"),
    (b"\xda\xce\xbe\x0a", "nd2"),
    (b"\0\0\0\x0cjP  ", "nd2"),
    (b"\x70\0\0\0", "lif"),
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "zarr"),
    (b"PQTTTR", "ptu"),
]
KNOWN_BUT_NOT_TAKEN = [
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP picture"),
    (b"%PDF", "a PDF"),
    (b"RIFF", "a WebP picture or a video"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"<", "a web page or an SVG or XML text"),
]
CURE = (
    "TIFF, OME-TIFF, PNG, JPEG, CZI, ND2, LIF, PTU, SDT, NPY and zipped OME-Zarr are read; Fiji saves others as TIFF."
)
MOST_PAGES = 50_000
WIDTH, HEIGHT, BITS, SAMPLES_A_PIXEL = 256, 257, 258, 277
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
FULLY_EXPANDED_BYTES = 64 * 2**20
MOST_EXPANSION = 1000


def kind(file: IO[bytes]) -> str:
    """Return the format named by the first bytes, or refuse with 415."""
    file.seek(0)
    first = file.read(128)
    for beginning, name in BEGINNINGS:
        if first.startswith(beginning):
            return name
    if first[32:34] == b"UU" and first[42:57] == b"*IDENTIFICATION":
        return "sdt"
    for beginning, name in KNOWN_BUT_NOT_TAKEN:
        if first.lstrip().startswith(beginning):
            raise _unsupported(f"This is {name}, which is not read here.")
    if first and all(byte in b"\t\n\r\f" or 32 <= byte < 127 or byte >= 0xC2 for byte in first):
        raise _unsupported("This is a text file, whatever its name ends in, not an image.")
    raise _unsupported("The first bytes of this file are not those of any image format that is read here.")


def check_declared(file: IO[bytes], name: str, size: int) -> None:
    """Refuse with 422 what declares more pixels than can be opened, or cannot be the format that it names."""
    if name == "png":
        _check([_png(file)], size)
    elif name == "jpeg":
        _check([_jpeg(file)], size)
    elif name == "tiff":
        _check(_tiff(file, size), size)


def _check(pages: Iterator[tuple[int, int, int]] | list[tuple[int, int, int]], size: int) -> None:
    """Add up pages of (width, height, bytes a pixel)."""
    pixels = expanded = 0
    for width, height, depth in pages:
        if width <= 0 or height <= 0:
            raise _malformed(f"Its header says that it is {width} x {height} pixels large.")
        pixels += width * height
        expanded += width * height * depth
        if pixels > settings.MAX_MEGAPIXELS * 1_000_000:
            raise _too_large(
                f"It declares {width:,} x {height:,} pixels and more than {settings.MAX_MEGAPIXELS} million in all."
            )
    if expanded > FULLY_EXPANDED_BYTES and expanded > MOST_EXPANSION * size:
        raise _too_large(f"Its {size:,} bytes claim to hold {expanded:,} bytes of pixels.")


def _png(file: IO[bytes]) -> tuple[int, int, int]:
    file.seek(8)
    header = file.read(18)
    if len(header) < 18 or header[4:8] != b"IHDR":
        raise _malformed("It begins as a PNG but has no PNG header.")
    width, height, bits, colour = struct.unpack(">IIBB", header[8:18])
    return width, height, max(1, bits // 8) * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 4)


def _jpeg(file: IO[bytes]) -> tuple[int, int, int]:
    """Walk from marker to marker up to the frame header."""
    file.seek(2)
    for _ in range(2000):
        marker = file.read(4)
        if len(marker) < 4 or marker[0] != 0xFF:
            break
        length = struct.unpack(">H", marker[2:])[0]
        if 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
            frame = file.read(6)
            if len(frame) < 6:
                break
            height, width = struct.unpack(">HH", frame[1:5])
            return width, height, frame[5]
        file.seek(length - 2, 1)
    raise _malformed("It begins as a JPEG but has no picture in it.")


def _tiff(file: IO[bytes], size: int) -> Iterator[tuple[int, int, int]]:
    """Yield each page's width, height and bytes a pixel, following the chain of directories."""
    file.seek(0)
    order, big = TIFF[file.read(4)]
    file.seek(8 if big else 4)
    offset = _number(file, order + ("Q" if big else "I"))
    seen: set[int] = set()
    while offset:
        if offset in seen:
            raise _malformed("Its pages refer to each other in a circle.")
        if len(seen) >= MOST_PAGES:
            raise _too_large(f"It has more than {MOST_PAGES:,} pages.")
        if offset >= size:
            raise _malformed("It is cut off: its list of pages lies beyond the end of the file.")
        seen.add(offset)
        tags, offset = _directory(file, order, big, offset)
        if WIDTH in tags and HEIGHT in tags:
            depth = max(1, tags.get(BITS, 8) // 8) * max(1, min(tags.get(SAMPLES_A_PIXEL, 1), 64))
            yield tags[WIDTH], tags[HEIGHT], depth
    if not seen:
        raise _malformed("It begins as a TIFF but has no page.")


def _directory(file: IO[bytes], order: str, big: bool, offset: int) -> tuple[dict[int, int], int]:
    """Read the four tags that say how large a page is, and where the next directory begins."""
    file.seek(offset)
    count = _number(file, order + ("Q" if big else "H"))
    if count > 4096:
        raise _malformed("A page of it has more than 4,096 properties.")
    entry = 20 if big else 12
    block = file.read(count * entry)
    if len(block) < count * entry:
        raise _malformed("It is cut off within its list of pages.")
    tags = {}
    for place in range(0, len(block), entry):
        tag, kind_of = struct.unpack_from(order + "HH", block, place)
        if tag in (WIDTH, HEIGHT, BITS, SAMPLES_A_PIXEL):
            tags[tag] = _value(file, order, big, block[place + 4 : place + entry], kind_of)
    file.seek(offset + (8 if big else 2) + len(block))
    return tags, _number(file, order + ("Q" if big else "I"), at_end=0)


def _value(file: IO[bytes], order: str, big: bool, rest: bytes, kind_of: int) -> int:
    """Return the first number of a tag, which stands in the directory or, if there are several, elsewhere."""
    code = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}.get(kind_of)
    if code is None:
        return 0
    count = struct.unpack_from(order + ("Q" if big else "I"), rest)[0]
    value = rest[8 if big else 4 :]
    if count * SIZES[kind_of] > len(value):
        file.seek(struct.unpack(order + ("Q" if big else "I"), value)[0])
        value = file.read(SIZES[kind_of])
    if len(value) < SIZES[kind_of]:
        return 0
    return int(struct.unpack_from(order + code, value)[0])


def _number(file: IO[bytes], form: str, at_end: int | None = None) -> int:
    raw = file.read(struct.calcsize(form))
    if len(raw) < struct.calcsize(form):
        if at_end is not None:
            return at_end
        raise _malformed("It is cut off within its header.")
    return int(struct.unpack(form, raw)[0])


def _unsupported(sentence: str) -> Refusal:
    return Refusal(415, "unsupported_format", sentence, CURE)


def _malformed(sentence: str) -> Refusal:
    cure = "The file is damaged or was not copied completely. Copy it again, or open it and save it anew."
    return Refusal(422, "malformed", sentence, cure)


def _too_large(sentence: str) -> Refusal:
    return Refusal(422, "too_large", sentence, "Save a crop or fewer planes, and upload that.")

"""A sample is read as what it is, or refused with a reason from a closed list; nothing in between, and soon."""

from __future__ import annotations

import csv
import json
import struct
import time
import zlib
from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.tool_runs import TOOLS, computed, inspect

CORPUS = SHARED / "reliability" / "corpus"
ROWS = list(csv.DictReader((CORPUS / "MANIFEST.csv").open())) if CORPUS.is_dir() else []
CODES = {"unsupported_format", "malformed", "too_large", "wrong_dimensions"}
MAKE = """
import sys, json, numpy as np, tifffile
def write(array, **how):
    tifffile.imwrite(sys.argv[1], array, **how)
ramp = np.arange(2 * 3 * 4 * 32 * 32, dtype=np.uint16).reshape(2, 3, 4, 32, 32)
"""


def made(path: Path, code: str) -> Path:
    computed("_readers", MAKE + code, str(path))
    return path


def png(width: int, height: int) -> bytes:
    """Return a PNG that declares a size and holds next to nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "unsupported_format"),
        (b"Not an image, only a text.", "unsupported_format"),
        (b"GIF89a" + bytes(100), "unsupported_format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "unsupported_format"),
        (b"PK\x03\x04" + bytes(100), "malformed"),
        (b"II*\x00" + bytes(4), "malformed"),
        (b"\x93NUMPY\x01\x00", "malformed"),
        (png(30_000, 30_000), "too_large"),
        (png(100, 100), "malformed"),
    ],
)
def test_what_is_no_sound_image_is_refused(content: bytes, code: str, tmp_path: Path) -> None:
    sample = tmp_path / "sample.tif"
    sample.write_bytes(content)
    assert inspect(sample).refusal["code"] == code


def test_a_cut_off_tiff_is_refused(tmp_path: Path) -> None:
    whole = made(tmp_path / "whole.tif", "write(ramp[0, 0, 0], compression='zlib')")
    cut = tmp_path / "cut.tif"
    cut.write_bytes(whole.read_bytes()[:-60])
    assert inspect(cut).refusal["code"] == "malformed"


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    sample, witness = tmp_path / "objects.npy", tmp_path / "ran"
    code = """
class Bait:
    def __reduce__(self):
        return (open, (sys.argv[2], "w"))
np.save(sys.argv[1], np.array([Bait()], dtype=object), allow_pickle=True)
"""
    computed("_readers", MAKE + code, str(sample), str(witness))
    assert inspect(sample).refusal["code"] in CODES
    assert not witness.exists()


def test_a_small_file_that_unpacks_to_a_huge_image_is_refused(tmp_path: Path) -> None:
    bomb = made(tmp_path / "bomb.tif", "write(np.zeros((12_000, 12_000), np.uint8), compression='zstd')")
    assert bomb.stat().st_size < 2**18
    assert inspect(bomb).refusal["code"] == "too_large"


@pytest.mark.parametrize(
    ("code", "axes", "shape", "sizes", "step"),
    [
        ("write(ramp[0, 0, 0])", "YX", [32, 32], None, None),
        ("write(ramp[0, 0], photometric='minisblack')", "QYX", [4, 32, 32], None, None),
        (
            "write(ramp, ome=True, metadata={'axes': 'TCZYX', 'PhysicalSizeX': 65, 'PhysicalSizeXUnit': 'nm',"
            " 'PhysicalSizeZ': 0.3, 'TimeIncrement': 500, 'TimeIncrementUnit': 'ms'})",
            "TCZYX",
            [2, 3, 4, 32, 32],
            {"x": 0.065, "y": None, "z": 0.3},
            0.5,
        ),
        (
            "write(ramp[0, 0], imagej=True, resolution=(4, 4), metadata={'axes': 'ZYX', 'spacing': 2, 'unit': 'um'})",
            "ZYX",
            [4, 32, 32],
            {"x": 0.25, "y": 0.25, "z": 2.0},
            None,
        ),
        ("write(ramp[0, 0, 0], resolution=(300, 300), resolutionunit='INCH')", "YX", [32, 32], None, None),
    ],
    ids=["plane", "unnamed", "ome", "imagej", "dots per inch"],
)
def test_axes_and_calibration_are_those_of_the_file(
    code: str, axes: str, shape: list[int], sizes: object, step: float | None, tmp_path: Path
) -> None:
    ran = inspect(made(tmp_path / "sample.tif", code))
    found = json.loads((ran.out / "inspection.json").read_text())
    assert (found["axes"], found["shape"], found["dtype"]) == (axes, shape, "uint16")
    assert (found["pixel_size_um"], found["time_step_s"]) == (sizes, step)
    assert (ran.out / found["preview"]).read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(not ROWS, reason="The corpus in ../shared is not on this machine; the project works without it.")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"].partition("_")[0])
def test_the_corpus(row: dict[str, str]) -> None:
    if row["file"].startswith("strings/"):
        pytest.skip("This row is a text for forms, not an image.")
    began = time.monotonic()
    ran = inspect(CORPUS / row["file"])
    assert time.monotonic() - began < 30
    if row["expected"] == "reject" or (row["expected"] == "either" and ran.status == 3):
        assert ran.refusal["code"] in CODES
        return
    assert ran.status == 0, ran.log
    found = json.loads((ran.out / "inspection.json").read_text())
    if row["expected"] == "accept" and row["reader"] != "lif":
        scenes = [found["series"]] if row["reader"] == "czi" else []
        assert [n for n in scenes + found["shape"] if n > 1] == [n for n in json.loads(row["shape"]) if n > 1]
        assert found["dtype"] == row["dtype"]
        if row["reader"] == "tifffile":
            assert found["axes"] == row["axes"]


SELECT = """
import json, sys
from pathlib import Path
from read import read_image
from request import Refusal, Request, _sample
tool = {"input": {"axes": sys.argv[2], "max_pixels": 10**7}}
try:
    image = read_image(Request(tool, {}, _sample({"file": sys.argv[1], **json.loads(sys.argv[3])})))
    print(json.dumps([list(image.pixels.shape), float(image.pixels.flat[0])]))
except Refusal as refusal:
    print(json.dumps(refusal.code))
"""
PLANE = 32 * 32


@pytest.mark.parametrize(
    ("wanted", "told", "expected"),
    [
        ("YX", {}, "wrong_dimensions"),
        ("ZYX", {"channel": 1, "plane": 1}, [[4, 32, 32], float((12 + 4) * PLANE % 65536)]),
        ("ZYX", {"channel": 1}, "wrong_dimensions"),
        ("ZYX", {"channel": 3, "plane": 1}, "wrong_dimensions"),
        ("ZYX", {"channel": 1, "plane": 2}, "wrong_dimensions"),
        ("YX", {"channel": 1, "plane": 1}, "wrong_dimensions"),
        ("TYX", {"axes": "ZCTYX", "channel": 2, "plane": 1}, [[4, 32, 32], float((12 + 8) * PLANE % 65536)]),
        ("TYX", {"axes": "ZCTYX", "shape": [2, 3, 5, 32, 32], "channel": 2, "plane": 1}, "malformed"),
        ("ZYX", {"axes": "ZYX", "channel": 1, "plane": 1}, "wrong_dimensions"),
        ("ZYX", {"series": 1, "channel": 1, "plane": 1}, "malformed"),
    ],
)
def test_only_what_was_chosen_is_read(wanted: str, told: dict[str, object], expected: object, tmp_path: Path) -> None:
    sample = made(tmp_path / "five.ome.tif", "write(ramp, ome=True, metadata={'axes': 'TCZYX'})")
    assert computed("_readers", SELECT, str(sample), wanted, json.dumps(told)) == expected


def test_a_grey_picture_in_colours_is_the_plane_that_it_shows(tmp_path: Path) -> None:
    grey = made(tmp_path / "grey.tif", "write(np.stack([ramp[0, 0, 0] % 251] * 3, -1).astype('u1'), photometric='rgb')")
    tinted = made(
        tmp_path / "tint.tif", "write((ramp[0, 0, :3] % 251).astype('u1').transpose(1, 2, 0), photometric='rgb')"
    )
    assert computed("_readers", SELECT, str(grey), "YX", "{}") == [[32, 32], 0.0]
    assert computed("_readers", SELECT, str(tinted), "YX", "{}") == "wrong_dimensions"
    assert computed("_readers", SELECT, str(tinted), "YX", '{"channel": 1}')[0] == [32, 32]


def test_the_readers_share_the_tools_environment() -> None:
    assert (TOOLS / "_readers" / "requirements.lock").read_text() == (
        TOOLS / "nuclei-2d" / "requirements.lock"
    ).read_text()

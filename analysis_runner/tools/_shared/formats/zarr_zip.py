"""OME-Zarr in an uncompressed or deflated zip. Only numbers, and only codecs that cannot run code."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import zarr
from zarr.storage import ZipStore

from formats.opened import Fact, Malformed, Opened, UnsupportedFormat, positive, whole
from formats.tiff_metadata import SECONDS

CODECS = {"blosc", "zstd", "gzip", "zlib", "lz4", "bz2", "lzma", "bytes", "crc32c", "transpose", "delta", "shuffle"}
MICROMETRES = {"micrometer": 1.0, "nanometer": 1e-3, "millimeter": 1e3, "meter": 1e6, "angstrom": 1e-4}
TIMES = SECONDS | {"second": 1.0, "millisecond": 1e-3, "microsecond": 1e-6, "minute": 60.0, "hour": 3600.0}
MOST_ENTRIES = 100_000


def open_zarr_zip(path: Path, number: int = 0) -> Opened:
    """Open the finest resolution of an image in a zipped OME-Zarr."""
    described = _described(path)
    if not described:
        raise UnsupportedFormat("This zip is not an OME-Zarr: it describes no multiscale image.")
    if not 0 <= number < len(described):
        raise Malformed(f"It holds {len(described)} images; there is no number {number + 1}.")
    group, image = described[number]
    where = str(PurePosixPath(group) / image["datasets"][0]["path"])
    _harmless(path, where)
    with ZipStore(path, mode="r") as store:
        array = zarr.open_array(store, path=where, mode="r")
        shape, dtype = tuple(array.shape), np.dtype(array.dtype)
    axes = _axes(image, len(shape))
    sizes, step = _calibration(image, axes)
    count = shape[axes.index("C")] if "C" in axes else 0
    return Opened(
        format="OME-Zarr",
        axes=axes,
        shape=shape,
        dtype=dtype,
        read=lambda picks: _read(path, where, axes, picks),
        file_bytes=path.stat().st_size,
        pixel_size_um=sizes,
        time_step_s=step,
        channels=tuple(f"channel {n + 1}" for n in range(count)),
        series=len(described),
        facts=(Fact("pyramid", f"{len(image['datasets'])} resolutions; the finest is used", "OME-Zarr metadata"),),
    )


def _described(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the folder and description of every multiscale image in the zip."""
    found = []
    with zipfile.ZipFile(path) as archive:
        if len(archive.infolist()) > MOST_ENTRIES:
            raise Malformed(f"It has more than {MOST_ENTRIES} entries.")
        for entry in sorted(archive.infolist(), key=lambda e: e.filename):
            name = PurePosixPath(entry.filename)
            if name.name in (".zattrs", "zarr.json") and entry.file_size < 2**22:
                said = json.loads(archive.read(entry))
                attributes = said.get("attributes", said) if isinstance(said, dict) else {}
                images = attributes.get("ome", attributes).get("multiscales") or []
                found += [("" if str(name.parent) == "." else str(name.parent), image) for image in images]
    return found


def _harmless(path: Path, where: str) -> None:
    """Refuse arrays of objects, and codecs that are not known to only unpack bytes."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in (f"{where}/.zarray", f"{where}/zarr.json") if n in archive.NameToInfo]
        if not names or archive.getinfo(names[0]).file_size > 2**20:
            raise Malformed(f"It describes no array at {where}.")
        said = json.loads(archive.read(names[0]))
    used = [said.get("compressor"), *(said.get("filters") or []), *(said.get("codecs") or [])]
    ids = {str(codec.get("id") or codec.get("name")) for codec in used if codec}
    if "O" in str(said.get("dtype", said.get("data_type"))) or not ids <= CODECS:
        raise UnsupportedFormat("Its pixels are packed in a way that is not read here.")


def _axes(image: Mapping[str, Any], count: int) -> str:
    names = [a["name"] if isinstance(a, dict) else a for a in image.get("axes") or []]
    if not names:
        return "TCZYX"[-count:]
    return "".join(str(name).upper() if str(name).upper() in "TCZYX" else "Q" for name in names)


def _calibration(image: Mapping[str, Any], axes: str) -> tuple[dict[str, float], float | None]:
    steps = image["datasets"][0].get("coordinateTransformations") or []
    scale = next((s["scale"] for s in steps if s.get("type") == "scale"), [])
    units = [a.get("unit") if isinstance(a, dict) else None for a in image.get("axes") or []]
    known = dict(zip(axes, zip(scale, units, strict=False), strict=False))
    sizes = {a.lower(): float(known[a][0]) * MICROMETRES[known[a][1]] for a in "XYZ" if _unit(known, a) in MICROMETRES}
    step = float(known["T"][0]) * TIMES[known["T"][1]] if _unit(known, "T") in TIMES else None
    return positive(sizes), step


def _unit(known: Mapping[str, tuple[float, str | None]], axis: str) -> str | None:
    return known[axis][1] if axis in known else None


def _read(path: Path, where: str, axes: str, picks: Mapping[str, int]) -> np.ndarray[Any, Any]:
    with ZipStore(path, mode="r") as store:
        array = zarr.open_array(store, path=where, mode="r")
        whole(math.prod(array.chunks) * array.dtype.itemsize)
        return np.asarray(array[tuple(picks[axis] if axis in picks else slice(None) for axis in axes)])

"""TIFF in its dialects: OME, ImageJ, BigTIFF, MetaMorph, Aperio and plain."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from formats.opened import Fact, Malformed, Opened, TooLarge, picked, positive, whole
from formats.tiff_metadata import calibration, channel_names

MOST_PAGES = 50_000
DIALECTS = (("is_ome", "OME-TIFF"), ("is_imagej", "ImageJ TIFF"), ("is_stk", "MetaMorph STK"), ("is_svs", "Aperio SVS"))


def open_tiff(path: Path, number: int = 0) -> Opened:
    """Open a series of a TIFF. Files that others belong to are not looked for."""
    with tifffile.TiffFile(path, _multifile=False) as tif:
        series = _series(tif, number)
        _whole(series)
        known = calibration(tif, number)
        axes = _axes(series)
        return Opened(
            format=_dialect(tif),
            axes=axes,
            shape=tuple(series.shape),
            dtype=np.dtype(series.dtype),
            read=lambda picks: _read(path, number, axes, picks),
            file_bytes=path.stat().st_size,
            pixel_size_um=positive(known.sizes),
            time_step_s=known.time_step_s if "T" in axes else None,
            channels=channel_names(tif, number, axes, tuple(series.shape)),
            series=len(tif.series),
            facts=known.facts + _facts(series),
        )


def _series(tif: tifffile.TiffFile, number: int) -> tifffile.TiffPageSeries:
    if len(tif.pages) > MOST_PAGES:
        raise TooLarge(f"It has {len(tif.pages)} pages; {MOST_PAGES} is the most.")
    if not tif.series:
        raise Malformed("It holds no image.")
    if not 0 <= number < len(tif.series):
        raise Malformed(f"It has {len(tif.series)} images; there is no number {number + 1}.")
    return tif.series[number]


def _whole(series: tifffile.TiffPageSeries) -> None:
    """Refuse a multi-file OME-TIFF that names planes in files we do not have."""
    if any(page is None for page in series.pages):
        raise Malformed("Some of its planes lie in other files of the same set.")


def _axes(series: tifffile.TiffPageSeries) -> str:
    """Return the letters; what no one named (I, Q, others that repeat) is Q."""
    letters = "".join(axis if axis in "TCZYXSH" else "Q" for axis in series.axes)
    return "".join("Q" if letters.index(axis) != place and axis != "Q" else axis for place, axis in enumerate(letters))


def _dialect(tif: tifffile.TiffFile) -> str:
    name = next((name for flag, name in DIALECTS if getattr(tif, flag)), "TIFF")
    return f"Big{name}" if tif.is_bigtiff and name == "TIFF" else name


def _read(path: Path, number: int, axes: str, picks: Mapping[str, int]) -> np.ndarray[Any, Any]:
    """Read the pages that hold what is wanted, or the whole series where pages do not divide it."""
    with tifffile.TiffFile(path, _multifile=False) as tif:
        series = tif.series[number]
        page_axes = len(series.keyframe.shape)
        leading = tuple(series.shape[: series.ndim - page_axes])
        if math.prod(leading) != len(series.pages) or not any(axis in picks for axis in axes[: len(leading)]):
            whole(math.prod(series.shape) * np.dtype(series.dtype).itemsize)
            return picked(series.asarray(maxworkers=1), axes, picks)
        places = np.arange(math.prod(leading)).reshape(leading)
        wanted = np.atleast_1d(picked(places, axes[: len(leading)], picks))
        pages = [series.pages[int(place)].asarray(maxworkers=1) for place in wanted.ravel()]
        left = [n for axis, n in zip(axes, leading, strict=False) if axis not in picks]
        pixels = np.stack(pages).reshape(*left, *series.keyframe.shape)
        kept = "".join(axis for axis in axes[: len(leading)] if axis not in picks) + axes[len(leading) :]
        return picked(pixels, kept, picks)


def _facts(series: tifffile.TiffPageSeries) -> tuple[Fact, ...]:
    page = series.keyframe
    compression = str(getattr(page.compression, "name", "none")).lower().replace("_", " ")
    facts = [Fact("compression", compression, "the TIFF header")]
    if "jpeg" in compression:
        facts.append(Fact("lossy", "JPEG compression has altered the intensities", "the TIFF header"))
    if len(series.levels) > 1:
        facts.append(Fact("pyramid", f"{len(series.levels)} resolutions; the finest is used", "the TIFF header"))
    if lens := re.search(r"AppMag = (\d+)", str(page.description)[:10_000]):
        facts.append(Fact("magnification", f"{lens[1]}x", "the Aperio description"))
    return tuple(facts)

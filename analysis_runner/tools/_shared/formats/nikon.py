"""Nikon ND2, old and new."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nd2
import numpy as np

from formats.opened import Fact, Malformed, Opened, picked, positive


def open_nd2(path: Path, number: int = 0) -> Opened:
    """Open one stage position of an ND2 file; positions count as series."""
    with nd2.ND2File(path) as file:
        sizes = dict(file.sizes)
        positions = sizes.pop("P", 1)
        if not 0 <= number < positions:
            raise Malformed(f"It has {positions} positions; there is no number {number + 1}.")
        size = file.voxel_size()
        axes = "".join(axis if axis in "TCZYXS" else "Q" for axis in sizes)
        return Opened(
            format="ND2",
            axes=axes,
            shape=tuple(sizes.values()),
            dtype=np.dtype(file.dtype),
            read=lambda picks: _read(path, number, axes, picks),
            file_bytes=path.stat().st_size,
            pixel_size_um=positive({"x": size.x, "y": size.y, "z": size.z if "Z" in sizes else None}),
            time_step_s=_time_step(file),
            channels=_channels(file, sizes),
            series=positions,
            facts=(Fact("pixel size", "stated in the file", "ND2 metadata"),),
        )


def _read(path: Path, number: int, axes: str, picks: Mapping[str, int]) -> np.ndarray[Any, Any]:
    with nd2.ND2File(path) as file:
        pixels = file.to_dask()
        if "P" in file.sizes:
            pixels = pixels[tuple(number if axis == "P" else slice(None) for axis in file.sizes)]
        return np.asarray(picked(pixels, axes, picks).compute(scheduler="synchronous"))


def _time_step(file: nd2.ND2File) -> float | None:
    """Return the mean measured interval of the first time loop, else the planned one."""
    for loop in file.experiment:
        if loop.type == "TimeLoop":
            milliseconds = loop.parameters.periodDiff.avg or loop.parameters.periodMs
            return milliseconds / 1000 if milliseconds and milliseconds > 0 else None
    return None


def _channels(file: nd2.ND2File, sizes: Mapping[str, int]) -> tuple[str, ...]:
    if "S" in sizes:
        return ("red", "green", "blue", "alpha")[: sizes["S"]]
    channels = getattr(file.metadata, "channels", None) or []
    names = tuple(str(channel.channel.name)[:60] for channel in channels)
    count = sizes.get("C", 1)
    return names if len(names) == count and count > 1 else tuple(f"channel {n + 1}" for n in range(count) if count > 1)

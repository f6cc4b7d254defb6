"""Photon counting files of lifetime microscopes: PicoQuant PTU and Becker & Hickl SDT."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import ptufile
import sdtfile

from formats.opened import Fact, Malformed, Opened, UnsupportedFormat, picked, positive, whole


def open_photons(path: Path, number: int = 0) -> Opened:
    """Open a histogram of photon arrivals, of axes H (bins) Y X, with frames T and detectors C where there are many."""
    with path.open("rb") as file:
        picoquant = file.read(6) == b"PQTTTR"
    return _open_ptu(path, number) if picoquant else _open_sdt(path, number)


def _open_ptu(path: Path, number: int) -> Opened:
    if number:
        raise Malformed("A PTU file holds a single image.")
    with ptufile.PtuFile(path) as file:
        if not file.is_image:
            raise UnsupportedFormat("This PTU file is a measurement at a point, not an image.")
        sizes = {axis: n for axis, n in zip(file.dims, file.shape, strict=True) if n > 1 or axis in "YX"}
        axes = "".join(sizes)
        coordinates = dict(file.coords)
        steps = {axis: _step(coordinates.get(axis)) for axis in "TXY"}
        return Opened(
            format="PTU",
            axes=axes,
            shape=tuple(sizes.values()),
            dtype=np.dtype(file.dtype),
            read=lambda picks: _read_ptu(path, axes, picks),
            file_bytes=path.stat().st_size,
            pixel_size_um=positive({"x": steps["X"] * 1e6, "y": steps["Y"] * 1e6}),
            time_step_s=steps["T"] or None,
            laser_mhz=file.frequency / 1e6,
            channels=tuple(f"detector {n + 1}" for n in range(sizes.get("C", 0))),
            facts=(Fact("laser frequency", f"{file.frequency / 1e6:.4g} MHz", "PTU header"),),
        )


def _read_ptu(path: Path, axes: str, picks: Mapping[str, int]) -> np.ndarray[Any, Any]:
    with ptufile.PtuFile(path) as file:
        whole(int(np.prod(file.shape, dtype=np.int64)) * np.dtype(file.dtype).itemsize)
        index = tuple(slice(None) if n > 1 or a in "YX" else 0 for a, n in zip(file.dims, file.shape, strict=True))
        return picked(np.asarray(file.decode_image())[index], axes, picks)


def _open_sdt(path: Path, number: int) -> Opened:
    file = sdtfile.SdtFile(path)
    if not 0 <= number < len(file.data):
        raise Malformed(f"It holds {len(file.data)} data blocks; there is no number {number + 1}.")
    block = file.data[number]
    if block.ndim != 3:
        raise UnsupportedFormat("This SDT file holds decay curves without an image.")
    time = file.times[number]
    span = float(time[-1] - time[0]) * len(time) / max(len(time) - 1, 1)
    return Opened(
        format="SDT",
        axes="YXH",
        shape=tuple(block.shape),
        dtype=block.dtype,
        read=lambda picks: picked(np.asarray(sdtfile.SdtFile(path).data[number]), "YXH", picks),
        file_bytes=path.stat().st_size,
        laser_mhz=1e-6 / span if span > 0 else None,
        series=len(file.data),
        facts=(Fact("recorded time span", f"{span * 1e9:.4g} ns", "SDT header"),),
    )


def _step(coordinates: Any) -> float:
    return float(abs(coordinates[1] - coordinates[0])) if coordinates is not None and len(coordinates) > 1 else 0.0

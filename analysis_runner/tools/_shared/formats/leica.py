"""Leica LIF: a file holds many images, which count as series."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import liffile
import numpy as np

from formats.opened import Fact, Malformed, Opened, picked, positive, whole

WAVELENGTHS = "λΛ"


def open_lif(path: Path, number: int = 0) -> Opened:
    """Open one image of a LIF file. A wavelength axis counts as channels unless there are channels beside it."""
    with liffile.LifFile(path) as file:
        images = file.images
        if not 0 <= number < len(images):
            raise Malformed(f"It holds {len(images)} images; there is no number {number + 1}.")
        image = images[number]
        axes = _axes(image.dims)
        coordinates = dict(image.coords)
        steps = {axis: _step(coordinates.get(axis)) for axis in "XYZT"}
        return Opened(
            format="LIF",
            axes=axes,
            shape=tuple(image.shape),
            dtype=np.dtype(image.dtype),
            read=lambda picks: _read(path, number, axes, picks),
            file_bytes=path.stat().st_size,
            pixel_size_um=positive({axis.lower(): steps[axis] and steps[axis] * 1e6 for axis in "XYZ"}),
            time_step_s=steps["T"] or None,
            channels=_channels(image, axes, coordinates),
            series=len(images),
            facts=(Fact("image name", str(image.name)[:100], "LIF metadata"),),
        )


def _axes(dims: tuple[str, ...]) -> str:
    letters = [("C" if d in WAVELENGTHS and "C" not in dims else d) for d in dims]
    return "".join(axis if axis in "TCZYXSH" and letters.index(axis) == n else "Q" for n, axis in enumerate(letters))


def _read(path: Path, number: int, axes: str, picks: Mapping[str, int]) -> np.ndarray[Any, Any]:
    with liffile.LifFile(path) as file:
        image = file.images[number]
        whole(image.size * np.dtype(image.dtype).itemsize)
        return picked(np.asarray(image.asarray(mode="r")), axes, picks)


def _step(coordinates: Any) -> float:
    return float(abs(coordinates[1] - coordinates[0])) if coordinates is not None and len(coordinates) > 1 else 0.0


def _channels(image: Any, axes: str, coordinates: Mapping[str, Any]) -> tuple[str, ...]:
    if "S" in axes:
        return ("red", "green", "blue", "alpha")[: image.shape[axes.index("S")]]
    if "C" not in axes:
        return ()
    place = axes.index("C")
    if (wavelengths := coordinates.get(image.dims[place])) is not None and image.dims[place] in WAVELENGTHS:
        return tuple(f"{float(w) * 1e9:.0f} nm" for w in wavelengths)
    return tuple(f"channel {n + 1}" for n in range(image.shape[place]))

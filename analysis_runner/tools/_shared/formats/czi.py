"""Zeiss CZI: scenes count as series; axes of length 1 are left out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import czifile
import numpy as np

from formats.opened import Fact, Malformed, Opened, picked, positive, whole

SCENE, SAMPLES = "S", "0"


def open_czi(path: Path, number: int = 0) -> Opened:
    """Open one scene of a CZI file; tiles are put together."""
    with czifile.CziFile(path) as file:
        sizes = dict(zip(file.axes, file.shape, strict=True))
        scenes = sizes.get(SCENE, 1)
        if not 0 <= number < scenes:
            raise Malformed(f"It has {scenes} scenes; there is no number {number + 1}.")
        kept = {axis: n for axis, n in sizes.items() if axis != SCENE and (n > 1 or axis in "YX")}
        axes = "".join("S" if axis == SAMPLES else axis if axis in "TCZYX" else "Q" for axis in kept)
        said = _metadata(file)
        return Opened(
            format="CZI",
            axes=axes,
            shape=tuple(kept.values()),
            dtype=np.dtype(file.dtype),
            read=lambda picks: _read(path, number, axes, picks),
            file_bytes=path.stat().st_size,
            pixel_size_um=_sizes(said),
            channels=_channels(said, axes, tuple(kept.values())),
            series=scenes,
            facts=(Fact("pixel size", "stated in the file", "CZI metadata"),) if _sizes(said) else (),
        )


def _read(path: Path, number: int, axes: str, picks: Mapping[str, int]) -> np.ndarray[Any, Any]:
    with czifile.CziFile(path) as file:
        whole(int(np.prod(file.shape, dtype=np.int64)) * np.dtype(file.dtype).itemsize)
        index = tuple(_place(axis, n, number) for axis, n in zip(file.axes, file.shape, strict=True))
        return picked(file.asarray(max_workers=1)[index], axes, picks)


def _place(axis: str, n: int, scene: int) -> int | slice:
    return scene if axis == SCENE else slice(None) if n > 1 or axis in "YX" else 0


def _metadata(file: czifile.CziFile) -> dict[str, Any]:
    try:
        said = file.metadata(raw=False)["ImageDocument"]["Metadata"]
    except (KeyError, TypeError, ValueError, AttributeError, SyntaxError):
        return {}
    return said if isinstance(said, dict) else {}


def _sizes(said: Mapping[str, Any]) -> dict[str, float]:
    """Return the distances, which the file gives in metres, in micrometres."""
    distances = _listed(_inside(said, "Scaling", "Items", "Distance"))
    return positive({str(d.get("Id", "")).lower(): float(d.get("Value") or 0) * 1e6 for d in distances})


def _channels(said: Mapping[str, Any], axes: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    if "C" not in axes:
        return ("red", "green", "blue", "alpha")[: shape[axes.index("S")]] if "S" in axes else ()
    count = shape[axes.index("C")]
    channels = _listed(_inside(said, "Information", "Image", "Dimensions", "Channels", "Channel"))
    names = tuple(str(c.get("Fluor") or c.get("Name") or "").strip()[:60] for c in channels)
    return names if len(names) == count and all(names) else tuple(f"channel {n + 1}" for n in range(count))


def _inside(said: Any, *keys: str) -> Any:
    for key in keys:
        said = said.get(key) if isinstance(said, dict) else None
    return said


def _listed(value: Any) -> list[Any]:
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, dict)]

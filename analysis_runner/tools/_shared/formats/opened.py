"""One opened series of an image file: what its header declares, and a way to its pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MANY_BYTES = 2**29
LARGEST_RATIO = 1000
SMALL_BYTES = 2**26
MOST_AXES = 8


class UnsupportedFormat(Exception):  # noqa: N818 - it says why, not that something broke
    """A file of a kind that is not read here."""


class Malformed(Exception):  # noqa: N818 - it says why, not that something broke
    """A file that is not what it says it is."""


class TooLarge(Exception):  # noqa: N818 - it says why, not that something broke
    """An image that would take more memory than a run may have."""


@dataclass(frozen=True)
class Fact:
    """One thing known of the file, and how it is known."""

    key: str
    value: str
    how: str


@dataclass(frozen=True)
class Opened:
    """What the header declares.

    Axes are letters as in OME (T C Z Y X), S for colour samples, H for lifetime bins, Q for an axis that the file
    does not name. Pixel sizes are in micrometres, the time step in seconds.
    """

    format: str
    axes: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[Mapping[str, int]], np.ndarray[Any, Any]]
    file_bytes: int
    pixel_size_um: dict[str, float] = field(default_factory=dict)
    time_step_s: float | None = None
    laser_mhz: float | None = None
    channels: tuple[str, ...] = ()
    series: int = 1
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        if len(self.axes) != len(self.shape) or len(self.axes) > MOST_AXES:
            raise Malformed(f"Axes {self.axes} do not belong to the shape {self.shape}.")
        if min(self.shape, default=0) < 1:
            raise Malformed(f"The shape {self.shape} holds no pixel.")
        if self.dtype.kind not in "buif":
            raise UnsupportedFormat(f"Pixels of type {self.dtype} are not intensities.")

    def selected(self, picks: Mapping[str, int]) -> np.ndarray[Any, Any]:
        """Return the pixels with some axes picked away, in the order of the axes that are left.

        Parameters
        ----------
        picks : mapping of str to int
            For each axis to be picked away, the index on it.

        Raises
        ------
        TooLarge
            If more than `MANY_BYTES` would be decoded, or suspiciously many for the size of the file.
        Malformed
            If what was decoded is not of the declared shape.
        """
        wanted = tuple(n for axis, n in zip(self.axes, self.shape, strict=True) if axis not in picks)
        self._affordable(math.prod(wanted) * self.dtype.itemsize)
        pixels = np.asarray(self.read(picks))
        if pixels.shape != wanted or pixels.size == 0:
            raise Malformed(f"It declares {wanted} and holds {pixels.shape} pixels.")
        if pixels.dtype.kind not in "buif":
            raise UnsupportedFormat(f"Pixels of type {pixels.dtype} are not intensities.")
        return pixels

    @property
    def declared_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def _affordable(self, size: int) -> None:
        whole(size)
        if self.declared_bytes > SMALL_BYTES and self.declared_bytes > LARGEST_RATIO * self.file_bytes:
            raise TooLarge(
                f"It packs {self.declared_bytes / 2**20:,.0f} MB of pixels into {self.file_bytes / 2**10:,.0f} kB."
            )


def whole(size: int) -> None:
    """Refuse to read all of an image of so many bytes, where only all of it can be read."""
    if size > MANY_BYTES:
        raise TooLarge(f"It declares {size / 2**20:,.0f} MB of pixels; {MANY_BYTES / 2**20:,.0f} MB is the most.")


def picked(pixels: np.ndarray[Any, Any], axes: str, picks: Mapping[str, int]) -> np.ndarray[Any, Any]:
    """Return the array without the picked axes."""
    return pixels[tuple(picks[axis] if axis in picks else slice(None) for axis in axes)]


def positive(sizes: Mapping[str, float | None]) -> dict[str, float]:
    """Return only the sizes that are numbers above zero."""
    return {axis: float(size) for axis, size in sizes.items() if size and math.isfinite(size) and size > 0}

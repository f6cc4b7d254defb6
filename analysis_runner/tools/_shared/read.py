"""The pixels that a tool asked for, out of a file that may hold more: never a guess which of them are meant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from formats import Opened, open_file
from formats.opened import picked, whole
from request import Refusal, Request, Sample
from selection import picks
from trouble import refusing


@dataclass(frozen=True)
class Image:
    """Pixels in the order of `axes`; sizes in micrometres by lower-case axis, the time step in seconds."""

    pixels: np.ndarray[Any, Any]
    axes: str
    pixel_size_um: dict[str, float]
    time_step_s: float | None
    laser_mhz: float | None = None
    warnings: list[str] = field(default_factory=list)


def read_image(request: Request) -> Image:
    """Read the sample with the axes that the tool takes.

    Raises
    ------
    Refusal
        If the file cannot be read, has other axes, leaves open which channel or plane is meant, is too large,
        or holds nothing but one value.
    """
    wanted = request.tool["input"]["axes"]
    with refusing():
        opened = _as_told(open_file(request.sample.file, request.sample.series), request.sample)
        grey = "S" in opened.axes and "S" not in wanted and request.sample.channel is None and _colourless(opened)
    chosen = picks(opened, wanted, replace(request.sample, channel=0) if grey else request.sample)
    left = {axis: n for axis, n in zip(opened.axes, opened.shape, strict=True) if axis not in chosen}
    _small_enough(math.prod(left.values()), request.tool["input"]["max_pixels"])
    with refusing():
        pixels = opened.selected(chosen)
    ordered = np.ascontiguousarray(pixels.transpose([list(left).index(axis) for axis in wanted]))
    ordered, warnings = _numbers(_opaque(ordered) if wanted.endswith("S") else ordered)
    _has_contrast(ordered)
    known = opened.pixel_size_um | request.sample.pixel_size_um
    return Image(ordered, wanted, known, request.sample.time_step_s or opened.time_step_s, opened.laser_mhz, warnings)


def _as_told(opened: Opened, sample: Sample) -> Opened:
    """Name the axes as the person did, who knows better than a file that names none, or names them wrongly."""
    if sample.shape is not None and tuple(sample.shape) != opened.shape:
        raise Refusal(
            "malformed",
            f"The file holds {opened.shape} pixels, not {sample.shape} as when it was inspected.",
            "Upload it again.",
        )
    told = sample.axes
    if told is None or told == opened.axes:
        return opened
    named = told.replace("Q", "")
    if len(told) != len(opened.axes) or not {"Y", "X"} <= set(told) or len(set(named)) != len(named):
        raise Refusal(
            "wrong_dimensions",
            f"The axes {told} do not fit an image of shape {opened.shape}.",
            f"Give one letter of T, C, Z, Y, X, S or H for each of its {len(opened.axes)} axes, with Y and X.",
        )
    return replace(opened, axes=told, read=lambda chosen: _read_renamed(opened, told, chosen))


def _read_renamed(opened: Opened, told: str, chosen: Mapping[str, int]) -> np.ndarray[Any, Any]:
    """Read with the file's own letters where each is there once; else read all and pick afterwards."""
    if len(set(opened.axes)) == len(opened.axes):
        return opened.read({own: chosen[axis] for own, axis in zip(opened.axes, told, strict=True) if axis in chosen})
    whole(opened.declared_bytes)
    return picked(opened.read({}), told, chosen)


def _colourless(opened: Opened) -> bool:
    """Whether a colour picture is grey: all its colours are the same, so any of them is the image."""
    left = [axis for axis in opened.axes if axis in "YXS"]
    pixels = opened.selected({axis: 0 for axis in opened.axes if axis not in left})
    colours = _opaque(np.moveaxis(pixels, left.index("S"), -1))
    return bool((colours == colours[..., :1]).all())


def _opaque(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the colours without their transparency; grey with transparency is grey."""
    return pixels[..., : {2: 1, 4: 3}.get(pixels.shape[-1], pixels.shape[-1])]


def _small_enough(count: int, most: int) -> None:
    if count > most:
        raise Refusal(
            "too_large",
            f"This tool takes at most {most / 1e6:,.0f} million pixels; this image has {count / 1e6:,.1f}.",
            "Crop it, or choose a smaller part.",
        )


def _numbers(pixels: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], list[str]]:
    """Return pixels that are all numbers; what is not a number counts as the smallest value, and is told."""
    if pixels.dtype.kind == "b":
        return pixels.astype(np.uint8), []
    if pixels.dtype.kind != "f" or (finite := np.isfinite(pixels)).all():
        return pixels, []
    if not finite.any():
        raise Refusal("no_contrast", "No pixel of this image is a number.", "Choose another channel or plane.")
    count = int(pixels.size - finite.sum())
    filled = np.where(finite, pixels, pixels[finite].min())
    return filled, [f"{count:,} pixels are not numbers; they were taken as the smallest value of the image."]


def _has_contrast(pixels: np.ndarray[Any, Any]) -> None:
    if pixels.min() == pixels.max():
        raise Refusal(
            "no_contrast",
            f"Every pixel of this image has the value {pixels.flat[0]}: there is nothing to find in it.",
            "Choose another channel or plane, or check the export of the image.",
        )

"""Pictures to look at: the image with its contrast stretched, and what was found drawn on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

LARGEST = 2000
COMFORTABLE = 1000
CHANNEL_COLOURS = ((0, 255, 0), (255, 0, 255), (0, 255, 255), (255, 255, 0))
OUTLINE = (255, 200, 0)
COLOURS = (
    (255, 200, 0), (0, 200, 255), (255, 90, 160), (120, 255, 120), (200, 150, 255), (255, 140, 60), (90, 255, 220),
)  # fmt: skip
Array = np.ndarray[Any, Any]


def stretched(plane: Array, low: float = 0.5, high: float = 99.8) -> Array:
    """Return a plane as 8 bits, with the darkest and brightest few pixels cut off.

    Parameters
    ----------
    plane : ndarray, shape (Y, X)
        Intensities of any numeric type.
    low, high : float
        Percentiles that become black and white.
    """
    values = np.nan_to_num(plane.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    bottom, top = np.percentile(values, (low, high))
    if top <= bottom:
        bottom, top = values.min(), values.max()
    scale = 255.0 / (top - bottom) if top > bottom else 0.0
    return np.clip((values - bottom) * scale, 0, 255).astype(np.uint8)


def preview(pixels: Array, axes: str) -> Array:
    """Return a plane with its channels in colours, shape (Y, X, 3)."""
    if "H" in axes:
        pixels, axes = pixels.sum(axis=axes.index("H"), dtype=np.float64), axes.replace("H", "")
    if "C" in axes:
        channels = np.moveaxis(pixels, axes.index("C"), 0)
        if "S" in axes:
            return preview(channels[0], axes.replace("C", ""))
        return _mixed([stretched(channel) for channel in channels[: len(CHANNEL_COLOURS)]])
    if "S" in axes:
        colours = np.moveaxis(pixels, axes.index("S"), -1)
        return colour(colours) if colours.shape[-1] >= 3 else grey(colours[..., 0])
    return grey(pixels)


def grey(plane: Array) -> Array:
    """Return a plane as stretched grey, shape (Y, X, 3)."""
    return np.repeat(stretched(plane)[..., None], 3, axis=-1)


def colour(pixels: Array) -> Array:
    """Return a colour image as 8 bits without its transparency; 8 bits are left as they are."""
    pixels = pixels[..., :3]
    return pixels if pixels.dtype == np.uint8 else stretched(pixels, 0, 100)


def outlined(picture: Array, labels: Array, tints: Array | None = None) -> Array:
    """Draw the outline of every label on a picture, enlarged or reduced to a comfortable size.

    Parameters
    ----------
    picture : ndarray of uint8, shape (Y, X, 3)
    labels : ndarray of int, shape (Y, X)
    tints : ndarray of uint8, shape (n + 1, 3), optional
        A colour for every label, if they are to differ.
    """
    size = _size(labels.shape)
    drawn = np.array(Image.fromarray(picture).resize(size, _resampling(labels.shape)))
    rows = (np.arange(size[1]) * labels.shape[0]) // size[1]
    columns = (np.arange(size[0]) * labels.shape[1]) // size[0]
    fitted = labels[np.ix_(rows, columns)]
    edge = _edges(fitted)
    drawn[edge] = OUTLINE if tints is None else tints[fitted[edge]]
    return drawn


def enlarged(picture: Array) -> Array:
    """Return a picture enlarged or reduced to a comfortable size."""
    return np.asarray(_canvas(picture)[0])


def circled(picture: Array, points: Iterable[tuple[float, float]], radius: float) -> Array:
    """Draw a circle around every point (y, x) of a picture; the radius is in pixels of the picture."""
    canvas, draw, scale = _canvas(picture)
    around = max(radius * scale, 3.0)
    for y, x in points:
        cy, cx = (y + 0.5) * scale, (x + 0.5) * scale
        draw.ellipse((cx - around, cy - around, cx + around, cy + around), outline=OUTLINE)
    return np.asarray(canvas)


def traced(picture: Array, tracks: Sequence[Sequence[tuple[float, float]]]) -> Array:
    """Draw the path of every track, a sequence of (y, x), with a dot at its end."""
    canvas, draw, scale = _canvas(picture)
    for number, track in enumerate(tracks):
        tint = COLOURS[number % len(COLOURS)]
        path = [((x + 0.5) * scale, (y + 0.5) * scale) for y, x in track]
        draw.line(path, fill=tint, width=max(1, round(scale / 2)))
        cx, cy = path[-1]
        draw.ellipse((cx - 2, cy - 2, cx + 2, cy + 2), fill=tint)
    return np.asarray(canvas)


def save(path: Path, picture: Array, largest: int = LARGEST) -> Path:
    """Write a picture as PNG, reduced to at most `largest` pixels a side."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((largest, largest))
    image.save(path, optimize=False, compress_level=6)
    return path


def _mixed(channels: Sequence[Array]) -> Array:
    if len(channels) == 1:
        return np.repeat(channels[0][..., None], 3, axis=-1)
    mixed = np.zeros((*channels[0].shape, 3), np.float32)
    for channel, tint in zip(channels, CHANNEL_COLOURS, strict=False):
        mixed += channel[..., None] / 255.0 * np.asarray(tint, np.float32)
    return np.clip(mixed, 0, 255).astype(np.uint8)


def _edges(labels: Array) -> Array:
    """Return where a labelled pixel has a neighbour of another label."""
    edge = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        here = [slice(None), slice(None)]
        there = [slice(None), slice(None)]
        here[axis], there[axis] = slice(1, None), slice(None, -1)
        differs = labels[tuple(here)] != labels[tuple(there)]
        edge[tuple(here)] |= differs
        edge[tuple(there)] |= differs
    return edge & (labels > 0)


def _canvas(picture: Array) -> tuple[Image.Image, ImageDraw.ImageDraw, float]:
    size = _size(picture.shape[:2])
    canvas = Image.fromarray(np.ascontiguousarray(picture)).resize(size, _resampling(picture.shape[:2]))
    return canvas, ImageDraw.Draw(canvas), size[0] / picture.shape[1]


def _size(shape: Sequence[int]) -> tuple[int, int]:
    """Return width and height: small images enlarged by a whole number, large ones reduced."""
    longest = max(shape)
    factor = max(1, COMFORTABLE // longest) if longest <= LARGEST else LARGEST / longest
    return max(1, round(shape[1] * factor)), max(1, round(shape[0] * factor))


def _resampling(shape: Sequence[int]) -> Image.Resampling:
    return Image.Resampling.NEAREST if max(shape) <= LARGEST else Image.Resampling.BOX

"""Bright blobs found by a threshold and parted where they touch, in a plane or in a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from request import Refusal
from scipy import ndimage
from skimage import filters, segmentation

Array = np.ndarray[Any, Any]
BRIGHTEST = 2.0
HEIGHT = 0.45


def otsu_of_most(image: Array) -> float:
    """Return Otsu's threshold of an image in which very bright objects are held back.

    A few mitotic or dead nuclei, many times brighter than the rest, would draw the threshold above the rest: what is
    more than `BRIGHTEST` times as far above the background as the median object counts as no brighter than that.
    """
    threshold = filters.threshold_otsu(image)
    for _ in range(5):
        if not (image > threshold).any():
            break
        dark, bright = np.median(image[image <= threshold]), np.median(image[image > threshold])
        ceiling = dark + BRIGHTEST * (bright - dark)
        if image.max() <= ceiling:
            break
        image = np.minimum(image, ceiling)
        threshold = filters.threshold_otsu(image)
    return float(threshold)


METHODS = {
    "otsu": otsu_of_most,
    "otsu_all": filters.threshold_otsu,
    "li": filters.threshold_li,
    "triangle": filters.threshold_triangle,
    "yen": filters.threshold_yen,
}


@dataclass(frozen=True)
class Found:
    """Label map without gaps, the diameter used (pixels along x), and how many objects were left out and why."""

    labels: Array
    diameter: float
    too_small: int
    on_border: int
    foreground: float


def find_objects(
    image: Array,
    spacing: Sequence[float],
    *,
    diameter: float | None,
    method: str,
    split: bool,
    smallest: float,
    drop_border: bool,
) -> Found:
    """Find objects brighter than their surroundings.

    Gaussian, threshold, and a watershed on the distance to the background (F. Meyer, Signal Processing 38, 1994).

    Parameters
    ----------
    image : ndarray of float, shape (Y, X) or (Z, Y, X)
    spacing : sequence of float
        Size of a pixel along each axis, in pixels along x: 1 for x, and for instance 3 for slices far apart.
    diameter : float or None
        Typical diameter in pixels along x; None to estimate it from the image.
    method : str
        A key of `METHODS`, or "local" for a threshold that follows background and brightness.
    split : bool
        Part objects that touch.
    smallest : float
        Leave out objects below this share of the area (volume) of a typical object.
    drop_border : bool
        Leave out objects that reach the edge of the plane.

    Raises
    ------
    Refusal
        If nothing, or nearly everything, is brighter than the threshold.
    """
    scale = np.asarray(spacing, float)
    mask = _mask(image, scale, diameter or _first_guess(image), method)
    distance = ndimage.distance_transform_edt(mask, sampling=scale)
    diameter = diameter or _typical_diameter(distance, mask)
    mask = ndimage.binary_fill_holes(_mask(image, scale, diameter, method))
    foreground = float(mask.mean())
    if not 0 < foreground < 0.9:
        raise Refusal(
            "nothing_found",
            f"{foreground:.0%} of the image is brighter than the threshold, so no objects stand out.",
            "Choose the channel of the nuclei, another threshold method, or a darker background.",
        )
    labels = _parted(mask, scale, diameter) if split else ndimage.label(mask)[0]
    return _kept(labels, scale, diameter, smallest, drop_border, foreground)


def _mask(image: Array, scale: Array, diameter: float, method: str) -> Array:
    sigma = max(diameter / 20, 0.7) / scale
    smooth = ndimage.gaussian_filter(image, sigma)
    if method == "local":
        return _near_half_height(smooth, scale, diameter)
    return smooth > METHODS[method](smooth)


def _near_half_height(smooth: Array, scale: Array, diameter: float) -> Array:
    """Return what is above `HEIGHT` of the way from the background around it to the peak nearby.

    Dim and bright objects are bounded alike; what rises less than half of Li's threshold is background.
    """
    near = np.maximum(np.round(diameter / scale), 1).astype(int) | 1
    wide = np.maximum(np.round(2 * diameter / scale), 1).astype(int) | 1
    background = ndimage.gaussian_filter(ndimage.minimum_filter(smooth, tuple(wide)), diameter / scale)
    peak = ndimage.gaussian_filter(ndimage.maximum_filter(smooth, tuple(near)), diameter / 4 / scale)
    lifted = smooth - background
    return (lifted > HEIGHT * (peak - background)) & (lifted > filters.threshold_li(lifted) / 2)


def _first_guess(image: Array) -> float:
    return float(np.clip(min(image.shape[-2:]) / 40, 6, 25))


def _typical_diameter(distance: Array, mask: Array) -> float:
    """Return twice the typical distance from the middle of an object to its edge, large objects counting more."""
    smooth = ndimage.gaussian_filter(distance, 1)
    peaks = (smooth == ndimage.maximum_filter(smooth, 7)) & mask
    radii = np.sort(distance[peaks])
    radii = radii[radii > 1.5]
    if radii.size == 0:
        return 6.0
    weight = np.cumsum(radii**2)
    return float(np.clip(2 * radii[np.searchsorted(weight, weight[-1] / 2)], 4, 400))


def _parted(mask: Array, scale: Array, diameter: float) -> Array:
    """Part the mask at its waists: seeds are the middles of objects, at least a quarter of a diameter apart."""
    distance = ndimage.distance_transform_edt(mask, sampling=scale).astype(np.float32)
    smooth = ndimage.gaussian_filter(distance, diameter / 16 / scale)
    window = 2 * np.maximum(np.round(diameter * 0.25 / scale), 1).astype(int) + 1
    peaks = (smooth == ndimage.maximum_filter(smooth, tuple(window))) & mask
    seeds, count = ndimage.label(peaks, np.ones((3,) * mask.ndim))
    pieces, _ = ndimage.label(mask)
    lone = np.ones(pieces.max() + 1, bool)
    lone[pieces[peaks]] = False
    lone[0] = False
    seeds[lone[pieces]] = count + pieces[lone[pieces]]
    return segmentation.watershed(-smooth, seeds, mask=mask)


def _kept(labels: Array, scale: Array, diameter: float, smallest: float, drop_border: bool, foreground: float) -> Found:
    """Leave out what is too small or cut off, and number the rest from 1."""
    ball = np.pi / 4 * diameter**2 if labels.ndim == 2 else np.pi / 6 * diameter**3
    sizes = np.bincount(labels.ravel()) * np.prod(scale)
    small = sizes < smallest * ball
    small[0] = False
    cut = np.zeros(len(sizes), bool)
    if drop_border:
        first = labels.ndim - 2
        for axis in (first, first + 1):
            for end in (0, -1):
                cut[np.unique(labels.take(end, axis=axis))] = True
        cut[0] = False
    kept = ~(small | cut) & (sizes > 0)
    kept[0] = False
    numbers = np.cumsum(kept) * kept
    return Found(
        labels=numbers[labels].astype(np.int32),
        diameter=diameter,
        too_small=int((small & (sizes > 0)).sum()),
        on_border=int((cut & ~small & (sizes > 0)).sum()),
        foreground=foreground,
    )

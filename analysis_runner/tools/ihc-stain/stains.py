"""Stains of a section as optical densities, and the class of every nucleus by its brown stain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from request import Refusal
from skimage import color, util

Array = np.ndarray[Any, Any]
DECADES = 6.0
TISSUE = 0.1


@dataclass(frozen=True)
class Stains:
    """Optical densities (log10) of every pixel, shape (Y, X)."""

    haematoxylin: Array
    dab: Array
    tissue: Array
    white: float


def separated(picture: Array) -> Stains:
    """Return the stains of a colour image, with the colours of Ruifrok and Johnston (2001).

    Parameters
    ----------
    picture : ndarray, shape (Y, X, 3)
        Transmitted light, white where there is no tissue.

    Raises
    ------
    Refusal
        If the image has no colours, or is not scaled as colours are.
    """
    if (picture == picture[..., :1]).all():
        raise Refusal("no_colour", "This image is grey: there are no stains to separate.", "Upload the colour image.")
    if picture.dtype.kind == "f" and (picture.min() < 0 or picture.max() > 1):
        raise Refusal(
            "not_a_colour_image",
            f"Fractions of light lie between 0 and 1; these reach from {picture.min():g} to {picture.max():g}.",
            "Save the image as 8-bit RGB.",
        )
    light = util.img_as_float32(picture)
    # scikit-image gives stains as shares of six decades of absorption; times six they are optical densities.
    stains = color.rgb2hed(light) * DECADES
    density = -np.log10(np.maximum(light, 1e-6)).mean(axis=-1)
    return Stains(
        haematoxylin=stains[..., 0].astype(np.float32),
        dab=stains[..., 2].astype(np.float32),
        tissue=density > TISSUE,
        white=float(np.percentile(light.min(axis=-1), 99)),
    )


def classed(density: Array, weak: float, moderate: float, strong: float) -> Array:
    """Return 0 for negative, 1 weak, 2 moderate, 3 strong.

    Raises
    ------
    Refusal
        If the limits do not rise.
    """
    if not weak < moderate < strong:
        raise Refusal(
            "invalid_parameter",
            f"The limits of the classes do not rise: {weak:g}, {moderate:g}, {strong:g}.",
            "Give weak below moderate below strong.",
        )
    return np.digitize(density, (weak, moderate, strong))


def h_score(classes: Array) -> float:
    """Return the percentage of weak, twice that of moderate and three times that of strong nuclei: 0 to 300."""
    return float(100 * np.mean(classes))

"""When a result should not be trusted: said in plain words beside it."""

from __future__ import annotations

import numpy as np
from objects import Found
from observed import saturated
from read import Image
from tables import Columns

FEW = 5
FAINT = 2.5


def on_image(image: Image) -> list[str]:
    """Warn of a missing pixel size and of saturated pixels."""
    said = []
    needed = {axis.lower() for axis in image.axes if axis in "ZYX"}
    if missing := sorted(needed - set(image.pixel_size_um)):
        said.append(
            f"The pixel size along {', '.join(missing)} is not known, so measures are in pixels only. "
            "Give it with the sample to get micrometres."
        )
    if (share := saturated(image.pixels)) > 0.001:
        said.append(f"{share:.1%} of pixels are saturated: intensities of bright objects are too low. Expose less.")
    return said


def on_objects(found: Found, table: Columns, image: Image, asked_diameter: float | None) -> list[str]:
    """Warn of few objects, of many that are cut, small or large, and of a diameter that does not fit."""
    count, said = len(table["label"]), on_image(image)
    if count < FEW:
        said.append(f"Only {count} objects: means and medians of so few say little.")
    if count >= FEW and (cut := float(np.mean(table["touches_border"]))) > 0.3:
        said.append(f"{cut:.0%} of objects are cut by the edge of the image: their sizes are too small.")
    if found.too_small > max(count, FEW):
        said.append(
            f"{found.too_small} specks were left out as too small, more than objects were kept. "
            "Lower the smallest size if they are real, or raise the threshold if they are noise."
        )
    if (contrast := _contrast(found, table, image)) < FAINT:
        said.append(
            f"Objects are brighter than the background by only {contrast:.2g} times its noise: they may be noise. "
            "Look at the overlay."
        )
    if found.foreground > 0.6:
        said.append(f"{found.foreground:.0%} of the image counts as object: the threshold may be too low.")
    diameters = np.asarray(table["equivalent_diameter_px"], float)
    middle = float(np.median(diameters))
    if asked_diameter and not 0.5 < middle / asked_diameter < 2 and image.pixels.ndim == 2:
        said.append(f"The median diameter is {middle:.3g} pixels, far from the {asked_diameter:.3g} that you gave.")
    if count >= 2 * FEW and float(np.mean(diameters > 2 * middle)) > 0.1:
        said.append("More than a tenth of objects are over twice as wide as the median: clumps may be left together.")
    return said


def _contrast(found: Found, table: Columns, image: Image) -> float:
    """Return how far the median object lies above the background, in units of the background's spread."""
    background = image.pixels[found.labels == 0].astype(np.float64)
    if background.size == 0:
        return np.inf
    middle = float(np.median(background))
    spread = 1.4826 * float(np.median(np.abs(background - middle)))
    rise = float(np.median(table["mean_intensity"])) - middle
    return rise / spread if spread > 0 else np.inf

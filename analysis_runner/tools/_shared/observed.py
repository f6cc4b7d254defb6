"""What can be seen in an image without knowing what it shows: facts that answer questions before they are asked."""

from __future__ import annotations

from typing import Any

import numpy as np
from formats import Opened
from formats.opened import Fact


def observed(opened: Opened, pixels: np.ndarray[Any, Any], axes: str) -> list[Fact]:
    """Return facts of dimensions, calibration and intensities, each with how it is known."""
    sizes = dict(zip(opened.axes, opened.shape, strict=True))
    facts = [Fact("bit depth", f"{opened.dtype.itemsize * 8} bits a pixel ({opened.dtype.name})", "the file's header")]
    if "Q" in sizes:
        facts.append(Fact("unnamed axis", f"{sizes['Q']} planes that the file does not name: time, depth or channels?",
                          "the file's header"))  # fmt: skip
    if not opened.pixel_size_um:
        facts.append(Fact("pixel size", "not stated in the file: measures will be in pixels unless you give it",
                          "the file's metadata"))  # fmt: skip
    return facts + _intensities(pixels, axes)


def _intensities(pixels: np.ndarray[Any, Any], axes: str) -> list[Fact]:
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    if finite.size == 0:
        return [Fact("intensities", "no pixel is a number", "the middle plane")]
    low, high = finite.min(), finite.max()
    facts = [Fact("intensities", f"from {low:g} to {high:g}", "the middle plane")]
    if low == high:
        facts.append(Fact("empty", "every pixel has the same value", "the middle plane"))
    elif (share := saturated(pixels)) > 0.001:
        facts.append(Fact("saturated", f"{share:.1%} of pixels are at the brightest value", "the middle plane"))
    if axes.endswith("S") and pixels.shape[-1] >= 3 and (pixels[..., :3] == pixels[..., :1]).all():
        facts.append(Fact("grey", "red, green and blue are the same everywhere: the image is grey", "the pixels"))
    return facts


def saturated(pixels: np.ndarray[Any, Any]) -> float:
    """Return the share of pixels at the largest value their type can hold (or a camera's 12 or 14 bits)."""
    if pixels.dtype.kind not in "ui" or pixels.dtype.itemsize > 2:
        return 0.0
    top = int(pixels.max())
    limits = {np.iinfo(pixels.dtype).max, 4095, 16383} if pixels.dtype.itemsize == 2 else {np.iinfo(pixels.dtype).max}
    return float((pixels == top).mean()) if top in limits else 0.0

"""PNG and JPEG. Pillow judges whether the file is sound; imagecodecs keeps all 16 bits of a colour PNG."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from formats.opened import Fact, Malformed, Opened, picked

Image.MAX_IMAGE_PIXELS = 2**28
COLOURS = ("red", "green", "blue", "alpha")
PNG_SAMPLES = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}


def open_raster(path: Path, number: int = 0) -> Opened:
    """Open a PNG or a JPEG; a palette is resolved to its colours."""
    if number:
        raise Malformed("A PNG or JPEG holds a single image.")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Image.open(path, formats=["PNG", "JPEG"]) as image:
            kind, size = str(image.format), (image.height, image.width)
            bits, samples = _png_depth(path) if kind == "PNG" else (8, len(image.getbands()))
    if samples == 4 and kind == "JPEG":
        raise Malformed("A JPEG in printing inks (CMYK) holds no measured intensities.")
    axes = "YXS" if samples > 1 else "YX"
    facts = (Fact("lossy", "JPEG compression has altered the intensities", "the format"),) if kind == "JPEG" else ()
    return Opened(
        format=kind,
        axes=axes,
        shape=(*size, samples) if samples > 1 else size,
        dtype=np.dtype(np.uint16 if bits == 16 else np.uint8),
        read=lambda picks: picked(_decode(path, kind, samples), axes, picks),
        file_bytes=path.stat().st_size,
        channels=COLOURS[:samples] if samples > 2 else ("grey", "alpha")[: samples if samples > 1 else 0],
        facts=facts,
    )


def _png_depth(path: Path) -> tuple[int, int]:
    """Return bits and samples of a pixel from the IHDR chunk, which Pillow has checked; a palette has 3 or 4."""
    with path.open("rb") as file:
        header = file.read(29)
        transparent = header[25] == 3 and b"tRNS" in file.read(2**12)
    return header[24], PNG_SAMPLES[header[25]] + transparent


def _decode(path: Path, kind: str, samples: int) -> np.ndarray[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Image.open(path, formats=[kind]) as image:
            image.load()
            bits = _png_depth(path)[0] if kind == "PNG" else 8
            if bits < 16:
                modes = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
                return np.asarray(image.convert(modes[samples]))
    return np.asarray(imagecodecs.png_decode(path.read_bytes()))

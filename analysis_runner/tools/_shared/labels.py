"""Label maps as OME-TIFF: whole numbers, 0 is background, 1 to n without gaps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tifffile


def write_labels(path: Path, labels: np.ndarray[Any, Any], axes: str, pixel_size_um: Mapping[str, float]) -> Path:
    """Write a label map with its pixel size.

    Parameters
    ----------
    labels : ndarray of int, shape as the image
    axes : str
        Letters of its axes, such as ZYX.
    pixel_size_um : mapping of str to float
        Micrometres a pixel by lower-case axis, as far as known.
    """
    metadata: dict[str, Any] = {"axes": axes, "Name": "labels"}
    for axis, size in pixel_size_um.items():
        if axis.upper() in axes:
            metadata[f"PhysicalSize{axis.upper()}"] = size
            metadata[f"PhysicalSize{axis.upper()}Unit"] = "µm"
    kind = np.uint16 if labels.max(initial=0) < 2**16 else np.uint32
    tifffile.imwrite(
        path, labels.astype(kind), ome=True, metadata=metadata, compression="zlib", photometric="minisblack"
    )
    return path

"""NumPy arrays. Pickled objects are never loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from formats.opened import Malformed, Opened, picked


def open_npy(path: Path, number: int = 0) -> Opened:
    """Open an array of numbers; two axes are a plane, more are not named by the file."""
    if number:
        raise Malformed("An NPY file holds a single array.")
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    axes = "Q" * (array.ndim - 2) + "YX"
    return Opened(
        format="NPY",
        axes=axes,
        shape=tuple(array.shape),
        dtype=array.dtype,
        read=lambda picks: np.array(picked(array, axes, picks)),
        file_bytes=path.stat().st_size,
    )

"""Say what a sample is: its format, axes, size, calibration, and a small preview. Runs in the sandbox."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from formats import Opened, open_file
from formats.opened import TooLarge, picked
from observed import observed
from overlays import preview, save
from request import IN, OUT, Refusal, refuse, write_json
from trouble import refusing

FULLY_DECODED = 2**27
MOST_BYTES = 2**36
PREVIEW = 512


def inspect() -> dict[str, Any]:
    """Open the sample, decode it (a large one in part), and return what is known of it.

    Raises
    ------
    Refusal
        With a code of `trouble.CURES`.
    """
    told = json.loads((IN / "request.json").read_text())["sample"] if (IN / "request.json").exists() else {}
    with refusing():
        opened = open_file(Path(told.get("file") or IN / "sample"), int(told.get("series") or 0))
        pixels, axes = _decoded(opened)
        save(OUT / "preview.png", preview(pixels, axes), largest=PREVIEW)
    return {
        "format": opened.format,
        "axes": opened.axes,
        "shape": list(opened.shape),
        "dtype": str(opened.dtype.newbyteorder("=")),
        "pixel_size_um": {axis: opened.pixel_size_um.get(axis) for axis in "xyz"} if opened.pixel_size_um else None,
        "time_step_s": opened.time_step_s,
        "channels": list(opened.channels),
        "series": opened.series,
        "facts": [asdict(fact) for fact in (*opened.facts, *observed(opened, pixels, axes))],
        "preview": "preview.png",
    }


def _decoded(opened: Opened) -> tuple[np.ndarray[Any, Any], str]:
    """Return the middle plane with its channels or colours; a small image is decoded whole to see that it is sound."""
    if opened.declared_bytes > MOST_BYTES:
        raise TooLarge(f"It declares {opened.declared_bytes / 2**30:,.0f} GB of pixels.")
    sizes: dict[str, int] = {}
    for axis, n in zip(opened.axes, opened.shape, strict=True):
        sizes[axis] = min(n, sizes.get(axis, n))
    middle = {axis: n // 2 for axis, n in sizes.items() if axis in "TZQ" and len(sizes) > 2}
    if not {"Y", "X"} <= set(sizes):
        middle = {axis: at for axis, at in middle.items() if axis not in "".join(sizes)[-2:]}
    kept = "".join(axis for axis in opened.axes if axis not in middle)
    if opened.declared_bytes <= FULLY_DECODED:
        return picked(opened.selected({}), opened.axes, middle), kept
    return opened.selected(middle), kept


if __name__ == "__main__":
    try:
        write_json("inspection.json", inspect())
    except Refusal as refusal:
        refuse(refusal.code, refusal.sentence, refusal.cure)

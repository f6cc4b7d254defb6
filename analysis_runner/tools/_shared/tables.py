"""Measurement tables: pixels always, micrometres beside them only where the pixel size is known."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Columns = dict[str, Sequence[Any] | np.ndarray[Any, Any]]


def write_table(path: Path, columns: Columns) -> Path:
    """Write columns of equal length as CSV; what is not a number is left empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*([_text(value) for value in column] for column in columns.values()), strict=True))
    return path


def in_um(pixels: np.ndarray[Any, Any], axes: str, pixel_size_um: Mapping[str, float]) -> np.ndarray[Any, Any] | None:
    """Return pixels times the size of a pixel along all of `axes`; None where a size is not known."""
    if not set(axes) <= set(pixel_size_um):
        return None
    return np.asarray(pixels, np.float64) * np.prod([pixel_size_um[axis] for axis in axes])


def with_um(name: str, pixels: Any, axes: str, pixel_size_um: Mapping[str, float], power: str = "") -> Columns:
    """Return a column in pixels and, where sizes are known, the same in micrometres."""
    columns: Columns = {f"{name}_px{power}" if not power else f"{name}_px": pixels}
    converted = in_um(pixels, axes, pixel_size_um)
    return columns if converted is None else columns | {f"{name}_um{power}": converted}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return str(int(value))
    number = float(value)
    return f"{number:.12g}" if np.isfinite(number) else ""

"""Measurements of labelled objects: scikit-image's region properties, in pixels and in micrometres."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from skimage import measure
from tables import Columns, in_um

Array = np.ndarray[Any, Any]
COMMON = (
    "label",
    "area",
    "equivalent_diameter_area",
    "intensity_mean",
    "intensity_max",
    "intensity_min",
    "centroid",
    "bbox",
)
SHAPE = ("axis_major_length", "axis_minor_length", "perimeter", "eccentricity", "solidity")


def object_table(labels: Array, intensity: Array, pixel_size_um: Mapping[str, float]) -> Columns:
    """Measure every object.

    Parameters
    ----------
    labels : ndarray of int, shape (Y, X) or (Z, Y, X)
        Label map without gaps; 0 is background.
    intensity : ndarray, same shape
        The image as it was read, not smoothed.
    pixel_size_um : mapping of str to float
        Micrometres a pixel along x, y (and z), as far as known.

    Returns
    -------
    columns : dict of str to ndarray
        One row an object. Lengths and areas in pixels; beside each, the same in micrometres where sizes are known.
    """
    axes = "zyx"[-labels.ndim :]
    known = {axis: pixel_size_um[axis] for axis in axes if axis in pixel_size_um}
    found = measure.regionprops_table(labels, intensity, properties=COMMON + SHAPE * (labels.ndim == 2))
    columns: Columns = {"label": found["label"]}
    columns |= _size(found, axes, known)
    columns |= _diameters(found, axes, known, labels)
    if labels.ndim == 2:
        columns |= {name: found[name] for name in ("eccentricity", "solidity")}
    columns |= {f"{name}_intensity": found[f"intensity_{name}"] for name in ("mean", "max", "min")}
    columns["integrated_intensity"] = found["intensity_mean"] * found["area"]
    columns |= _places(found, axes, known)
    columns["touches_border"] = touches_border(found, labels.shape)
    return columns


def touches_border(found: Mapping[str, Array], shape: tuple[int, ...]) -> Array:
    """Return for every object whether it reaches the edge of the plane (y and x; the ends of z do not count)."""
    first = len(shape) - 2
    touching = np.zeros(len(found["label"]), bool)
    for place in range(first, len(shape)):
        touching |= (found[f"bbox-{place}"] == 0) | (found[f"bbox-{len(shape) + place}"] == shape[place])
    return touching


def _size(found: Mapping[str, Array], axes: str, known: Mapping[str, float]) -> Columns:
    name, power = ("area", "2") if len(axes) == 2 else ("volume", "3")
    columns: Columns = {f"{name}_px": found["area"].astype(np.int64)}
    converted = in_um(found["area"], axes, known)
    return columns if converted is None else columns | {f"{name}_um{power}": converted}


def _diameters(found: Mapping[str, Array], axes: str, known: Mapping[str, float], labels: Array) -> Columns:
    """Return lengths; where pixels are not square, those in micrometres are measured with their spacing."""
    names = {"equivalent_diameter": "equivalent_diameter_area"}
    if len(axes) == 2:
        names |= {"major_axis": "axis_major_length", "minor_axis": "axis_minor_length", "perimeter": "perimeter"}
    columns: Columns = {f"{name}_px": found[own] for name, own in names.items()}
    if set(known) != set(axes):
        return columns
    spacing = [known[axis] for axis in axes]
    if len(axes) == 3:
        diameter = np.cbrt(6 / np.pi * found["area"] * np.prod(spacing))
        return columns | {"equivalent_diameter_um": diameter}
    if np.isclose(*spacing, rtol=1e-3):
        scaled = {f"{name}_um": found[own] * spacing[1] for name, own in names.items()}
    else:
        del names["perimeter"]
        measured = measure.regionprops_table(labels, properties=tuple(names.values()), spacing=spacing)
        scaled = {f"{name}_um": measured[own] for name, own in names.items()}
    return {key: (columns | scaled)[key] for name in names for key in (f"{name}_px", f"{name}_um")} | columns | scaled


def _places(found: Mapping[str, Array], axes: str, known: Mapping[str, float]) -> Columns:
    columns: Columns = {}
    for place, axis in enumerate(axes):
        columns[f"centroid_{axis}_px"] = found[f"centroid-{place}"]
        converted = in_um(found[f"centroid-{place}"], axis, known)
        if converted is not None:
            columns[f"centroid_{axis}_um"] = converted
    for place, axis in enumerate(axes):
        columns[f"bbox_{axis}_min_px"] = found[f"bbox-{place}"]
        columns[f"bbox_{axis}_max_px"] = found[f"bbox-{len(axes) + place}"]
    return columns

"""Pixel sizes, time step and channel names that a TIFF states, each with the place where it says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import tifffile

from formats.opened import Fact

MICROMETRES = {
    "µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "\\u00b5m": 1.0,
    "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "inch": 25_400.0, "å": 1e-4, "pm": 1e-6,
}  # fmt: skip
SECONDS = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Calibration:
    """Pixel sizes in micrometres and the time step in seconds, as far as they are stated."""

    sizes: dict[str, float | None] = field(default_factory=dict)
    time_step_s: float | None = None
    facts: tuple[Fact, ...] = ()


def calibration(tif: tifffile.TiffFile, series: int) -> Calibration:
    """Return what the file states; print resolutions (dots per inch) are no pixel sizes."""
    if tif.is_ome:
        return _ome(_ome_pixels(tif, series))
    if tif.is_imagej:
        return _imagej(tif)
    if tif.is_stk:
        return _metamorph(tif)
    if tif.is_svs and (mpp := re.search(r"MPP = ([\d.]+)", str(tif.pages.first.description)[:10_000])):
        return Calibration({"x": float(mpp[1]), "y": float(mpp[1])}, None, (_said("pixel size", "Aperio description"),))
    return Calibration()


def channel_names(tif: tifffile.TiffFile, series: int, axes: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return a name for each channel or colour; numbers where the file names none."""
    if "C" not in axes:
        return ("red", "green", "blue", "alpha")[: shape[axes.index("S")]] if "S" in axes else ()
    count = shape[axes.index("C")]
    names: list[str] = []
    if tif.is_ome:
        channels = _listed(_ome_pixels(tif, series).get("Channel"))
        names = [str(channel.get("Name") or "") for channel in channels]
    if tif.is_imagej:
        names = [str(label) for label in _listed((tif.imagej_metadata or {}).get("Labels"))]
    names = [name.strip()[:60] for name in names]
    return tuple(names) if len(names) == count and all(names) else tuple(f"channel {n + 1}" for n in range(count))


def _ome_pixels(tif: tifffile.TiffFile, series: int) -> dict[str, Any]:
    images = _listed(((tifffile.xml2dict(tif.ome_metadata or "") or {}).get("OME") or {}).get("Image"))
    return (images[series].get("Pixels") or {}) if series < len(images) else {}


def _ome(pixels: dict[str, Any]) -> Calibration:
    sizes: dict[str, float | None] = {}
    for axis in "XYZ":
        unit = str(pixels.get(f"PhysicalSize{axis}Unit", "µm")).lower()
        if (size := pixels.get(f"PhysicalSize{axis}")) is not None and unit in MICROMETRES:
            sizes[axis.lower()] = float(size) * MICROMETRES[unit]
    step, unit = pixels.get("TimeIncrement"), str(pixels.get("TimeIncrementUnit", "s"))
    seconds = float(step) * SECONDS[unit] if step and unit in SECONDS else None
    return Calibration(sizes, seconds, (_said("pixel size", "OME metadata"),) if sizes else ())


def _imagej(tif: tifffile.TiffFile) -> Calibration:
    """ImageJ writes pixels per unit as the resolution, and the unit and z spacing as text."""
    said = tif.imagej_metadata or {}
    factor = MICROMETRES.get(str(said.get("unit", "")).lower())
    step = said.get("finterval")
    seconds = float(step) * SECONDS.get(str(said.get("tunit", "sec")), 1.0) if step else None
    if factor is None:
        return Calibration({}, seconds)
    tags = tif.pages.first.tags
    sizes: dict[str, float | None] = {"z": float(said["spacing"]) * factor if said.get("spacing") else None}
    for axis, name in (("x", "XResolution"), ("y", "YResolution")):
        top, bottom = tags[name].value if name in tags else (0, 0)
        sizes[axis] = bottom / top * factor if top else None
    return Calibration(sizes, seconds, (_said("pixel size", "ImageJ metadata"),))


def _metamorph(tif: tifffile.TiffFile) -> Calibration:
    said = tif.stk_metadata or {}
    factor = MICROMETRES.get(str(said.get("CalibrationUnits", "")).lower())
    if factor is None or not said.get("SpatialCalibration"):
        return Calibration()
    sizes = {axis: said.get(f"{axis.upper()}Calibration", 0) * factor for axis in "xy"}
    return Calibration(sizes, None, (_said("pixel size", "MetaMorph metadata"),))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _said(key: str, where: str) -> Fact:
    return Fact(key, "stated in the file", where)

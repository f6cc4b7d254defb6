"""The size of a pixel and the time between frames: as the file says, unless the visitor knows better; never guessed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis_runner.descriptions import Tool
from analysis_runner.refusals import Refusal

LARGEST = 1e6


@dataclass(frozen=True)
class Scale:
    """One number that turns pixels into micrometres or frames into seconds; `known` is what the file says."""

    name: str
    text: str
    unit: str
    known: float | None


def scales(tool: Tool, found: Mapping[str, Any]) -> list[Scale]:
    """Return the scales that matter to a tool."""
    sizes = found.get("pixel_size_um") or {}
    asked = [Scale("pixel_size_xy_um", "Width of a pixel", "µm", sizes.get("x"))]
    if "Z" in tool.input.axes:
        asked.append(Scale("pixel_size_z_um", "Distance between planes", "µm", sizes.get("z")))
    if "T" in tool.input.axes:
        asked.append(Scale("time_step_s", "Time between frames", "s", found.get("time_step_s")))
    return asked


NAMES = ("pixel_size_xy_um", "pixel_size_z_um", "time_step_s")


def check(chosen: Mapping[str, Any]) -> dict[str, float]:
    """Return the scales that were given, as numbers above zero, or refuse with 400."""
    return {name: _positive(name, chosen[name]) for name in NAMES if chosen.get(name) not in (None, "")}


def calibrated(found: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `pixel_size_um` and `time_step_s` as a tool is told them; None where nobody knows."""
    sizes = {axis: size for axis, size in (found.get("pixel_size_um") or {}).items() if size}
    if _other(width := given.get("pixel_size_xy_um"), sizes.get("x")):
        sizes |= {"x": width, "y": width}
    if _other(distance := given.get("pixel_size_z_um"), sizes.get("z")):
        sizes["z"] = distance
    step = given.get("time_step_s")
    return {"pixel_size_um": sizes or None, "time_step_s": found.get("time_step_s") if step is None else step}


def _other(given: float | None, known: float | None) -> bool:
    """Whether a given number is more than what the file says, as the form shows it with fewer digits."""
    return given is not None and (known is None or not math.isclose(given, known, rel_tol=1e-5))


def _positive(name: str, given: Any) -> float:
    try:
        number = float(str(given).strip().replace(",", ".", 1))
    except ValueError:
        number = math.nan
    if not 0 < number <= LARGEST:
        words = name.replace("_", " ")
        raise Refusal(
            400, "wrong_scale", f"'{str(given)[:40]}' is not a {words}.", "Give a number above 0, or nothing."
        )
    return number

"""What a tool has found, in one sentence, in measures with units in their names, and in files."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from read import Image
from request import OUT, Refusal, Request, write_json
from tables import Columns, in_um


class Result:
    """Collects what `result.json` says; a file is listed when its path is asked for."""

    def __init__(self, request: Request, one: str, what: str, warnings: Iterable[str] = ()) -> None:
        self.one, self.what = one, what
        self.objects = 0
        self.summary = ""
        self.measures: dict[str, float | int | str] = {}
        self.warnings = list(warnings)
        self._said = {output["name"]: output for output in request.tool["outputs"]}
        self._files: list[str] = []

    def file(self, name: str) -> Path:
        """Return where to write an output that the tool's description names."""
        if name not in self._said:
            raise KeyError(f"{name} is not an output of this tool.")
        self._files.append(name)
        return OUT / name

    def measure_objects(self, table: Columns, image: Image) -> None:
        """Say how many objects there are and how large, and how densely they lie.

        Raises
        ------
        Refusal
            If there is none.
        """
        self.objects = len(table["label"])
        if not self.objects:
            raise nothing_found(self.what)
        size = "area" if image.pixels.ndim == 2 else "volume"
        unit = f"{size}_um{image.pixels.ndim}"
        shown, word = (unit, f"µm{'²³'[image.pixels.ndim - 2]}") if unit in table else (f"{size}_px", "pixels")
        typical = float(np.median(table[shown]))
        self.measures |= {
            "objects": self.objects,
            f"median_{shown}": significant(typical),
            "median_mean_intensity": significant(float(np.median(table["mean_intensity"]))),
            "covered_share": significant(float(np.sum(table[f"{size}_px"])) / image.pixels.size),
        }
        field = in_um(np.asarray(image.pixels.size), image.axes.lower(), image.pixel_size_um)
        if field is not None and image.pixels.ndim == 2:
            self.measures["objects_per_mm2"] = significant(self.objects / float(field) * 1e6)
        self.summary = f"{counted(self.objects, self.one, self.what)}, median {size} {typical:,.4g} {word}."

    def write(self) -> None:
        write_json(
            "result.json",
            {
                "objects": self.objects,
                "summary": self.summary,
                "measures": {name: _plain(value) for name, value in self.measures.items()},
                "warnings": self.warnings,
                "files": [{key: self._said[name][key] for key in ("name", "kind", "text")} for name in self._files],
            },
        )


def counted(number: int, one: str, many: str) -> str:
    """Return a number with the word for one or for many."""
    return f"{number} {one if number == 1 else many}"


def nothing_found(what: str) -> Refusal:
    return Refusal(
        "nothing_found",
        f"No {what} were found with these parameters.",
        "Look whether the right channel is chosen, then lower the threshold or the smallest size.",
    )


def significant(value: float, digits: int = 4) -> float:
    """Return a number rounded to a few digits that mean something."""
    return float(f"{value:.{digits}g}")


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value

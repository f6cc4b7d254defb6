"""What a tool is asked to do, and its two ways to speak back: progress and refusal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

IN = Path(os.environ.get("TQ_IN", "/in"))
OUT = Path(os.environ.get("TQ_OUT", "/out"))
REFUSED = 3


class Refusal(Exception):  # noqa: N818 - it says why, not that something broke
    """An input that does not suit: a code for machines, a sentence and a cure for people."""

    def __init__(self, code: str, sentence: str, cure: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.cure = code, sentence, cure


@dataclass(frozen=True)
class Sample:
    """The image to work on and what is known of it. Pixel sizes are in micrometres, the time step in seconds."""

    file: Path
    name: str = ""
    axes: str | None = None
    shape: tuple[int, ...] | None = None
    pixel_size_um: dict[str, float] = field(default_factory=dict)
    time_step_s: float | None = None
    channel: int | None = None
    plane: int | None = None
    series: int = 0


@dataclass(frozen=True)
class Request:
    """One run: which tool, with which parameters (all of them, checked), on which sample."""

    tool: dict[str, Any]
    parameters: dict[str, Any]
    sample: Sample

    def __getitem__(self, parameter: str) -> Any:
        return self.parameters[parameter]


def load(description: Path) -> Request:
    """Read the request and check its parameters against the tool's own description.

    Raises
    ------
    Refusal
        If a parameter is unknown, of the wrong type or out of its range.
    """
    tool = yaml.safe_load(description.read_text())
    asked = json.loads((IN / "request.json").read_text())
    return Request(tool, checked(tool["parameters"], asked.get("parameters") or {}), _sample(asked["sample"]))


def run(description: Path, work: Callable[[Request], None]) -> NoReturn:
    """Do the work; write a refusal and leave with its status if the input does not suit."""
    try:
        work(load(description))
    except Refusal as refusal:
        refuse(refusal.code, refusal.sentence, refusal.cure)
    sys.exit(0)


def refuse(code: str, sentence: str, cure: str) -> NoReturn:
    """Write why the input does not suit, and leave."""
    write_json("refusal.json", {"code": code, "sentence": sentence, "cure": cure})
    sys.exit(REFUSED)


def progress(fraction: float, text: str) -> None:
    """Say how far the work is, from 0 to 1."""
    write_json("progress.json", {"fraction": round(min(max(fraction, 0.0), 1.0), 4), "text": text})


def write_json(name: str, content: Any) -> None:
    """Write a file that a reader sees whole or not at all."""
    half = OUT / f".{name}"
    half.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False))
    half.rename(OUT / name)


def checked(declared: list[dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """Return a value for every declared parameter: the given one, or its default."""
    known = {parameter["name"]: parameter for parameter in declared}
    for name in given:
        if name not in known:
            raise Refusal("unknown_parameter", f"There is no parameter '{name}'.", f"Choose from: {', '.join(known)}.")
    return {name: _value(parameter, given.get(name, parameter["default"])) for name, parameter in known.items()}


def _value(parameter: dict[str, Any], value: Any) -> Any:
    if value is None and parameter["default"] is None:
        return None
    kind, name = parameter["type"], parameter["name"]
    if kind == "bool":
        if not isinstance(value, bool):
            raise _wrong(name, value, "Give true or false.")
        return value
    if kind == "choice":
        allowed = [str(c["value"] if isinstance(c, dict) else c) for c in parameter["choices"]]
        if value not in allowed:
            raise _wrong(name, value, f"Choose from: {', '.join(allowed)}.")
        return value
    return _number(parameter, value)


def _number(parameter: dict[str, Any], value: Any) -> float | int:
    low, high, name = parameter["minimum"], parameter["maximum"], parameter["name"]
    span = f"Give {'a whole number' if parameter['type'] == 'int' else 'a number'} from {low} to {high}."
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if number is None or not low <= number <= high or (parameter["type"] == "int" and number != int(number)):
        raise _wrong(name, value, span)
    return int(number) if parameter["type"] == "int" else float(number)


def _wrong(name: str, value: Any, cure: str) -> Refusal:
    return Refusal("invalid_parameter", f"The parameter '{name}' cannot be {str(value)[:60]!r}.", cure)


def _sample(told: dict[str, Any]) -> Sample:
    sizes = {axis: float(size) for axis, size in (told.get("pixel_size_um") or {}).items() if size}
    return Sample(
        file=Path(told["file"]),
        name=str(told.get("name") or ""),
        axes=told.get("axes") or None,
        shape=tuple(told["shape"]) if told.get("shape") else None,
        pixel_size_um=sizes,
        time_step_s=told.get("time_step_s") or None,
        channel=told.get("channel"),
        plane=told.get("plane"),
        series=int(told.get("series") or 0),
    )

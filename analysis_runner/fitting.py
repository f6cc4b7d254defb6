"""Does a sample suit a tool, and what must be chosen of it? Nothing is guessed: what is not known is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from analysis_runner import calibration
from analysis_runner.descriptions import Tool
from analysis_runner.refusals import Refusal

MEANINGS = {"Z": "depth", "T": "time points", "C": "channels", "H": "lifetime bins"}
NEEDS = {
    "Z": "a stack of planes in depth (Z)",
    "T": "a movie: an image with time points (T)",
    "H": "a lifetime image: one with photon arrival-time bins (H)",
    "S": "a colour (RGB) image",
}
CHOICES = ("stack", "channel", "plane", "series")
PLANAR = set("YXS")
COLOURS = ("red", "green", "blue", "alpha")


@dataclass(frozen=True)
class Choice:
    """Something to be chosen before a tool can run on a sample."""

    name: str
    text: str
    hint: str
    options: tuple[tuple[str, str], ...]


def choices(tool: Tool, found: Mapping[str, Any], stack: str = "") -> tuple[Choice, ...]:
    """Return what must be chosen, in order; empty if the sample can go in as it is.

    Raises
    ------
    Refusal
        422 `wrong_dimensions` if no choice would make it fit.
    """
    asked = []
    if found.get("series", 1) > 1:
        numbers = tuple((str(n), f"image {n + 1}") for n in range(found["series"]))
        asked.append(Choice("series", "Which image of the file?", f"The file holds {found['series']} images.", numbers))
    meaning = _meaning(tool, found)
    if meaning:
        asked.append(meaning)
        if not stack:
            return tuple(asked)
    sizes = _sizes(_axes(found, stack if meaning else ""), found)
    _require(tool, sizes)
    if channel := _channel(tool, found, sizes):
        asked.append(channel)
    if plane := _plane(tool, sizes):
        asked.append(plane)
    return tuple(asked)


def select(tool: Tool, found: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the selection for a run: `axes` as they are to be read, what was chosen, and scales that were given.

    Raises
    ------
    Refusal
        400 if a choice is missing or impossible, 422 if the sample does not suit the tool.
    """
    names = (*CHOICES, *calibration.NAMES)
    if unknown := sorted(set(chosen) - set(names)):
        raise Refusal(400, "unknown_choice", f"'{unknown[0]}' cannot be chosen.", f"Choose from {', '.join(names)}.")
    stack = str(chosen.get("stack") or "")
    asked = choices(tool, found, stack)
    selection: dict[str, Any] = {"axes": _axes(found, stack if any(c.name == "stack" for c in asked) else "")}
    for choice in asked:
        value = str("" if chosen.get(choice.name) is None else chosen[choice.name])
        if value not in dict(choice.options):
            options = ", ".join(option for option, _ in choice.options[:12])
            sentence = f"'{value}' is not one of them. {choice.text}" if value else choice.text
            raise Refusal(400, f"choose_{choice.name}", sentence, f"Set {choice.name} to one of: {options}.")
        selection[choice.name] = value if choice.name == "stack" else int(value)
    pixels = prod(size for axis, size in _sizes(selection["axes"], found).items() if axis in tool.input.axes)
    if pixels > tool.input.max_pixels:
        sentence = f"The image has {pixels:,} pixels; {tool.name} takes at most {tool.input.max_pixels:,} here."
        raise Refusal(422, "too_large", sentence, "Upload a crop, or fewer planes.")
    return selection | calibration.check(chosen)


def _axes(found: Mapping[str, Any], stack: str) -> str:
    """Return the axes as read, with the stack's letter replaced by what the visitor says it holds."""
    axes = str(found["axes"])
    old = _stack_letters(found)
    return axes.replace(old[0], stack) if stack and len(old) == 1 else axes


def _sizes(axes: str, found: Mapping[str, Any]) -> dict[str, int]:
    return dict(zip(axes, found["shape"], strict=False))


def _stack_letters(found: Mapping[str, Any]) -> list[str]:
    sizes = _sizes(str(found["axes"]), found)
    return [axis for axis, size in sizes.items() if axis not in PLANAR and size > 1]


def _meaning(tool: Tool, found: Mapping[str, Any]) -> Choice | None:
    """Ask what a stack holds if the file does not say, or says what the tool cannot use."""
    letters = _stack_letters(found)
    unknown = [letter for letter in letters if letter not in MEANINGS]
    needed = [axis for axis in tool.input.axes if axis in MEANINGS]
    if len(letters) != 1 or not (unknown or (needed and letters[0] not in needed)):
        if unknown:
            raise _wrong(
                f"Its axes are {found['axes']}; what {unknown[0]} stands for is not known.", "TIFF with named axes"
            )
        return None
    size = _sizes(str(found["axes"]), found)[letters[0]]
    says = f"The file says {MEANINGS[letters[0]]}." if letters[0] in MEANINGS else "The file does not say."
    options = [(letter, text) for letter, text in MEANINGS.items() if letter != "H" or "H" in needed]
    return Choice("stack", f"What are the {size} images of this stack?", says, tuple(options))


def _require(tool: Tool, sizes: Mapping[str, int]) -> None:
    for axis in tool.input.axes:
        if axis not in sizes or (axis in MEANINGS and sizes[axis] < 2):
            need = NEEDS.get(axis, f"an image with the axis {axis}")
            raise _wrong(f"{tool.name} needs {need}; this sample's axes are {''.join(sizes)}.", need)


def _channel(tool: Tool, found: Mapping[str, Any], sizes: Mapping[str, int]) -> Choice | None:
    if sizes.get("C", 1) > 1:
        names = [*found.get("channels", ())]
        options = tuple(
            (str(n), f"{n + 1}: {names[n]}" if n < len(names) and names[n] else f"channel {n + 1}")
            for n in range(sizes["C"])
        )
        return Choice("channel", "Which channel?", f"{tool.name} takes one channel at a time.", options)
    if sizes.get("S", 1) > 1 and "S" not in tool.input.axes:
        options = tuple((str(n), COLOURS[n] if n < 4 else str(n + 1)) for n in range(sizes["S"]))
        return Choice("channel", "Which colour?", f"{tool.name} takes one colour at a time.", options)
    return None


def _plane(tool: Tool, sizes: Mapping[str, int]) -> Choice | None:
    extra = [axis for axis, size in sizes.items() if axis in "ZTH" and size > 1 and axis not in tool.input.axes]
    if not extra:
        return None
    if len(extra) > 1:
        both = " and ".join(MEANINGS[axis] for axis in extra)
        raise _wrong(f"The sample has {both}, and {tool.name} takes neither.", "file with only one of them")
    number = sizes[extra[0]]
    word = {"Z": "plane", "T": "time point", "H": "lifetime bin"}[extra[0]]
    options = tuple((str(n), f"{word} {n + 1}") for n in range(number))
    return Choice("plane", f"Which {word}?", f"{tool.name} takes one {word} at a time; there are {number}.", options)


def _wrong(sentence: str, need: str) -> Refusal:
    return Refusal(422, "wrong_dimensions", sentence, f"Upload {need}, or take another tool.")

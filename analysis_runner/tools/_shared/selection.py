"""Which channel, plane and frame are meant: named by the person, or the only ones there are."""

from __future__ import annotations

from formats import Opened
from request import Refusal, Sample

WORDS = {
    "YX": "a single plane",
    "ZYX": "a stack of slices",
    "TYX": "a movie",
    "HYX": "a lifetime image with a decay in every pixel",
    "YXS": "a colour image",
}
NAMES = {
    "T": "time points",
    "C": "channels",
    "Z": "slices",
    "H": "lifetime bins",
    "S": "colours",
    "Q": "unnamed planes",
}
FEWEST = {"T": 2, "Z": 2, "H": 4, "S": 3}


def picks(opened: Opened, wanted: str, sample: Sample) -> dict[str, int]:
    """Return the index on every axis that the tool does not take.

    Raises
    ------
    Refusal
        If an axis is missing, or it is open which of several channels, planes or frames is meant.
    """
    sizes = dict(zip(opened.axes, opened.shape, strict=True))
    if opened.axes.count("Q") > 1:
        raise _wrong(sizes, wanted, "Say what its unnamed axes are: T, C, Z or H.")
    _has(sizes, wanted)
    extra = [axis for axis in opened.axes if axis not in wanted]
    chosen = {axis: 0 for axis in extra if sizes[axis] == 1}
    _use_channel(chosen, [axis for axis in ("C", "S") if axis in extra], sizes, sample, opened.channels)
    _use_plane(chosen, [axis for axis in extra if axis in "ZTQ" and sizes[axis] > 1], sizes, sample, wanted)
    if open_ := [axis for axis in extra if axis not in chosen]:
        raise _wrong(sizes, wanted, f"Save one of its {sizes[open_[0]]} {NAMES[open_[0]]} as a file of its own.")
    return chosen


def _has(sizes: dict[str, int], wanted: str) -> None:
    for axis in wanted:
        if sizes.get(axis, 0) < FEWEST.get(axis, 1):
            cure = f"Choose an image with {NAMES.get(axis, axis)}"
            stacked = [other for other in sizes if other in "TZCHQ" and other not in wanted and sizes[other] > 1]
            if axis in "TZH" and stacked:
                cure += f", or say that its {sizes[stacked[0]]} {NAMES[stacked[0]]} are {NAMES[axis]} (axis {axis})"
            raise _wrong(sizes, wanted, f"{cure}.")


def _use_channel(
    chosen: dict[str, int], axes: list[str], sizes: dict[str, int], sample: Sample, names: tuple[str, ...]
) -> None:
    several = [axis for axis in axes if sizes[axis] > 1]
    if sample.channel is None and several:
        said = ", ".join(names[:8]) or f"1 to {sizes[several[0]]}"
        raise Refusal(
            "wrong_dimensions",
            f"The image has {sizes[several[0]]} {NAMES[several[0]]}, and this tool takes one.",
            f"Choose one of them: {said}.",
        )
    if sample.channel is not None:
        if not several and sample.channel == 0:
            return
        if not several or not 0 <= sample.channel < sizes[several[0]]:
            there = sizes[several[0]] if several else 1
            raise Refusal(
                "wrong_dimensions",
                f"There is no channel {sample.channel + 1} to choose: the image has {there}.",
                "Choose a channel that is there, or none.",
            )
        chosen[several[0]] = sample.channel


def _use_plane(chosen: dict[str, int], axes: list[str], sizes: dict[str, int], sample: Sample, wanted: str) -> None:
    if sample.plane is None or (not axes and sample.plane == 0):
        if axes:
            raise Refusal(
                "wrong_dimensions",
                f"The image has {sizes[axes[0]]} {NAMES[axes[0]]}, and this tool takes {WORDS[wanted]}.",
                f"Choose one of the {sizes[axes[0]]} {NAMES[axes[0]]}.",
            )
        return
    if len(axes) != 1 or not 0 <= sample.plane < sizes[axes[0]]:
        there = " and ".join(f"{sizes[axis]} {NAMES[axis]}" for axis in axes) or "one plane"
        raise Refusal(
            "wrong_dimensions",
            f"Plane {sample.plane + 1} is not one that can be chosen: there are {there}.",
            "Choose a plane that is there, or save a part with only one kind of planes.",
        )
    chosen[axes[0]] = sample.plane


def _wrong(sizes: dict[str, int], wanted: str, cure: str) -> Refusal:
    has = " x ".join(f"{axis} {n}" for axis, n in sizes.items())
    return Refusal("wrong_dimensions", f"This tool takes {WORDS[wanted]} ({wanted}); the image is {has}.", cure)

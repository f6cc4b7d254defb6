"""What a tool folder says of its tool (`tool.yaml`); forms, API schema and command line are made from it.

Tools are found by looking into the folder, never listed anywhere.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from analysis_runner.refusals import Refusal

Axes = Literal["YX", "ZYX", "TYX", "HYX", "YXS"]
OUTPUT_KINDS = Literal["overlay", "table", "label_map", "image", "plot"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(Part):
    value: str
    text: str


class Parameter(Part):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    text: str
    help: str = ""
    type: Literal["float", "int", "choice", "bool"]
    default: float | int | bool | str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Choice, ...] = ()
    unit: str | None = ""
    default_from: Literal["pixel_size_x", "pixel_size_y", "pixel_size_z", "time_step"] | None = None

    @property
    def default_text(self) -> str:
        """The default as people read it; empty if there is none."""
        if isinstance(self.default, bool):
            return "yes" if self.default else "no"
        words = {choice.value: choice.text for choice in self.choices}
        value = "" if self.default is None else str(self.default)
        return words.get(value, value)

    @field_validator("choices", mode="before")
    @classmethod
    def _words(cls, choices: Any) -> Any:
        """Accept `- otsu` for `- {value: otsu, text: otsu}`."""
        return [{"value": str(c), "text": str(c)} if not isinstance(c, dict) else c for c in choices or ()]


class Input(Part):
    axes: Axes
    description: str
    max_pixels: int = Field(gt=0)


class Limits(Part):
    memory_mb: int = Field(gt=0)
    seconds: float = Field(gt=0)


class Output(Part):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}(\.[a-z0-9]{1,8}){0,2}$")
    kind: OUTPUT_KINDS
    text: str


class Column(Part):
    name: str
    text: str
    unit: str | None = ""
    meaning: str = ""


class Citation(Part):
    text: str
    doi: str | None = ""


class Tool(Part):
    slug: str
    folder: Path
    name: str
    summary: str
    entry: tuple[str, ...]
    input: Input
    queue: Literal["quick", "heavy"] = "quick"
    limits: Limits
    parameters: tuple[Parameter, ...] = ()
    outputs: tuple[Output, ...]
    columns: tuple[Column, ...] = ()
    citation: tuple[Citation, ...] = ()
    limits_text: tuple[str, ...] = ()
    version: str

    @property
    def golden(self) -> dict[str, Any]:
        """The golden case: a real sample, parameters, and what must come out."""
        case: dict[str, Any] = yaml.safe_load((self.folder / "golden" / "case.yaml").read_text())
        return case

    @property
    def golden_sample(self) -> Path:
        return self.folder / "golden" / Path(str(self.golden["sample"])).name


class BrokenDescriptionError(Exception):
    """A `tool.yaml` that cannot be used; the message names file, key and value."""


@lru_cache
def _read(folder: Path) -> Tool:
    path = folder / "tool.yaml"
    try:
        written = yaml.safe_load(path.read_text())
        return Tool(**{str(key): value for key, value in written.items()}, slug=folder.name, folder=folder)
    except (OSError, yaml.YAMLError, AttributeError, TypeError) as error:
        raise BrokenDescriptionError(f"{path}: {error}") from error
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, m['loc']))}: {m['msg']}" for m in error.errors())
        raise BrokenDescriptionError(f"{path}: {mistakes}") from error


def folders() -> list[Path]:
    """Every tool folder; names that begin with an underscore are parts that tools share."""
    return sorted(f.parent for f in settings.TOOLS_DIR.glob("[!_]*/tool.yaml"))


def all_tools() -> dict[str, Tool]:
    return {folder.name: _read(folder) for folder in folders()}


def find_tool(slug: str) -> Tool:
    """Return the tool of this name, or refuse with 404."""
    folder = settings.TOOLS_DIR / Path(slug).name
    if slug.startswith("_") or slug != folder.name or not (folder / "tool.yaml").is_file():
        raise Refusal(
            404, "unknown_tool", f"No tool is called '{slug}' here.", "See /run/ for the tools that run here."
        )
    return _read(folder)

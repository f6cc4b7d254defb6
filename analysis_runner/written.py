"""What a sandboxed program may write; anything else counts as not written."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class Refused(BaseModel):
    """What a program writes to `refusal.json` when the input does not suit it."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    sentence: str = Field(max_length=600)
    cure: str = Field(default="", max_length=600)


class Progress(BaseModel):
    fraction: float = Field(ge=0, le=1)
    text: str = Field(default="", max_length=160)


class Named(BaseModel):
    name: str
    kind: str
    text: str = Field(default="", max_length=200)


class Result(BaseModel):
    """What a tool writes to `result.json`."""

    objects: int | None = Field(default=None, ge=0)
    summary: str = Field(default="", max_length=600)
    measures: dict[str, Any] = {}
    warnings: list[str] = Field(default=[], max_length=50)
    files: list[Named] = Field(default=[], max_length=20)


class Inspection(BaseModel):
    """What the readers write to `inspection.json`. Pixel sizes are in micrometres, the time step in seconds."""

    format: str = Field(max_length=60)
    axes: str = Field(pattern=r"^[A-Z]{1,8}$")
    shape: list[int] = Field(max_length=8)
    dtype: str = Field(max_length=20)
    pixel_size_um: dict[str, float | None] | None = None
    time_step_s: float | None = None
    channels: list[str] = Field(default=[], max_length=500)
    series: int = 1
    facts: list[dict[str, Any]] = Field(default=[], max_length=200)
    preview: str | None = None


def parsed(model: type[Model], written: bytes | None) -> Model | None:
    try:
        return model.model_validate_json(written) if written is not None else None
    except ValidationError:
        return None

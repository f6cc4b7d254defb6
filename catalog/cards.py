"""The YAML cards: their shape, and writing them in their one canonical form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
DOI = r"10\.\d{4,9}/\S+"


def web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"]+", value) or len(value) > 300 or not _leads_to_a_host(value):
        raise ValueError("is not a web address of at most 300 characters that begins with https:// or http://")
    return value


def _leads_to_a_host(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and parts.port != 0  # a port that is none raises
    except ValueError:
        return False


Url = Annotated[str, AfterValidator(web_address)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Strength = Annotated[float, Field(gt=0, le=1)]
UNSURE = "unsure"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OptionCard(_Strict):
    value: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)
    text: str = Field(min_length=1, max_length=160)
    hint: str = Field("", max_length=240)
    includes: list[str] = []
    neutral: bool = False
    alone: bool = False
    aliases: list[str] = []


class QuestionCard(_Strict):
    """One question: `fixtures/questions/<id>.yaml`."""

    text: str = Field(min_length=1, max_length=200)
    help: str = ""
    why: str = Field(min_length=1)
    kind: Literal["single", "several", "ordinal"]
    max_picks: int | None = Field(None, ge=1, le=99)
    effort: float = Field(1.0, gt=0, le=100)
    answered: float = Field(0.5, gt=0, le=1)
    picks: float | None = Field(None, gt=0, le=20)
    hard: list[str] = []
    bounds: bool = False
    hard_needs: Literal["any", "all"] = "any"
    applies_when: dict[str, Any] | None = None
    options: list[OptionCard] = Field(min_length=2)
    constrains: list[str] = []
    ontology: list[str] = []
    aliases: list[str] = []
    position: int = Field(ge=0, le=9999)


class ClaimBlock(_Strict):
    """What one source says about one question."""

    question: str
    suits: dict[str, Strength] = {}
    unsuited: list[str] = []
    source: Url
    read: date | None = None
    confirmed: date | None = None

    def statements(self) -> Iterator[tuple[str, float]]:
        """Yield each option that the block speaks of, with its strength; 0 where it is unsuited."""
        yield from self.suits.items()
        yield from ((value, 0.0) for value in self.unsuited)


class Maintenance(_Strict):
    state: Literal["active", "slow", "dormant", "ended"]
    as_of: date | None = None
    source: Url | None = None


class FieldSource(_Strict):
    """Where and when one fact of a card was found, if not where the others were."""

    source: Url
    read: date


SourcedField = Literal[
    "homepage", "repository", "licence", "cost", "platforms", "use_as", "hosts", "runs_in", "weights", "framework",
    "citation", "documentation",
]  # fmt: skip
FIELDS_WITH_SOURCE: tuple[str, ...] = get_args(SourcedField)


class EntryCard(_Strict):
    """What a tool card and a model card share."""

    name: str = Field(min_length=1, max_length=80)
    summary: str = Field(min_length=1, max_length=300)
    homepage: Url | None = None
    repository: Url | None = None
    licence: str | None = Field(None, max_length=80)
    cost: Literal["free", "freemium", "paid"] | None = None
    platforms: list[Literal["linux", "macos", "windows", "web"]] = []
    use_as: list[Literal["desktop", "plugin", "library", "command_line", "web", "notebook"]] = []
    hosts: list[Slug] = []
    runs_in: list[Slug] = []
    weights: Url | None = None
    framework: str | None = Field(None, max_length=60)
    aliases: list[str] = []
    family: Slug | None = None
    superseded_by: Slug | None = None
    interchangeable_with: list[Slug] = []
    keywords: list[str] = []
    assays: list[str] = []
    made_for: list[str] = []
    citation: Annotated[str, Field(pattern=f"^{DOI}$", max_length=120)] | None = None
    documentation: Url | None = None
    tutorials: list[Url] = []
    maintenance: Maintenance | None = None
    reach: Literal["niche", "known", "common", "ubiquitous"] = "known"
    runs: list[Slug] = []
    source: Url | None = None
    read: date | None = None
    sources: dict[SourcedField, FieldSource] = {}
    claims: list[ClaimBlock] = Field(min_length=1)


class ToolCard(EntryCard):
    pass


class ModelCard(EntryCard):
    runs_in: list[Slug] = Field(min_length=1)


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in one card, with the file, key and value that a curator needs to mend it."""

    file: Path
    key: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key} {self.sentence}"


@dataclass(frozen=True)
class Catalog:
    """Every card of a fixtures folder, and every mistake found while reading it."""

    questions: dict[str, QuestionCard]
    tools: dict[str, ToolCard]
    models: dict[str, ModelCard]
    mistakes: list[Mistake]

    @property
    def entries(self) -> dict[str, EntryCard]:
        return {**self.tools, **self.models}


class _Flow(list[Any]):
    """A list that is written on one line."""


class _FlowMap(dict[str, Any]):
    """A mapping that is written on one line."""


class _Writer(yaml.SafeDumper):
    """Writes a card in the one canonical form."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


_Writer.add_representer(_Flow, lambda w, v: w.represent_sequence("tag:yaml.org,2002:seq", v, flow_style=True))
_Writer.add_representer(_FlowMap, lambda w, v: w.represent_mapping("tag:yaml.org,2002:map", v, flow_style=True))


def write(card: BaseModel) -> str:
    """Return the canonical YAML of a card: keys in the order of its shape, what is unknown left out."""
    return yaml.dump(_plain(card), Dumper=_Writer, sort_keys=False, allow_unicode=True, width=110)


def _plain(card: BaseModel) -> dict[str, Any]:
    """Return the card's own values without defaults, lists of words on one line each."""
    plain: dict[str, Any] = {}
    for key in type(card).model_fields:
        value = getattr(card, key)
        if value is None or value in ([], {}, "") or value is False or (key == "hard_needs" and value == "any"):
            continue
        plain[key] = _one_line(value)
    return plain


def _one_line(value: Any) -> Any:
    if isinstance(value, Maintenance):
        return _FlowMap(_plain(value))
    if isinstance(value, BaseModel):
        return _plain(value)
    if isinstance(value, dict):
        return _FlowMap({k: _one_line(v) for k, v in value.items()})
    if isinstance(value, Iterable) and not isinstance(value, str):
        items = [_one_line(v) for v in value]
        return items if any(isinstance(v, dict) and not isinstance(v, _FlowMap) for v in items) else _Flow(items)
    return value

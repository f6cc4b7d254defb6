"""The YAML cards: their shape, reading them with precise complaints, and writing them back byte for byte."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
DOI = r"10\.\d{4,9}/\S+"


def _http(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"]+", value) or len(value) > 300:
        raise ValueError("is not a web address of at most 300 characters that begins with https:// or http://")
    return value


Url = Annotated[str, AfterValidator(_http)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Strength = Annotated[float, Field(gt=0, le=1)]
UNSURE = "unsure"
CardT = TypeVar("CardT", bound=BaseModel)


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


class Maintenance(_Strict):
    state: Literal["active", "slow", "dormant", "ended"]
    as_of: date | None = None
    source: Url | None = None


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
    keywords: list[str] = []
    citation: Annotated[str, Field(pattern=f"^{DOI}$")] | None = None
    documentation: Url | None = None
    tutorials: list[Url] = []
    maintenance: Maintenance | None = None
    reach: Literal["niche", "known", "common", "ubiquitous"] = "known"
    runs: list[Slug] = []
    source: Url | None = None
    read: date | None = None
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


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Safe YAML that refuses the same key twice, which plain YAML lets pass in silence."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=node.start_mark)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_catalog(folder: Path) -> Catalog:
    """Read every card below `folder`; mistakes are collected, not raised."""
    mistakes: list[Mistake] = []
    questions = dict(_read_all(folder / "questions", QuestionCard, mistakes, r"[a-z]+\.[a-z0-9_]+"))
    tools = dict(_read_all(folder / "tools", ToolCard, mistakes, SLUG.pattern))
    models = dict(_read_all(folder / "models", ModelCard, mistakes, SLUG.pattern))
    catalog = Catalog(questions, tools, models, mistakes)
    mistakes += _question_mistakes(folder, catalog)
    mistakes += _entry_mistakes(folder, catalog)
    return catalog


def digest(folder: Path) -> str:
    """Return a SHA-256 over the names and bytes of all cards."""
    total = hashlib.sha256()
    for path in sorted(p for kind in ("questions", "tools", "models") for p in (folder / kind).glob("*.yaml")):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def _read_all(folder: Path, shape: type[CardT], mistakes: list[Mistake], name: str) -> Iterator[tuple[str, CardT]]:
    for path in sorted(folder.glob("*.yaml")):
        if not re.fullmatch(name, path.stem):
            mistakes.append(Mistake(path, "file name", f"{path.stem!r} is not of the form {name}."))
            continue
        try:
            yield path.stem, shape.model_validate(yaml.load(path.read_text(encoding="utf-8"), _Loader))  # noqa: S506
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mistakes.append(Mistake(path, "YAML", f"cannot be read: {' '.join(str(error).split())}."))
        except ValidationError as error:
            mistakes += [Mistake(path, ".".join(map(str, e["loc"])) or "card", _complaint(e)) for e in error.errors()]
        except ValueError as error:
            mistakes.append(Mistake(path, "YAML", f"holds an impossible value: {error}."))


def _complaint(error: Any) -> str:
    if error["type"] == "missing":
        return "is missing."
    return f"{error['msg']}; it is {error['input']!r:.120}."


def _question_mistakes(folder: Path, catalog: Catalog) -> Iterator[Mistake]:
    """Yield references to questions and options that do not exist, and ids that stand twice."""
    ids = list(catalog.questions) + [a for q in catalog.questions.values() for a in q.aliases]
    for name, card in catalog.questions.items():
        path = folder / "questions" / f"{name}.yaml"
        values = [o.value for o in card.options]
        for duplicate in {v for v in values if values.count(v) > 1} | ({UNSURE} & set(values)):
            yield Mistake(
                path, "options", f"may not offer {duplicate!r} twice, nor {UNSURE!r}, which is always offered."
            )
        for alias in (a for a in [name, *card.aliases] if ids.count(a) > 1):
            yield Mistake(path, "aliases", f"names {alias!r}, which is also another question's id or alias.")
        for key, named in (("hard", card.hard), *((f"options.{o.value}.includes", o.includes) for o in card.options)):
            for value in set(named) - set(values):
                yield Mistake(path, key, f"names {value!r}, which is no option of this question.")
        words = [*values, *(a for o in card.options for a in o.aliases)]
        for alias in {w for w in words if words.count(w) > 1 or w == UNSURE} - set(values):
            yield Mistake(path, "options.aliases", f"use {alias!r} for more than one option, or for not being sure.")
        conditions = [] if card.applies_when is None else [card.applies_when]
        for key, sentence in (m for c in conditions for m in _condition_mistakes(c, catalog.questions)):
            yield Mistake(path, f"applies_when.{key}", sentence)


def _condition_mistakes(condition: Any, questions: dict[str, QuestionCard]) -> Iterator[tuple[str, str]]:
    match condition:
        case {"all": [*parts]} | {"any": [*parts]} if len(condition) == 1:
            for part in parts:
                yield from _condition_mistakes(part, questions)
        case {"not": dict(part)} if len(condition) == 1:
            yield from _condition_mistakes(part, questions)
        case {"q": str(name), "has": [*values]} if len(condition) == 2 and all(isinstance(v, str) for v in values):
            if name not in questions:
                yield "q", f"names {name!r}, which is no question."
                return
            for value in set(values) - {o.value for o in questions[name].options} - {UNSURE}:
                yield "has", f"names {value!r}, which is no option of {name}."
        case _:
            yield "condition", f"must be all, any, not, or q with has; it is {condition!r}."


def _entry_mistakes(folder: Path, catalog: Catalog) -> Iterator[Mistake]:
    """Yield claims about options that do not exist or stand twice, and links to cards that do not exist."""
    options = {name: {o.value for o in card.options} for name, card in catalog.questions.items()}
    names: dict[str, str] = {}
    for kind, cards in (("tools", catalog.tools), ("models", catalog.models)):
        for slug, card in cards.items():
            path = folder / kind / f"{slug}.yaml"
            if kind == "models" and slug in catalog.tools:
                yield Mistake(path, "file name", f"{slug!r} is also the name of a tool card.")
            if (other := names.setdefault(card.name.casefold(), slug)) != slug:
                yield Mistake(path, "name", f"is {card.name!r}, which {other}.yaml has too.")
            for key, links in (("hosts", card.hosts), ("runs_in", card.runs_in)):
                for link in links:
                    if link not in catalog.tools:
                        yield Mistake(path, key, f"names {link!r}, which is no tool card.")
            yield from _claim_mistakes(path, card, options)


def _claim_mistakes(path: Path, card: EntryCard, options: dict[str, set[str]]) -> Iterator[Mistake]:
    seen: set[tuple[str, str]] = set()
    for key, day in (("read", card.read), ("maintenance.as_of", card.maintenance and card.maintenance.as_of)):
        if day and day > date.today():
            yield Mistake(path, key, f"lies in the future: {day}.")
    if card.read and not card.source:
        yield Mistake(path, "read", "gives a date, but no source that was read on it.")
    for number, block in enumerate(card.claims):
        key = f"claims.{number}"
        if block.question not in options:
            yield Mistake(path, f"{key}.question", f"names {block.question!r}, which is no question.")
            continue
        if unknown := sorted({*block.suits, *block.unsuited} - options[block.question]):
            yield Mistake(path, f"{key}.{block.question}", f"has no option {', '.join(map(repr, unknown))}.")
        for value in [*block.suits, *block.unsuited]:
            if (block.question, value) in seen:
                yield Mistake(path, f"{key}.{block.question}", f"speaks of {value!r} twice; keep the better source.")
            seen.add((block.question, value))
        if not block.suits and not block.unsuited:
            yield Mistake(path, key, "says nothing; name options that suit or are unsuited.")
        if block.read and block.read > date.today():
            yield Mistake(path, f"{key}.read", f"lies in the future: {block.read}.")


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

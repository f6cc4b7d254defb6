"""Reading the cards of a folder, with every mistake in them named by file, key and value."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from catalog.cards import SLUG, UNSURE, Catalog, EntryCard, Mistake, ModelCard, QuestionCard, ToolCard

KINDS = ("questions", "tools", "models")
CardT = TypeVar("CardT", bound=BaseModel)


class Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Safe YAML that refuses the same key twice, which plain YAML lets pass in silence."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return what a node says; `!!int ""` and the like are mistakes in the text, not in this program."""
        try:
            return super().construct_object(node, deep)
        except (LookupError, AttributeError) as error:
            said = f"{node.value!r:.60} is not what its tag {node.tag} says"
            raise yaml.MarkedYAMLError(problem=said, problem_mark=node.start_mark) from error


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=node.start_mark)
    return loader.construct_mapping(node, deep=True)


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


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


def paths(folder: Path) -> Iterator[Path]:
    """Yield the path of every card below `folder`."""
    for kind in KINDS:
        yield from (folder / kind).glob("*.yaml")


def digest(folder: Path) -> str:
    """Return a SHA-256 over the names and bytes of all cards."""
    total = hashlib.sha256()
    for path in sorted(paths(folder)):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def _read_all(folder: Path, shape: type[CardT], mistakes: list[Mistake], name: str) -> Iterator[tuple[str, CardT]]:
    for path in sorted(folder.glob("*.yaml")):
        if not re.fullmatch(name, path.stem):
            mistakes.append(Mistake(path, "file name", f"{path.stem!r} is not of the form {name}."))
            continue
        try:
            yield path.stem, shape.model_validate(_content(path))
        except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
            mistakes.append(Mistake(path, "YAML", f"cannot be read: {' '.join(str(error).split())}."))
        except ValidationError as error:
            mistakes += shape_mistakes(path, error)
        except ValueError as error:
            mistakes.append(Mistake(path, "YAML", f"holds an impossible value: {error}."))
        except RecursionError:
            mistakes.append(Mistake(path, "YAML", "is nested too deeply to be a card."))


def _content(path: Path) -> Any:
    """Return what a card says. Aliases are refused, for a few lines of them stand for more than any memory holds."""
    text = path.read_text(encoding="utf-8")
    if "&" in text and "*" in text and any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, Loader)):
        raise yaml.YAMLError("it has an alias (*name); write the value out where it belongs")
    return yaml.load(text, Loader)  # noqa: S506  # it is a safe loader


def shape_mistakes(path: Path, error: ValidationError) -> list[Mistake]:
    """Return what does not have a card's shape, by key."""
    return [Mistake(path, ".".join(map(str, e["loc"])) or "card", _complaint(e)) for e in error.errors()]


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
    known = Known(options, set(catalog.tools), set(catalog.entries))
    names: dict[str, str] = {}
    for kind, cards in (("tools", catalog.tools), ("models", catalog.models)):
        for slug, card in cards.items():
            path = folder / kind / f"{slug}.yaml"
            if kind == "models" and slug in catalog.tools:
                yield Mistake(path, "file name", f"{slug!r} is also the name of a tool card.")
            if (other := names.setdefault(card.name.casefold(), slug)) != slug:
                yield Mistake(path, "name", f"is {card.name!r}, which {other}.yaml has too.")
            yield from card_mistakes(path, card, known)


class Known(NamedTuple):
    """What a card may refer to: the options of each question, and the slugs of tools and of all entries."""

    options: Mapping[str, Collection[str]]
    tools: Collection[str]
    entries: Collection[str]


def card_mistakes(path: Path, card: EntryCard, known: Known) -> Iterator[Mistake]:
    """Yield links of one card to cards that do not exist, and what is wrong with its claims and dates."""
    later = [card.superseded_by] if card.superseded_by else []
    for key, links, there in (
        ("hosts", card.hosts, known.tools),
        ("runs_in", card.runs_in, known.tools),
        ("superseded_by", later, known.entries),
        ("interchangeable_with", card.interchangeable_with, known.entries),
    ):
        for link in links:
            if link not in there or link == path.stem:
                yield Mistake(path, key, f"names {link!r}, which is no other card.")
    yield from _claim_mistakes(path, card, known.options)


def _claim_mistakes(path: Path, card: EntryCard, options: Mapping[str, Collection[str]]) -> Iterator[Mistake]:
    seen: set[tuple[str, str]] = set()
    single = ((f"sources.{name}.read", found.read) for name, found in card.sources.items())
    for key, day in (
        ("read", card.read),
        ("maintenance.as_of", card.maintenance and card.maintenance.as_of),
        *single,
    ):
        if day and day > date.today():
            yield Mistake(path, key, f"lies in the future: {day}.")
    if card.read and not card.source:
        yield Mistake(path, "read", "gives a date, but no source that was read on it.")
    for number, block in enumerate(card.claims):
        key = f"claims.{number}"
        if block.question not in options:
            yield Mistake(path, f"{key}.question", f"names {block.question!r}, which is no question.")
            continue
        if unknown := sorted({*block.suits, *block.unsuited} - set(options[block.question])):
            yield Mistake(path, f"{key}.{block.question}", f"has no option {', '.join(map(repr, unknown))}.")
        for value in [*block.suits, *block.unsuited]:
            if (block.question, value) in seen:
                yield Mistake(path, f"{key}.{block.question}", f"speaks of {value!r} twice; keep the better source.")
            seen.add((block.question, value))
        if not block.suits and not block.unsuited:
            yield Mistake(path, key, "says nothing; name options that suit or are unsuited.")
        if block.read and block.read > date.today():
            yield Mistake(path, f"{key}.read", f"lies in the future: {block.read}.")
        if block.confirmed and (block.read is None or not block.read <= block.confirmed <= date.today()):
            yield Mistake(path, f"{key}.confirmed", "is a second reading: it needs a first one, and not a future day.")

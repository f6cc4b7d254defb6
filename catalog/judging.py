"""Judging one card that comes from a form: by the checks of the card files, in the same words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from catalog import loading, reading
from catalog.cards import SLUG, EntryCard, Mistake, ModelCard, ToolCard
from catalog.models import Entry, Option

SHAPES: dict[str, type[EntryCard]] = {Entry.Kind.TOOL: ToolCard, Entry.Kind.MODEL: ModelCard}
LONGEST, DEEPEST, MOST_PARTS, LONGEST_PART = 20_000, 8, 4_000, 1_000


class UnreadableError(ValueError):
    """A text is no YAML that this site reads; the message says why."""


def judge(kind: str, slug: str, raw: Any) -> tuple[EntryCard | None, list[Mistake]]:
    """Return the card that `raw` describes, or None where it has no card's shape, and everything wrong with it."""
    path = Path(f"{kind}s") / f"{slug}.yaml"
    try:
        card = SHAPES[kind].model_validate(raw)
    except ValidationError as error:
        return None, reading.shape_mistakes(path, error)
    return card, [*_slug_mistakes(path), *_name_taken(path, card), *reading.card_mistakes(path, card, known())]


def judge_entry(entry: Entry) -> list[Mistake]:
    """Return what is wrong with an entry as it is in memory, with its claims as they are in the database."""
    path = Path(f"{entry.kind}s") / f"{entry.slug}.yaml"
    try:
        card = loading.card_of(entry)
    except ValidationError as error:
        return reading.shape_mistakes(path, error)
    return [*_name_taken(path, card), *reading.card_mistakes(path, card, known())]


def known() -> reading.Known:
    """Return what a card may refer to, as the database holds it."""
    options: dict[str, set[str]] = {}
    for question, value in Option.objects.values_list("question_id", "value"):
        options.setdefault(question, set()).add(value)
    kinds = dict(Entry.objects.values_list("slug", "kind"))
    return reading.Known(options, {slug for slug, kind in kinds.items() if kind == Entry.Kind.TOOL}, set(kinds))


def parse(text: str) -> Any:
    """Return what a stranger's YAML says.

    Raises
    ------
    UnreadableError
        If it is not YAML, or so large, deep or self-referring that reading it would cost the server dear.
    """
    if len(text) > LONGEST:
        raise UnreadableError(f"The card has {len(text)} characters; at most {LONGEST} are read.")
    try:
        _measure(text)
        return yaml.load(text, reading.Loader)  # noqa: S506 - a safe loader
    except UnreadableError:
        raise
    except yaml.YAMLError as error:
        raise UnreadableError(f"The card is not valid YAML: {' '.join(str(error).split())}.") from error
    except (ValueError, TypeError) as error:
        raise UnreadableError(f"The card holds an impossible value: {error}.") from error


def _measure(text: str) -> None:
    depth = 0
    for number, event in enumerate(yaml.parse(text, reading.Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise UnreadableError("The card refers to a part of itself (& and *); write that part out.")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST_PART:
            raise UnreadableError(f"One value has {len(event.value)} characters; at most {LONGEST_PART} are read.")
        if isinstance(event, yaml.ScalarEvent) and "\0" in event.value:
            raise UnreadableError("A value holds the character NUL, which no text has; take it out.")
        if depth > DEEPEST or number > MOST_PARTS:
            raise UnreadableError("The card is nested or cut up more than any card is.")


def _slug_mistakes(path: Path) -> Iterator[Mistake]:
    if not SLUG.fullmatch(path.stem):
        yield Mistake(path, "file name", f"{path.stem!r} is not of the form {SLUG.pattern}.")


def _name_taken(path: Path, card: EntryCard) -> Iterator[Mistake]:
    if other := Entry.objects.filter(name__iexact=card.name).exclude(pk=path.stem).first():
        yield Mistake(path, "name", f"is {card.name!r}, which {other.pk}.yaml has too.")

"""Coverage: which aims, objects and microscopes the catalog knows too few tools for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from catalog.models import Claim, Entry, Option

QUESTIONS = ("goal.main", "obj.kind", "img.modality")
ENOUGH = 5
WELL = 0.7
"""Strength from which a tool does it well, so that a visitor could choose it for that."""


class _Choice(Protocol):
    """What a card's option and one of the database share."""

    @property
    def value(self) -> str: ...
    @property
    def includes(self) -> Sequence[str]: ...
    @property
    def neutral(self) -> bool: ...
    @property
    def alone(self) -> bool: ...


ChoiceT = TypeVar("ChoiceT", bound=_Choice)


class Hole(NamedTuple):
    """An option that fewer tools do well than a visitor would like to choose among."""

    option: Option
    tools: int


def thin(options: Iterable[ChoiceT], able: Mapping[str, set[str]], enough: int = ENOUGH) -> list[tuple[ChoiceT, int]]:
    """Return the options that fewer than `enough` tools do, themselves or a narrower one, and how many.

    Options that state no wish, or none of the others, need no tool.
    """
    counted = ((o, len(set().union(*(able.get(v, set()) for v in (o.value, *o.includes))))) for o in options)
    return [(o, number) for o, number in counted if number < enough and not o.neutral and not o.alone]


def holes() -> list[Hole]:
    """Return the options of the database's questions that too few tools do well, the emptiest first."""
    tools = suited()
    found = [Hole(o, number) for name in QUESTIONS for o, number in thin(_options(name), tools[name])]
    return sorted(found, key=lambda hole: hole.tools)


def suited() -> Mapping[str, Mapping[str, set[str]]]:
    """Return question to option to the slugs of the tools that do it well."""
    tools: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in QUESTIONS}
    claims = Claim.objects.filter(
        option__question__in=QUESTIONS, strength__gte=WELL, entry__kind=Entry.Kind.TOOL
    ).values_list("option__question_id", "option__value", "entry_id")
    for question, value, slug in claims:
        tools[question][value].add(slug)
    return tools


def _options(question: str) -> list[Option]:
    return list(Option.objects.filter(question_id=question).select_related("question"))

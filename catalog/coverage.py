"""Coverage: which aims, objects and microscopes the catalog knows too few tools for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from catalog.models import Claim, Entry, Option

QUESTIONS = ("goal.main", "obj.kind", "img.modality")
ENOUGH = 5
SUITED = 0.4
"""From "can be made to" on, a tool counts as suited."""


class Hole(NamedTuple):
    """An option that fewer tools suit than a visitor would like to choose among."""

    option: Option
    tools: int


def suited() -> Mapping[str, Mapping[str, set[str]]]:
    """Return question to option to the slugs of the tools that suit it, or an option that it includes."""
    tools: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in QUESTIONS}
    claims = Claim.objects.filter(
        option__question__in=QUESTIONS, strength__gte=SUITED, entry__kind=Entry.Kind.TOOL
    ).values_list("option__question_id", "option__value", "entry_id")
    for question, value, slug in claims:
        tools[question][value].add(slug)
    return {name: {o.value: _with_narrower(o, tools[name]) for o in _options(name)} for name in QUESTIONS}


def holes(enough: int = ENOUGH) -> list[Hole]:
    """Return the options that fewer than `enough` tools suit, the emptiest first; options without a wish are not."""
    tools = suited()
    found = [
        Hole(option, number)
        for name in QUESTIONS
        for option in _options(name)
        if not option.neutral and (number := len(tools[name][option.value])) < enough
    ]
    return sorted(found, key=lambda hole: hole.tools)


def _options(question: str) -> list[Option]:
    return list(Option.objects.filter(question_id=question).select_related("question"))


def _with_narrower(option: Option, tools: Mapping[str, set[str]]) -> set[str]:
    return set().union(*(tools.get(value, set()) for value in (option.value, *option.includes)))

"""What the filters of the lists offer, in words, each with how many entries it would leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog import indexing
from catalog.models import Entry, Option
from catalog.searching import FLAGS, Filters

PLATFORMS = {"windows": "Windows", "macos": "macOS", "linux": "Linux", "web": "In the browser"}
USES = {
    "desktop": "program with windows",
    "plugin": "plugin",
    "library": "library",
    "command_line": "command line",
    "web": "website",
    "notebook": "notebook",
}
_LABELS = {
    "goal": ("What it gives you", "Anything"),
    "object": ("What it looks at", "Anything"),
    "modality": ("Microscope or method", "Any"),
    "host": ("Runs inside", "Anywhere"),
    "use": ("Kind of program", "Any"),
    "platform": ("Operating system", "Any"),
}
_FLAG_LABELS = {"free": "free of charge", "open": "open source", "runs": "it runs here, on your image"}


@dataclass(frozen=True)
class Value:
    value: str
    text: str
    count: int
    picked: bool


@dataclass(frozen=True)
class Facet:
    """One filter: a list to choose from, or a box to tick where `any` names no first choice."""

    name: str
    label: str
    any: str
    values: tuple[Value, ...]
    count: int = 0
    picked: bool = False


def offered(kind: str, filters: Filters, counts: Mapping[str, Mapping[str, int]]) -> list[Facet]:
    """Return the filters that an entry of this kind can pass; a value that would leave nothing is not offered.

    A list stays where it is when nothing is left in it, so that the next search finds it there.
    """
    found = []
    for name, (label, any_) in _LABELS.items():
        picked = getattr(filters, name)
        values = tuple(
            Value(value, text, counts[name].get(value, 0), value == picked)
            for value, text in _words(name, counts[name])
            if counts[name].get(value) or value == picked
        )
        if counts[name]:
            found.append(Facet(name, label, any_, values))
    flags = [name for name in FLAGS if kind == Entry.Kind.TOOL or name != "runs"]
    return found + [
        Facet(name, _FLAG_LABELS[name], "", (), counts[name].get("1", 0), bool(getattr(filters, name)))
        for name in flags
    ]


def _words(facet: str, counts: Mapping[str, int]) -> Iterable[tuple[str, str]]:
    if facet in indexing.CLAIMED:
        return (
            Option.objects.filter(question_id=indexing.CLAIMED[facet]).order_by("position").values_list("value", "text")
        )
    if facet == "host":
        names = dict(Entry.objects.filter(slug__in=counts).values_list("slug", "name"))
        return [(slug, names.get(slug, slug)) for slug in sorted(counts, key=lambda s: (-counts[s], s))]
    return (PLATFORMS if facet == "platform" else USES).items()

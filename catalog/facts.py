"""The facts of an entry's page, in words: what each is called, and when it was last checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalog import links
from catalog.facets import PLATFORMS, USES
from catalog.models import Claim, Entry, Link

NAMES = {
    "name": "Name",
    "summary": "Summary",
    "aliases": "Other names",
    "made_for": "Made for",
    "assays": "Assays",
    "cost": "Cost",
    "licence": "Licence",
    "use_as": "Used as",
    "platforms": "Works on",
    "hosts": "Runs inside",
    "runs_in": "Runs in",
    "framework": "Framework",
    "reach": "How known",
    "maintenance": "Maintenance",
    "citation": "Cite",
    "homepage": "Website",
    "documentation": "Documentation",
    "repository": "Source code",
    "weights": "Weights",
    "tutorials": "Learn it",
    "superseded_by": "Superseded by",
    "interchangeable_with": "Would serve as well",
    "keywords": "Keywords",
}
FOLLOWS = {
    "cost": "follows from its price",
    "licence": "follows from its licence",
    "platforms": "follows from its platforms",
    "use_as": "follows from how it is used",
    "hosts": "follows from the program it runs in",
}


@dataclass(frozen=True)
class Checked:
    """Where and when a fact was last checked."""

    source: str
    read: date | None


def checked(entry: Entry) -> dict[str, Checked]:
    """Return for each fact where it was found, and the day on which somebody read it there."""
    common = Checked(entry.source, entry.read)
    found = dict.fromkeys(NAMES, common)
    for name, own in entry.sources.items():
        found[name] = Checked(own["source"], date.fromisoformat(own["read"]))
    if "source" in entry.maintenance or "as_of" in entry.maintenance:
        as_of = entry.maintenance.get("as_of")
        found["maintenance"] = Checked(
            entry.maintenance.get("source", entry.source), date.fromisoformat(as_of) if as_of else None
        )
    return found


def visits(entry: Entry, claims: list[Claim]) -> Mapping[str, Link]:
    """Return what the last visit to each of an entry's web addresses found, where there was one."""
    named = {url for url in (*links.of(entry), *(claim.source for claim in claims)) if url}
    visited = Link.objects.filter(checked__isnull=False).in_bulk(list(map(links.page, named)))
    return {url: visited[links.page(url)] for url in named if links.page(url) in visited}


def follows(fact: str) -> str:
    return FOLLOWS.get(fact, f"follows from its {fact}")


def in_words(entry: Entry, name: str) -> str:
    """Return what the catalog says of a fact now."""
    value: Any = getattr(entry, name)
    if name == "maintenance":
        value = value.get("state", "")
    if name in ("cost", "reach"):
        value = getattr(entry, f"get_{name}_display")()
    words = {"platforms": PLATFORMS, "use_as": USES}.get(name, {})
    if isinstance(value, list):
        value = [words.get(item, item) for item in value]
        value = ", ".join(map(str, value))
    return str(value or "nothing")


def disputable(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the facts that somebody may find wrong, with their names; of tools those that only models have are not."""
    for name, words in NAMES.items():
        if entry.kind == Entry.Kind.MODEL or name not in ("runs_in", "weights", "framework"):
            yield name, words

"""Which entries share one place in a ranking, so that three places never go to one tool and its plugins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol


class Relative(Protocol):
    """What a card and an entry of the database share."""

    @property
    def family(self) -> str | None: ...
    @property
    def superseded_by(self) -> str | None: ...
    @property
    def interchangeable_with(self) -> Sequence[str]: ...
    @property
    def runs_in(self) -> Sequence[str]: ...


class Kinship:
    """Relations among entries, by slug.

    Attributes
    ----------
    of : mapping of str to set of str
        The entries that are one choice with each: of its family, a program and its models, or as good as each other.
    """

    def __init__(self, entries: Mapping[str, Relative]) -> None:
        self.of: dict[str, set[str]] = {slug: set() for slug in entries}
        families: defaultdict[str, set[str]] = defaultdict(set)
        for slug, entry in entries.items():
            if entry.family:
                families[entry.family].add(slug)
            later = [entry.superseded_by] if entry.superseded_by else []
            for other in (*entry.interchangeable_with, *entry.runs_in, *later):
                if other in self.of:
                    self.of[slug].add(other)
                    self.of[other].add(slug)
        for family in families.values():
            for slug in family:
                self.of[slug] |= family - {slug}

    def related(self, one: str, other: str) -> bool:
        """Return whether two entries are one choice."""
        return other in self.of[one]

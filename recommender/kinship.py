"""Which entries share one place in a ranking, so that three places never go to one tool and its plugins."""

from __future__ import annotations

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
    """Relations among entries, by slug."""

    def __init__(self, entries: Mapping[str, Relative]) -> None:
        self.entries = entries

    def related(self, one: str, other: str) -> bool:
        """Return whether two entries are one choice: a family, a model and its program, or as good as each other."""
        a, b = self.entries[one], self.entries[other]
        return bool(
            (a.family and a.family == b.family)
            or other in a.interchangeable_with
            or one in b.interchangeable_with
            or a.superseded_by == other
            or b.superseded_by == one
            or other in a.runs_in
            or one in b.runs_in
        )

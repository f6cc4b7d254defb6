"""Searching and filtering the catalog's entries. No word of a search needs to be spelt as the card spells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import overload

import numpy as np

from catalog import indexing
from catalog.models import Entry

FLAGS = ("free", "open", "runs")


@dataclass(frozen=True)
class Filters:
    """What a visitor asked for; an empty value asks for nothing."""

    words: str = ""
    goal: str = ""
    object: str = ""
    modality: str = ""
    host: str = ""
    platform: str = ""
    use: str = ""
    free: str = ""
    open: str = ""
    runs: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """Return the filters in a query string, without its NUL bytes and overlong words."""

        def text(key: str) -> str:
            return query.get(key, "").replace("\0", "").strip()[:100]

        flags = {key: "1" if text(key) else "" for key in FLAGS}
        return cls(words=text("q"), **{key: text(key) for key in FACETS if key not in FLAGS}, **flags)

    @property
    def chosen(self) -> dict[str, str]:
        """Return the query string's keys and values that ask for something."""
        words = {"q": self.words} if self.words else {}
        return words | {key: value for key in FACETS if (value := getattr(self, key))}


FACETS = tuple(f.name for f in fields(Filters) if f.name != "words")


@dataclass(frozen=True)
class Found(Sequence[Entry]):
    """The entries that a search found, best first; read from the database only where they are looked at."""

    slugs: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    """Facet to value to how many entries have it among those that pass all other filters."""

    def __len__(self) -> int:
        return len(self.slugs)

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> list[Entry]: ...
    def __getitem__(self, place: int | slice) -> Entry | list[Entry]:
        if isinstance(place, int):
            return Entry.objects.get(pk=self.slugs[place])
        wanted = self.slugs[place]
        entries = Entry.objects.in_bulk(wanted)
        return [entries[slug] for slug in wanted if slug in entries]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self[:])


def find(kind: str, filters: Filters) -> Found:
    """Return the entries of a kind that pass the filters: best match first, without words by name."""
    index = indexing.current(kind)
    scores = index.scores(filters.words) if filters.words else np.ones(len(index.slugs), np.float32)
    passes = {key: index.facets[key].mask(value) for key in FACETS if (value := getattr(filters, key))}

    def beside(facet: str) -> indexing.Mask:
        return np.asarray(np.logical_and.reduce([scores > 0, *(m for key, m in passes.items() if key != facet)]))

    everything = beside("")
    chosen = np.flatnonzero(everything)
    best = chosen[np.lexsort((-index.reach[chosen], -scores[chosen]))] if filters.words else chosen
    return Found(
        tuple(index.slugs[i] for i in best),
        {f: index.facets[f].counts(beside(f) if f in passes else everything) for f in FACETS},
    )

"""The words and facets of all entries in memory, so that a search looks at no row of the database; one a revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from catalog import deriving
from catalog.importing import mapping
from catalog.models import Claim, Entry, Option, Revision
from catalog.words import Words, plain

Mask = NDArray[np.bool_]
CLAIMED = {"goal": "goal.main", "object": "obj.kind", "modality": "img.modality"}
"""Facets that rest on claims, by the question that they are claims on."""
SUITS = 0.4
"""Strength from which a claim counts as "it does this" in a filter; below, it takes effort."""
WELL = 0.7
"""Strength from which an entry is found by the words of an option."""
NAME, ALIAS, KEYWORD, SUMMARY, OPTION = 8.0, 5.0, 3.0, 1.0, 0.5


@dataclass(frozen=True)
class Facet:
    """Which entries have which values of one filter.

    Attributes
    ----------
    values : mapping of str to int
        The row of each value.
    has : ndarray of bool, shape (values, entries)
    packed : ndarray of uint8, shape (values, entries / 8)
        The same in single bits, for counting.
    """

    values: Mapping[str, int]
    has: Mask
    packed: NDArray[np.uint8]

    @classmethod
    def of(cls, masks: Mapping[str, Mask], count: int) -> Facet:
        has = np.array(list(masks.values()), bool).reshape(len(masks), count)
        return cls({value: i for i, value in enumerate(masks)}, has, np.packbits(has, axis=1))

    def mask(self, value: str) -> Mask:
        """Return which entries have a value; shape (entries,)."""
        row = self.values.get(value)
        return np.zeros(self.has.shape[1], bool) if row is None else self.has[row]

    def counts(self, among: Mask) -> dict[str, int]:
        """Return for each value how many of some entries have it."""
        found = np.bitwise_count(self.packed & np.packbits(among)).sum(axis=1, dtype=int)
        return dict(zip(self.values, found.tolist(), strict=True))


@dataclass(frozen=True)
class Index:
    """Every entry of one kind of the catalog, in the order of their names.

    Attributes
    ----------
    slugs : tuple of str
    reach : ndarray of int, shape (entries,)
        How widely each is used, 0 by few; it decides between entries that match equally well.
    facets : mapping of str to Facet
    words : Words
    """

    slugs: tuple[str, ...]
    reach: NDArray[np.intp]
    facets: Mapping[str, Facet]
    words: Words

    def scores(self, text: str) -> NDArray[np.float32]:
        """Return how well each entry matches a search, shape (entries,): 0 unless every word of it is found."""
        scores = [self.words.scores(word, len(self.slugs)) for word in dict.fromkeys(plain(text))]
        if not scores:
            return np.zeros(len(self.slugs), np.float32)
        return np.where(np.all(scores, axis=0), np.sum(scores, axis=0), np.float32(0))


def current(kind: str) -> Index:
    """Return the index of the loaded catalog; built once a revision."""
    with _building:
        return _built(Revision.current(), kind)


_building = Lock()
"""Threads that come while an index is built wait for it instead of building their own."""


@lru_cache(maxsize=4)
def _built(_: str, kind: str) -> Index:
    entries = _entries(kind)
    row = {e.slug: i for i, e in enumerate(entries)}
    weights: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for i, entry in enumerate(entries):
        for weight, texts in (
            (NAME, [entry.name, entry.slug, _joined(entry.name)]),
            (ALIAS, entry.aliases),
            (KEYWORD, [*entry.keywords, *entry.assays, *entry.made_for]),
            (SUMMARY, [entry.summary]),
        ):
            for word in plain(*texts):
                weights[word][i] = max(weight, weights[word].get(i, 0.0))
    for slug, words in _option_words(kind):
        for word in words if slug in row else ():
            weights[word].setdefault(row[slug], OPTION)
    return Index(
        slugs=tuple(row),
        reach=np.array([Entry.Reach.values.index(e.reach) for e in entries], np.intp),
        facets={n: Facet.of(masks, len(row)) for n, masks in (_claimed(kind, row) | _stated(entries)).items()},
        words=Words.of(weights),
    )


def _entries(kind: str) -> list[Entry]:
    """Return the entries by name; claims on others, which came since, wait for the index of the next revision."""
    return sorted(Entry.objects.filter(kind=kind), key=lambda e: e.name.casefold())


def _joined(name: str) -> str:
    """Return a name without its spaces and dashes: many write "cell profiler" or "scikitimage"."""
    return "".join(plain(name))


def _option_words(kind: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what an entry does well, in the words of the question bank and of EDAM."""
    edam: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for term in mapping.terms().values():
        for option, strength in term.suits.items():
            edam[option] += [term.label, term.id] if strength >= WELL else []
    texts = {
        o.pk: plain(o.text, *edam[o.question_id, o.value]) for o in Option.objects.filter(question__in=CLAIMED.values())
    }
    done_well = Claim.objects.filter(option__in=texts, strength__gte=WELL, entry__kind=kind)
    for slug, chosen in done_well.values_list("entry_id", "option_id").iterator(chunk_size=5000):
        yield slug, texts[chosen]


def _claimed(kind: str, row: Mapping[str, int]) -> dict[str, dict[str, Mask]]:
    """Return which entries suit an option, or a wider or narrower one, and are not said to be unsuited to it."""
    facets = {}
    for facet, question in CLAIMED.items():
        options = list(Option.objects.filter(question_id=question))
        suits, refused = ({o.value: np.zeros(len(row), bool) for o in options} for _ in range(2))
        said = Claim.objects.filter(option__question=question, entry__kind=kind)
        for slug, value, strength in said.values_list("entry_id", "option__value", "strength").iterator(5000):
            if slug in row and value in suits:
                suits[value][row[slug]] = strength >= SUITS
                refused[value][row[slug]] = strength == 0
        related = {o.value: {o.value, *o.includes} for o in options}
        for broad in options:
            for narrow in broad.includes:
                related[narrow].add(broad.value)
        facets[facet] = {v: np.any([suits[r] for r in near], axis=0) & ~refused[v] for v, near in related.items()}
    return facets


def _stated(entries: Iterable[Entry]) -> dict[str, dict[str, Mask]]:
    """Return which entries have which of the facts that a card states outright."""
    everyone = list(entries)
    values = {
        "host": [[*e.hosts, *e.runs_in] for e in everyone],
        "platform": [e.platforms for e in everyone],
        "use": [e.use_as for e in everyone],
        "free": [["1"] * (e.cost == Entry.Cost.FREE) for e in everyone],
        "open": [["1"] * deriving.is_open(e.licence) for e in everyone],
        "runs": [["1"] * bool(e.runs) for e in everyone],
    }
    facets: dict[str, dict[str, Mask]] = {}
    for facet, had in values.items():
        masks: defaultdict[str, Mask] = defaultdict(lambda: np.zeros(len(everyone), bool))
        for i, few in enumerate(had):
            for value in few:
                masks[value][i] = True
        facets[facet] = dict(masks)
    return facets

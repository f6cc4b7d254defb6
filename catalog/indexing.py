"""The words and facets of all entries in memory, so that a search looks at no row of the database; one a revision."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from catalog import deriving
from catalog.importing import mapping
from catalog.models import Claim, Entry, Option, Revision

Mask = NDArray[np.bool_]
CLAIMED = {"goal": "goal.main", "object": "obj.kind", "modality": "img.modality"}
"""Facets that rest on claims, by the question that they are claims on."""
SUITS = 0.4
"""Strength from which a claim counts as "it does this" in a filter; below, it takes effort."""
WELL = 0.7
"""Strength from which an entry is found by the words of an option."""
NAME, ALIAS, KEYWORD, SUMMARY, OPTION = 8.0, 6.0, 3.0, 1.0, 0.5
WHOLE, BEGINNING, PART, TYPO = 3.0, 2.0, 1.0, 0.8
"""How close a word of the search comes to a word of the catalog."""
SHORTEST_PART, SHORTEST_TYPO = 3, 4


@dataclass(frozen=True)
class Index:
    """Every entry of one kind of the catalog, in the order of their names.

    Attributes
    ----------
    slugs : tuple of str
    facets : mapping
        Facet to value to the entries that have it, each of shape (entries,).
    words : list of str
    postings : list of (entries, weights)
        For each word the entries that it stands in, and the weight of the best place it stands in.
    """

    slugs: tuple[str, ...]
    facets: Mapping[str, Mapping[str, Mask]]
    words: list[str]
    postings: list[tuple[NDArray[np.intp], NDArray[np.float32]]]

    def scores(self, text: str) -> NDArray[np.float32]:
        """Return how well each entry matches a search, shape (entries,): 0 unless every word of it is found."""
        total = np.zeros(len(self.slugs), np.float32)
        found = np.ones(len(self.slugs), bool)
        for wanted in dict.fromkeys(plain(text)):
            best = np.zeros(len(self.slugs), np.float32)
            for number, closeness in self._near(wanted):
                entries, weights = self.postings[number]
                best[entries] = np.maximum(best[entries], weights * closeness)
            total += best
            found &= best > 0
        return np.where(found, total, 0)

    def _near(self, wanted: str) -> Iterator[tuple[int, float]]:
        """Yield the words that hold a word of the search; where none does, those that differ by a slip or two."""
        held = [
            (number, WHOLE if word == wanted else BEGINNING if word.startswith(wanted) else PART)
            for number, word in enumerate(self.words)
            if wanted in word
        ]
        if held or len(wanted) < SHORTEST_TYPO:
            yield from (h for h in held if len(wanted) >= SHORTEST_PART or h[1] > PART)
            return
        slips = 1 if len(wanted) < 6 else 2
        for word, distance, number in process.extract(
            wanted, self.words, scorer=OSA.distance, score_cutoff=slips, limit=20
        ):
            if word[0] == wanted[0] or distance == 1:
                yield number, TYPO / distance


def plain(*texts: str) -> list[str]:
    """Return the words of some texts in lower case, without accents and punctuation."""
    decomposed = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    return re.findall("[0-9a-z]+", "".join(c for c in decomposed if not unicodedata.combining(c)))


def current(kind: str) -> Index:
    """Return the index of the loaded catalog; built once a revision."""
    with _building:
        return _built(Revision.current(), kind)


_building = Lock()
"""Threads that come while an index is built wait for it instead of building their own."""


@lru_cache(maxsize=4)
def _built(_: str, kind: str) -> Index:
    entries = sorted(Entry.objects.filter(kind=kind), key=lambda e: e.name.casefold())
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
        for word in words:
            weights[word].setdefault(row[slug], OPTION)
    return Index(
        slugs=tuple(row),
        facets=_claimed(kind, row) | _stated(entries),
        words=list(weights),
        postings=[(np.fromiter(w, np.intp), np.fromiter(w.values(), np.float32)) for w in weights.values()],
    )


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

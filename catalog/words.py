"""Words without case, accents and punctuation, and looking for them though they are misspelt."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

WHOLE, BEGINNING, PART, TYPO = 3.0, 2.0, 1.0, 0.8
"""How close a word of the search comes to a word of the catalog."""
SHORTEST_PART, SHORTEST_TYPO, LONG_WORD = 3, 4, 6
"""Letters from which a word is looked for inside others, one slip is forgiven, and two are."""


def plain(*texts: str) -> list[str]:
    """Return the words of some texts in lower case, without accents and punctuation."""
    decomposed = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    return re.findall("[0-9a-z]+", "".join(c for c in decomposed if not unicodedata.combining(c)))


@dataclass(frozen=True)
class Words:
    """Where each word of the catalog stands.

    Attributes
    ----------
    text : str
        All words in one text, each between two line breaks, so that one scan finds the words that hold another.
    begins : ndarray of int, shape (words,)
        Where each begins in the text.
    first : ndarray of int, shape (words + 1,)
        Where the postings of each word begin in the two arrays below.
    entries, weights : ndarray, shape (postings,)
        The entries that a word stands in, and the weight of the best place it stands in.
    """

    text: str
    begins: NDArray[np.intp]
    first: NDArray[np.intp]
    entries: NDArray[np.intp]
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, weights: Mapping[str, Mapping[int, float]]) -> Words:
        """Return the words of a mapping from word to entry to weight."""
        lengths = np.array([len(word) + 1 for word in weights], np.intp)
        counts = np.array([len(found) for found in weights.values()], np.intp)
        return cls(
            text="\n" + "".join(f"{word}\n" for word in weights),
            begins=np.append(0, lengths.cumsum())[: len(weights)] + 1,
            first=np.append(0, counts.cumsum()),
            entries=np.fromiter((e for found in weights.values() for e in found), np.intp),
            weights=np.fromiter((w for found in weights.values() for w in found.values()), np.float32),
        )

    def near(self, wanted: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return the words that hold another, and how close each comes; if none does, those a slip or two away."""
        pattern = wanted if len(wanted) >= SHORTEST_PART else f"\n{wanted}"
        places = np.fromiter((m.start() + len(pattern) - len(wanted) for m in re.finditer(pattern, self.text)), np.intp)
        if not len(places) and len(wanted) >= SHORTEST_TYPO:
            return self._misspelt(wanted)
        found = np.searchsorted(self.begins, places, side="right") - 1
        begins = places == self.begins[found]
        whole = begins & np.array([self.text[p + len(wanted)] == "\n" for p in places], bool)
        return found, np.select([whole, begins], [WHOLE, BEGINNING], PART).astype(np.float32)

    def _misspelt(self, wanted: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        slips = 1 if len(wanted) < LONG_WORD else 2
        words = self.text.split("\n")[1:-1]
        near = process.extract(wanted, words, scorer=OSA.distance, score_cutoff=slips, limit=20)
        kept = [(number, TYPO / slip) for word, slip, number in near if slip == 1 or word[0] == wanted[0]]
        return np.array([n for n, _ in kept], np.intp), np.array([c for _, c in kept], np.float32)

    def scores(self, wanted: str, count: int) -> NDArray[np.float32]:
        """Return how well each of `count` entries matches one word of a search; shape (count,), 0 for not at all."""
        found, closeness = self.near(wanted)
        lengths = self.first[found + 1] - self.first[found]
        postings = np.arange(lengths.sum()) + np.repeat(self.first[found] - (lengths.cumsum() - lengths), lengths)
        best = np.zeros(count, np.float32)
        np.maximum.at(best, self.entries[postings], self.weights[postings] * np.repeat(closeness, lengths))
        return best

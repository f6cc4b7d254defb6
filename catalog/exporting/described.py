"""Entries with all that is claimed of them, read at once, in an order that never changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from catalog.importing import mapping
from catalog.models import Claim, Entry

SUITS = 0.7
"""From this strength on an entry does a thing well; exports say of it what it does well."""


class Described(NamedTuple):
    """An entry and its claims, in the order of the questions, strongest first."""

    entry: Entry
    claims: list[Claim]

    @property
    def suited(self) -> set[tuple[str, str]]:
        """The options that it does well."""
        return {(c.option.question_id, c.option.value) for c in self.claims if c.strength >= SUITS}

    def texts(self, question: str) -> list[str]:
        """Return in words which options of a question it does well, strongest first."""
        return [c.option.text for c in self.claims if c.option.question_id == question and c.strength >= SUITS]

    def terms(self, kind: str) -> Iterator[mapping.Term]:
        """Yield the EDAM terms of a kind (operation, topic or format) that say what its claims say."""
        for term in mapping.terms().values():
            if term.back and term.id.startswith(kind) and term.suits.keys() <= self.suited:
                yield term


def describe(entry: Entry) -> Described:
    """Return one entry with its claims."""
    return Described(entry, _sorted(entry.claims.select_related("option__question")))


def everything(kind: str = "") -> list[Described]:
    """Return all entries, of one kind or of both, by slug."""
    entries = Entry.objects.order_by("slug").prefetch_related("claims__option__question")
    if kind:
        entries = entries.filter(kind=kind)
    return [Described(entry, _sorted(entry.claims.all())) for entry in entries]


def _sorted(claims: object) -> list[Claim]:
    def place(claim: Claim) -> tuple[int, float, int]:
        return claim.option.question.position, -claim.strength, claim.option.position

    return sorted(claims, key=place)  # type: ignore[call-overload,no-any-return]  # any iterable of claims

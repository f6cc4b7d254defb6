"""The sheet of one entry: its claims in plain words, and how it stands to other entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from urllib.parse import urlencode

from catalog.models import Claim, Entry, Question

_WORDS = ((0.9, "Made for it"), (0.6, "Does it well"), (0.3, "Can be made to"), (0.01, "Only with effort"))
UNSUITED = "Does not"
TELLING = ("goal.main", "obj.kind", "img.modality", "img.dims", "img.time")
"""Questions whose answers describe a tool well enough to look for others like it."""
PRACTICAL = ("goal.assay", "me.coding", "me.run", "me.os", "me.cost")
"""Questions that everybody has of a tool; with the telling ones they stand at the top of its sheet."""


@dataclass(frozen=True)
class Line:
    """Options of one question that one source speaks of with the same strength."""

    strength: str
    suits: bool
    options: tuple[str, ...]
    source: str
    read: date | None
    confirmed: date | None = None
    follows_from: str = ""


@dataclass(frozen=True)
class Section:
    """What is known of an entry on one question."""

    question: Question
    lines: tuple[Line, ...]

    @property
    def telling(self) -> bool:
        return self.question.pk in (*TELLING, *PRACTICAL)


def strength_words(strength: float) -> str:
    return next((words for least, words in _WORDS if strength >= least), UNSUITED)


def claims_of(entry: Entry) -> list[Claim]:
    """Return the claims in the order of the questions, strongest first."""
    claims = entry.claims.select_related("option__question")
    return sorted(claims, key=lambda c: (c.option.question.position, -c.strength, c.option.position))


def sections(claims: Iterable[Claim]) -> list[Section]:
    """Return the claims by question; within it by strength and source."""
    return [
        Section(question, tuple(_lines(list(said))))
        for question, said in groupby(claims, key=lambda c: c.option.question)
    ]


def _lines(claims: list[Claim]) -> Iterable[Line]:
    def place(claim: Claim) -> tuple[int, str, bool, date, date, str]:
        words = [w for _, w in _WORDS] + [UNSUITED]
        read, again = claim.read or date.min, claim.confirmed or date.min
        grade = words.index(strength_words(claim.strength))
        return grade, claim.follows_from, not claim.verified, read, again, claim.source

    for _, said in groupby(sorted(claims, key=place), key=place):
        same = list(said)
        yield Line(
            strength=strength_words(same[0].strength),
            suits=same[0].strength > 0,
            options=tuple(c.option.text for c in same),
            source=same[0].source,
            read=same[0].read,
            confirmed=same[0].confirmed,
            follows_from=same[0].follows_from,
        )


def similar_query(claims: Iterable[Claim]) -> str:
    """Return the answers that somebody would give for whom this entry is the right one."""
    pairs = []
    for question, said in groupby(claims, key=lambda c: c.option.question):
        strong = [c for c in said if c.strength >= 0.7] if question.pk in TELLING else []
        most = min(question.max_picks or 2, 2) if question.kind == Question.Kind.SEVERAL else 1
        pairs += [(question.pk, c.option.value) for c in strong[:most]]
    return urlencode(pairs)


def single_sources(entry: Entry) -> list[tuple[str, str, date]]:
    """Return the facts that were not found with the others, each with its own source and day."""
    return [(name, at["source"], date.fromisoformat(at["read"])) for name, at in sorted(entry.sources.items())]


def neighbours(entry: Entry) -> dict[str, list[Entry]]:
    """Return the entries that belong to this one, by how."""
    everyone = {
        e.slug: e
        for e in Entry.objects.exclude(pk=entry.pk).only(
            "slug", "kind", "name", "summary", "family", "hosts", "runs_in", "runs", "superseded_by"
        )
    }
    named = [everyone[s] for s in [*entry.hosts, *entry.runs_in] if s in everyone]
    models = [e for e in everyone.values() if entry.slug in e.runs_in]
    guests = [e for e in everyone.values() if entry.slug in e.hosts]
    shown = {e.slug for e in (*named, *models, *guests)}
    return {
        "homes": named,
        "models": models,
        "guests": guests,
        "successors": [everyone[s] for s in [entry.superseded_by] if s in everyone],
        "predecessors": [e for e in everyone.values() if e.superseded_by == entry.slug],
        "equals": [everyone[s] for s in entry.interchangeable_with if s in everyone],
        "family": [e for e in everyone.values() if entry.family and e.family == entry.family and e.slug not in shown],
    }

"""The fitted engine for the catalog as it stands, kept until the catalog changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np
from django.db import transaction

from catalog.cards import OptionCard, QuestionCard
from catalog.models import Claim, Entry, Option, Question, Revision
from recommender import engine
from recommender.kinship import Kinship

REACH = {"niche": 1.0, "known": 3.0, "common": 12.0, "ubiquitous": 40.0}
"""Prior weight of an entry by how widely it is used: about the square root of its number of users."""
TEMPERATURE = 2.0
"""Answers repeat each other; at this value the stated probabilities match the real cases (docs/evaluation.md)."""
RECALLED = 0.85
"""How far a claim is believed that nobody has read in its source yet; one that was read counts in full."""
QUIET = 0.06
"""How far an option counts that a card passes over: little, since most cards were written from their sources."""
PERSONAL = "me."
"""Questions about a person. On their scales what suits one step need not nearly suit the next, as with coding."""
MODEL_WEIGHT = 0.05
"""A model is found through its tool, so alone it starts lower."""


@dataclass(frozen=True)
class Tables:
    """Questions and entries of one revision of the catalog, and the engine fitted to them."""

    revision: str
    questions: Mapping[str, Question]
    options: Mapping[tuple[str, str], Option]
    entries: tuple[Entry, ...]
    claims: Mapping[tuple[str, str, str], Claim]
    """By entry, question and option."""
    spoken: frozenset[tuple[str, str]]
    """Pairs of entry and question on which a card says something."""
    aliases: Mapping[str, str]
    """Earlier question ids, and earlier ``question=option`` pairs, to what they are called now."""
    engine: engine.TwentyQuestions
    kin: Kinship


class EmptyCatalogError(Exception):
    """Nothing is loaded, so nothing can be asked or ranked."""

    status, code = 503, "empty_catalog"
    sentence = "The catalog is empty, so nothing can be recommended."
    cure = "Load it with `manage.py load_catalog`."

    def __str__(self) -> str:
        return f"{self.sentence} {self.cure}"


def current() -> Tables:
    """Return the tables of the loaded catalog; built once a revision.

    Raises
    ------
    EmptyCatalogError
        Before the first load.
    """
    revision = Revision.current()
    if not revision:
        raise EmptyCatalogError
    with _building:
        return _tables(revision)


_building = Lock()
"""Threads that come while the tables are built wait for them instead of building their own."""


@lru_cache(maxsize=2)
def _tables(revision: str) -> Tables:
    with transaction.atomic():
        return _read(revision)


def _read(revision: str) -> Tables:
    questions = {q.pk: q for q in Question.objects.prefetch_related("options")}
    options = {(q.pk, o.value): o for q in questions.values() for o in q.options.all()}
    entries = tuple(Entry.objects.order_by("slug"))
    claims = {(c.entry_id, c.option.question_id, c.option.value): c for c in Claim.objects.select_related("option")}
    return Tables(
        revision=revision,
        questions=questions,
        options=options,
        entries=entries,
        claims=claims,
        spoken=frozenset((entry, question) for entry, question, _ in claims),
        aliases=_aliases(questions, options),
        engine=engine_of(questions, entries, claims),
        kin=Kinship({e.slug: e for e in entries}),
    )


def _aliases(questions: Mapping[str, Question], options: Mapping[tuple[str, str], Option]) -> dict[str, str]:
    renamed = {alias: q.pk for q in questions.values() for alias in q.aliases}
    for (question, value), option in options.items():
        renamed |= {f"{question}={alias}": value for alias in option.aliases}
    return renamed


def engine_of(
    questions: Mapping[str, Question], entries: Iterable[Entry], claims: Mapping[tuple[str, str, str], Claim]
) -> engine.TwentyQuestions:
    """Return the engine for what was read from the database."""
    return fit(
        [engine_question(name, q, list(q.options.all())) for name, q in questions.items()],
        {e.slug: weight(e.reach, e.kind) for e in entries},
        (Told(*key, claim.strength, claim.verified) for key, claim in claims.items()),
    )


class Told(NamedTuple):
    """What the engine needs to know of one claim."""

    entry: str
    question: str
    option: str
    strength: float
    verified: bool


def fit(
    asked: Sequence[engine.Question], weights: Mapping[str, float], claims: Iterable[Told]
) -> engine.TwentyQuestions:
    """Return the engine for these questions, entries (slug to prior weight) and claims."""
    row = {slug: i for i, slug in enumerate(weights)}
    column = {key: i for i, key in enumerate((q.name, o) for q in asked for o in q.options)}
    place = {q.name: i for i, q in enumerate(asked)}
    support = np.full((len(row), len(column)), np.nan)
    trust = np.zeros((len(row), len(place)))
    for claim in claims:
        support[row[claim.entry], column[claim.question, claim.option]] = claim.strength
        cell = row[claim.entry], place[claim.question]
        trust[cell] = max(trust[cell], 1.0 if claim.verified else RECALLED)
    return engine.TwentyQuestions(temperature=TEMPERATURE, quiet=QUIET, enough=0.9, least=0.1).fit(
        asked, support, list(weights.values()), trust
    )


def weight(reach: str, kind: str) -> float:
    """Return the prior weight of an entry."""
    return REACH[reach] * (MODEL_WEIGHT if kind == Entry.Kind.MODEL else 1.0)


def engine_question(
    name: str, card: Question | QuestionCard, options: Sequence[Option | OptionCard]
) -> engine.Question:
    """Return what the engine needs to know of a question, from the database or from its card."""
    return engine.Question(
        name=name,
        options=tuple(o.value for o in options),
        several=card.kind == Question.Kind.SEVERAL,
        ordered=card.kind == Question.Kind.ORDINAL and not name.startswith(PERSONAL),
        picks=card.picks or 1.0,
        effort=card.effort,
        answered=card.answered,
        applies_when=card.applies_when,
        includes={o.value: tuple(o.includes) for o in options if o.includes},
        neutral=frozenset(o.value for o in options if o.neutral),
        bounds=card.bounds,
        hard=frozenset(card.hard),
        hard_needs_all=card.hard_needs == "all",
    )

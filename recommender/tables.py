"""The fitted engine for the catalog as it stands, kept until the catalog changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
import pandas as pd
from django.db import transaction

from catalog.models import Claim, Entry, Option, Question, Revision
from recommender import engine

REACH = {"niche": 1.0, "known": 3.0, "common": 10.0, "ubiquitous": 30.0}
"""Prior weight of an entry by how widely it is used: about the square root of its number of users."""
TEMPERATURE = 1.6
"""Answers repeat each other; at this value the stated probabilities match the real cases (docs/evaluation.md)."""
RECALLED = 0.85
"""How far a claim is believed that nobody has read in its source yet; one that was read counts in full."""
MODEL_WEIGHT = 0.25
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
        engine=_fit(questions, options, entries, claims),
    )


def _aliases(questions: Mapping[str, Question], options: Mapping[tuple[str, str], Option]) -> dict[str, str]:
    renamed = {alias: q.pk for q in questions.values() for alias in q.aliases}
    for (question, value), option in options.items():
        renamed |= {f"{question}={alias}": value for alias in option.aliases}
    return renamed


def _fit(
    questions: Mapping[str, Question],
    options: Mapping[tuple[str, str], Option],
    entries: tuple[Entry, ...],
    claims: Mapping[tuple[str, str, str], Claim],
) -> engine.TwentyQuestions:
    asked = [engine_question(q) for q in questions.values()]
    support = pd.DataFrame(np.nan, index=[e.slug for e in entries], columns=pd.MultiIndex.from_tuples(list(options)))
    grid = support.to_numpy(copy=True)
    row = {slug: i for i, slug in enumerate(support.index)}
    column = {key: i for i, key in enumerate(options)}
    place = {name: i for i, name in enumerate(questions)}
    trust = np.zeros((len(entries), len(questions)))
    for (slug, question, value), claim in claims.items():
        grid[row[slug], column[question, value]] = claim.strength
        trust[row[slug], place[question]] = max(trust[row[slug], place[question]], 1.0 if claim.verified else RECALLED)
    weight = [REACH[e.reach] * (MODEL_WEIGHT if e.kind == Entry.Kind.MODEL else 1.0) for e in entries]
    return engine.TwentyQuestions(temperature=TEMPERATURE, enough=0.9, least=0.07).fit(asked, grid, weight, trust)


def engine_question(question: Question) -> engine.Question:
    """Return what the engine needs to know of a catalog question."""
    chosen = list(question.options.all())
    return engine.Question(
        name=question.pk,
        options=tuple(o.value for o in chosen),
        several=question.kind == Question.Kind.SEVERAL,
        picks=question.picks or 1.0,
        effort=question.effort,
        answered=question.answered,
        applies_when=question.applies_when,
        includes={o.value: tuple(o.includes) for o in chosen if o.includes},
        neutral=frozenset(o.value for o in chosen if o.neutral),
        bounds=question.bounds,
        hard=frozenset(question.hard),
        hard_needs_all=question.hard_needs == "all",
    )

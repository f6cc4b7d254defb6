"""Why an entry stands where it stands: every answer in bits, and what those bits rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from catalog.models import Claim, Entry, Question
from recommender.tables import Tables

Picked = Mapping[str, tuple[str, ...]]
NOTABLE = 0.3
"""Bits below which an answer moved an entry too little to be worth a line."""


@dataclass(frozen=True)
class Reason:
    """What one answer did to one entry, in bits against "none of these fits"."""

    question: Question
    picked_text: str
    bits: float
    sentence: str
    source: str | None
    verified: bool


@dataclass(frozen=True)
class Place:
    """One place of the ranking."""

    entry: Entry
    probability: float
    prior_bits: float
    reasons: tuple[Reason, ...]
    conflicts: tuple[Reason, ...]
    unknowns: tuple[str, ...]
    runs: tuple[str, ...]
    bits: Mapping[str, float]
    """Every answer's bits; with `prior_bits` they add up to log2(probability / probability that none fits)."""


@dataclass(frozen=True)
class Exclusion:
    """An entry that a hard constraint rules out, and the answer that did it."""

    entry: Entry
    question: Question
    sentence: str
    source: str | None


def ranking(tables: Tables, answers: Picked, posterior: Any, count: int) -> tuple[Place, ...]:
    """Return the likeliest entries, best first, those that share a family kept to two."""
    chosen: list[int] = []
    family: Counter[str] = Counter()
    for i in np.argsort(-posterior[:-1], kind="stable"):
        entry = tables.entries[i]
        if posterior[i] <= 0 or len(chosen) == count:
            break
        family[entry.family or entry.slug] += 1
        if family[entry.family or entry.slug] <= 2:
            chosen.append(int(i))
    return _places(tables, answers, posterior, chosen)


def runnable(tables: Tables, answers: Picked, posterior: Any, count: int = 3) -> tuple[Place, ...]:
    """Return the likeliest entries that run on this server, leaving out those the answers speak against.

    An entry is left out when the answers fit it less than chance would, or when another that runs here is ten times
    as likely.
    """
    engine = tables.engine
    fits = posterior[:-1] / engine.prior_[:-1] > posterior[-1] / engine.prior_[-1]
    here = [i for i, entry in enumerate(tables.entries) if entry.runs and fits[i]]
    here.sort(key=lambda i: -posterior[i])
    near = [i for i in here[:count] if posterior[i] >= posterior[here[0]] / 10]
    return _places(tables, answers, posterior, near)


def _places(tables: Tables, answers: Picked, posterior: Any, chosen: list[int]) -> tuple[Place, ...]:
    evidence = tables.engine.evidence(answers)
    return tuple(_place(tables, answers, i, float(posterior[i]), evidence) for i in chosen)


def _place(tables: Tables, answers: Picked, index: int, probability: float, evidence: Any) -> Place:
    entry, engine = tables.entries[index], tables.engine
    bits = dict(zip(answers, (evidence[:, index] - evidence[:, -1]).tolist(), strict=True))
    told = [_reason(tables, entry, name, answers[name], bits[name]) for name in answers if answers[name]]
    return Place(
        entry=entry,
        probability=probability,
        prior_bits=float(np.log2(engine.prior_[index] / engine.prior_[-1])),
        reasons=tuple(sorted((r for r in told if r.bits >= NOTABLE), key=lambda r: -r.bits)),
        conflicts=tuple(sorted((r for r in told if r.bits <= -NOTABLE), key=lambda r: r.bits)),
        unknowns=tuple(
            tables.questions[name].text
            for name, picked in answers.items()
            if picked and (entry.slug, name) not in tables.spoken
        ),
        runs=tuple(entry.runs),
        bits=bits,
    )


def _reason(tables: Tables, entry: Entry, name: str, picked: tuple[str, ...], bits: float) -> Reason:
    texts = ", ".join(tables.options[name, value].text for value in picked)
    claims = [c for v in picked if (c := tables.claims.get((entry.slug, name, v))) is not None]
    best = _telling(claims, bits > 0)
    return Reason(
        question=tables.questions[name],
        picked_text=texts,
        bits=bits,
        sentence=_sentence(entry, best, texts, (entry.slug, name) in tables.spoken),
        source=best.source if best else None,
        verified=bool(best and best.verified),
    )


def _telling(claims: list[Claim], speaks_for: bool) -> Claim | None:
    """Return the claim that best accounts for the direction in which the answer moved the entry."""
    if not claims:
        return None
    return max(claims, key=lambda c: (c.strength if speaks_for else -c.strength, c.verified))


def _sentence(entry: Entry, claim: Claim | None, texts: str, spoken: bool) -> str:
    """Return in plain words what the catalog knows about this entry and this answer."""
    if claim is None and spoken:
        return f"{entry.name} is described for other answers, not for “{texts}”."
    if claim is None:
        return f"Nothing is known of {entry.name} here; similar tools were taken as a guide."
    what = claim.option.text
    match claim.strength:
        case 0.0:
            return f"{entry.name} does not do this: “{what}”."
        case s if s >= 0.9:
            return f"{entry.name} is made for “{what}”."
        case s if s >= 0.6:
            return f"{entry.name} does “{what}” well."
        case s if s >= 0.3:
            return f"{entry.name} can be made to do “{what}”."
    return f"{entry.name} does “{what}” only with effort."


def exclusions(tables: Tables, answers: Picked) -> tuple[Exclusion, ...]:
    """Return the entries that the answers rule out, each with the first answer that did."""
    table = tables.engine.excluded(answers)
    names = list(answers)
    found = []
    for index in np.flatnonzero(table.any(axis=0)):
        entry, name = tables.entries[index], names[int(table[:, index].argmax())]
        refused = [c for v in answers[name] if (c := tables.claims.get((entry.slug, name, v))) and c.strength == 0.0]
        what = refused[0].option.text if refused else ", ".join(tables.options[name, v].text for v in answers[name])
        found.append(
            Exclusion(
                entry=entry,
                question=tables.questions[name],
                sentence=f"You answered “{what}”; {entry.name} does not offer that.",
                source=refused[0].source if refused else None,
            )
        )
    return tuple(found)


def why_now(tables: Tables, question: Question, belief: Any) -> str:
    """Return what asking this question now would separate, in plain words."""
    engine = tables.engine
    first = engine.start_[engine.place_[question.pk]]
    options = list(question.options.all())
    leaders = np.argsort(-belief[:-1], kind="stable")[:5]
    favourites: dict[str, list[str]] = {}
    for i in leaders:
        best = int(np.argmax(engine.table_[first : first + len(options), i]))
        favourites.setdefault(options[best].text, []).append(tables.entries[i].name)
    if len(favourites) < 2:
        return question.why
    (one, ones), (two, twos) = list(favourites.items())[:2]
    return f"{question.why} Now it would help to tell {ones[0]} (“{one}”) from {twos[0]} (“{two}”)."

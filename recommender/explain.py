"""Why an entry stands where it stands: every answer in bits, and what those bits rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from catalog.models import Claim, Entry, Question
from recommender.tables import Tables

Picked = Mapping[str, tuple[str, ...]]
RELATIVES = 4
"""How many others a place names beside its leader."""
NOTABLE = 0.3
"""Bits below which an answer moved an entry too little to be worth a line."""


EFFORT = 0.3
"""Strength from which an entry can be said to do something without much effort."""


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
class Relative:
    """An entry that shares a place: of the same family, as good as its leader, or a model that runs in it."""

    entry: Entry
    probability: float


@dataclass(frozen=True)
class Place:
    """One place of the ranking."""

    entry: Entry
    probability: float
    relatives: tuple[Relative, ...]
    prior_bits: float
    reasons: tuple[Reason, ...]
    conflicts: tuple[Reason, ...]
    unknowns: tuple[str, ...]
    runs: tuple[str, ...]
    bits: Mapping[str, float]
    """Every answer's bits; with `prior_bits` they add up to log2(probability / probability that none fits)."""

    @property
    def with_relatives(self) -> float:
        """Return the probability that the right one stands in this place."""
        return self.probability + sum(relative.probability for relative in self.relatives)


@dataclass(frozen=True)
class Exclusion:
    """An entry that a hard constraint rules out, and the answer that did it."""

    entry: Entry
    question: Question
    sentence: str
    source: str | None


def ranking(tables: Tables, answers: Picked, posterior: Any, evidence: Any, count: int) -> tuple[Place, ...]:
    """Return the likeliest entries, best first; relatives share the place of the likeliest of them.

    A model gives its place to a program that runs it, if the answers leave one: people choose and cite the program.
    """
    row = {entry.slug: i for i, entry in enumerate(tables.entries)}
    places: list[list[int]] = []
    taken: set[str] = set()
    for i in np.argsort(-posterior[:-1], kind="stable"):
        slug = tables.entries[i].slug
        if posterior[i] <= 0 or len(places) == count:
            break
        if slug not in taken:
            others = [row[s] for s in tables.kin.of[slug] - taken if posterior[row[s]] > 0]
            places.append([int(i), *sorted(others, key=lambda j: (-posterior[j], j))])
            taken |= {slug, *tables.kin.of[slug]}
    return tuple(_place(tables, answers, *_led(tables, place), posterior, evidence) for place in places)


def _led(tables: Tables, place: list[int]) -> tuple[int, list[int]]:
    """Return who stands for a place, and the others in it."""
    programs = (i for i in place if tables.entries[i].kind == Entry.Kind.TOOL)
    leader = next(programs, place[0])
    return leader, [i for i in place if i != leader][:RELATIVES]


def runnable(tables: Tables, answers: Picked, posterior: Any, evidence: Any, count: int = 3) -> tuple[Place, ...]:
    """Return the likeliest entries that run on this server, leaving out those the answers speak against.

    An entry is left out when the answers fit it less than chance would, or when another that runs here is four times
    as likely.
    """
    engine = tables.engine
    fits = posterior[:-1] / engine.prior_[:-1] > posterior[-1] / engine.prior_[-1]
    here = [i for i, entry in enumerate(tables.entries) if entry.runs and fits[i]]
    here.sort(key=lambda i: -posterior[i])
    near = [i for i in here[:count] if posterior[i] >= posterior[here[0]] / 4]
    return tuple(_place(tables, answers, i, [], posterior, evidence) for i in near)


def _place(tables: Tables, answers: Picked, index: int, others: list[int], posterior: Any, evidence: Any) -> Place:
    entry, engine = tables.entries[index], tables.engine
    bits = dict(zip(answers, (evidence[:, index] - evidence[:, -1]).tolist(), strict=True))
    spoken = [n for n, picked in answers.items() if picked and (entry.slug, n) in tables.spoken]
    notable = sorted((n for n in spoken if abs(bits[n]) >= NOTABLE), key=lambda n: -abs(bits[n]))
    told = [_reason(tables, entry, name, answers[name], bits[name]) for name in notable]
    return Place(
        entry=entry,
        probability=float(posterior[index]),
        relatives=tuple(Relative(tables.entries[i], float(posterior[i])) for i in others),
        prior_bits=float(np.log2(engine.prior_[index] / engine.prior_[-1])),
        reasons=tuple(r for r in told if r.bits > 0),
        conflicts=tuple(r for r in told if r.bits < 0),
        unknowns=tuple(tables.questions[n].text for n, picked in answers.items() if picked and n not in spoken),
        runs=tuple(entry.runs),
        bits=bits,
    )


def _reason(tables: Tables, entry: Entry, name: str, picked: tuple[str, ...], bits: float) -> Reason:
    claims = {v: c for v in picked if (c := _claim(tables, entry, name, v)) is not None}
    best = max(claims.values(), key=lambda c: (c.strength if bits > 0 else -c.strength, c.verified), default=None)
    unsaid = [tables.options[name, v].text for v in picked if v not in claims]
    return Reason(
        question=tables.questions[name],
        picked_text=", ".join(tables.options[name, v].text for v in picked),
        bits=bits,
        sentence=_sentence(entry.name, best, unsaid, bits > 0),
        source=best.source if best else None,
        verified=bool(best and best.verified),
    )


def _claim(tables: Tables, entry: Entry, name: str, value: str) -> Claim | None:
    """Return the claim on an option; where there is none, the strongest on one that it includes or belongs to."""
    if claim := tables.claims.get((entry.slug, name, value)):
        return claim
    options = tables.questions[name].options.all()
    kin = [o.value for o in options if value in o.includes] + tables.options[name, value].includes
    near = [c for v in kin if (c := tables.claims.get((entry.slug, name, v)))]
    return max(near, key=lambda c: c.strength, default=None)


def _sentence(name: str, claim: Claim | None, unsaid: list[str], speaks_for: bool) -> str:
    """Return in plain words what the catalog knows, so that it agrees with the side on which the answer counts."""
    if claim is None:
        missing = ", ".join(f"“{text}”" for text in unsaid)
        if speaks_for:
            return f"{name} is described for other answers than {missing}; programs like it do this."
        return f"{name} is described for other answers, not for {missing}."
    what = f"“{claim.option.text}”"
    if claim.strength == 0:
        return f"{name} does not do this: {what}."
    if not speaks_for and unsaid:
        return f"{name} is described for {what}, but not for {', '.join(f'“{text}”' for text in unsaid)}."
    if not speaks_for and claim.strength >= EFFORT:
        return f"{name} does {what} among many other things, so this answer points to others more than to it."
    return f"{name} {_how_well(claim.strength).format(what)}."


def _how_well(strength: float) -> str:
    if strength >= 0.9:
        return "is made for {}"
    if strength >= 0.6:
        return "does {} well"
    return "can be made to do {}" if strength >= EFFORT else "does {} only with effort"


def exclusions(tables: Tables, answers: Picked) -> tuple[Exclusion, ...]:
    """Return the entries that the answers rule out, each with the first answer that did."""
    table = tables.engine.excluded(answers)
    names = list(answers)
    return tuple(
        _exclusion(tables, tables.entries[index], names[int(table[:, index].argmax())], answers)
        for index in np.flatnonzero(table.any(axis=0))
    )


def _exclusion(tables: Tables, entry: Entry, name: str, answers: Picked) -> Exclusion:
    refused = next((c for v in answers[name] if (c := _claim(tables, entry, name, v)) and c.strength == 0), None)
    what = refused.option.text if refused else ", ".join(tables.options[name, v].text for v in answers[name])
    return Exclusion(
        entry=entry,
        question=tables.questions[name],
        sentence=f"{entry.name} does not offer “{what}”, which your answer asks for.",
        source=refused.source if refused else None,
    )


def why_now(tables: Tables, question: Question, belief: Any) -> str:
    """Return what asking this question now would separate, in plain words."""
    engine = tables.engine
    first = engine.start_[engine.place_[question.pk]]
    options = list(question.options.all())
    favourites: dict[str, str] = {}
    for i in np.argsort(-belief[:-1], kind="stable")[:8]:
        entry = tables.entries[i]
        if belief[i] > 0 and (entry.slug, question.pk) in tables.spoken:
            best = int(np.argmax(engine.table_[first : first + len(options), i]))
            favourites.setdefault(options[best].text, entry.name)
    if len(favourites) < 2:
        return question.why
    (one, first_name), (two, second_name) = list(favourites.items())[:2]
    return f"{question.why} Now it would help to tell {first_name} (“{one}”) from {second_name} (“{two}”)."

"""How well the catalog can be told apart by its own questions: what no answer separates, what nobody can reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog import coverage, deriving
from catalog.cards import Catalog, EntryCard, QuestionCard, ToolCard
from recommender import kinship, tables
from recommender.interview import STARTERS

ALIKE = 0.5
"""Bits below which all answers together do not tell two entries apart."""
IDLE = 0.02
"""Bits below which a question tells nothing about any entry before anything else was asked."""
FIRST = 3
SAFETY = 25
"""More questions than any interview asks."""


@dataclass(frozen=True)
class Replay:
    """How far an entry comes when it is asked about by somebody for whom it is the right one."""

    slug: str
    rank: int
    """Its place, 1 is best; relatives share the place of the best of them."""
    asked: int
    leaders: tuple[str, ...]
    """The first three of the last ranking."""


class Separation:
    """The ranking engine fitted to a folder of cards, and what it can and cannot tell apart.

    Parameters
    ----------
    catalog : Catalog
        Cards without mistakes.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.entries: Mapping[str, EntryCard] = dict(sorted(catalog.entries.items()))
        self.slugs = list(self.entries)
        self.strengths = {
            (slug, question, option): strength
            for slug, card in self.entries.items()
            for question, option, strength, _ in _told(card, catalog)
        }
        asked = [tables.engine_question(name, q, q.options) for name, q in _in_order(catalog)]
        weights = {
            s: tables.weight(c.reach, "tool" if s in catalog.tools else "model") for s, c in self.entries.items()
        }
        told = (tables.Told(slug, *rest) for slug, card in self.entries.items() for rest in _told(card, catalog))
        self.engine = tables.fit(asked, weights, told)

    @cached_property
    def related(self) -> NDArray[np.bool_]:
        """Return which entries share a place in the ranking, shape (entries, entries)."""
        kin = kinship.Kinship(self.entries)
        return np.array([[a == b or kin.related(a, b) for b in self.slugs] for a in self.slugs])

    def alike(self) -> Iterator[tuple[str, str, float]]:
        """Yield pairs of unrelated tools that all answers together separate by less than half a bit, closest first."""
        bits = self._divergence()
        bits = np.minimum(bits, bits.T).clip(0)
        tool = np.array([s in self.catalog.tools for s in self.slugs])
        close = (bits < ALIKE) & ~self.related & tool[:, None] & tool
        for i, j in sorted(np.argwhere(np.triu(close, 1)), key=lambda pair: bits[tuple(pair)]):
            yield self.slugs[i], self.slugs[j], float(bits[i, j])

    def _divergence(self) -> NDArray[np.float64]:
        """Return the bits by which the answers of each entry's users tell it from each other one."""
        found = np.zeros((len(self.slugs), len(self.slugs)))
        for question in self.engine.questions_:
            first = self.engine.start_[self.engine.place_[question.name]]
            told = self.engine.table_[first : first + len(question.options), :-1].T.astype(float)
            gap = np.log2(told)
            share = (told * gap).sum(1)[:, None] - told @ gap.T
            if question.several:
                gap = np.log2(1 - told)
                share += ((1 - told) * gap).sum(1)[:, None] - (1 - told) @ gap.T
            found += question.answered * share / self.engine.temperature
        return found

    def idle(self) -> list[str]:
        """Return the questions that separate nothing, not even among the entries that they are asked about."""
        gains = self.engine.gains(self.engine.prior_)
        spread = self.engine.table_[: self.engine.start_[-1], :-1]
        return [
            q.name
            for i, q in enumerate(self.engine.questions_)
            if gains[i] < IDLE and np.ptp(np.log2(spread[self.engine.start_[i] : self.engine.start_[i + 1]])) < 1
        ]

    def unserved(self) -> list[tuple[str, str]]:
        """Return the options that no entry suits; one that says "none of these" or "no matter" needs none."""
        served = {(question, option) for (_, question, option), strength in self.strengths.items() if strength > 0}
        return [
            (name, option.value)
            for name, card in _in_order(self.catalog)
            for option in card.options
            if not option.neutral
            and not option.alone
            and (name, option.value) not in served
            and served.isdisjoint((name, broad.value) for broad in card.options if option.value in broad.includes)
        ]

    def thin(self, question: str) -> list[tuple[str, int]]:
        """Return the options of a question that too few tools do well, and how many do."""
        able: defaultdict[str, set[str]] = defaultdict(set)
        for (slug, name, option), strength in self.strengths.items():
            if name == question and strength >= coverage.WELL and slug in self.catalog.tools:
                able[option].add(slug)
        options = self.catalog.questions[question].options
        return [(option.value, number) for option, number in coverage.thin(options, able)]

    def replays(self) -> Iterator[Replay]:
        """Yield each tool's own interview: all is answered as somebody would for whom it is the right one."""
        for slug, card in self.entries.items():
            if isinstance(card, ToolCard):
                yield self.replay(slug)

    def replay(self, slug: str) -> Replay:
        entry = self.slugs.index(slug)
        answers: dict[str, tuple[str, ...]] = {}
        belief = self.engine.posterior(answers)
        upcoming = next((s for s in STARTERS if s in self.engine.place_), None)
        upcoming = upcoming or self.engine.next_question(answers, belief)
        while upcoming and len(answers) < SAFETY:
            answers[upcoming] = self.ideal(entry, upcoming, belief)
            belief = self.engine.posterior(answers)
            upcoming = self.engine.next_question(answers, belief)
        leaders = tuple(self.slugs[i] for i in np.argsort(-belief[:-1], kind="stable")[:FIRST])
        return Replay(slug, self._rank(entry, belief), len(answers), leaders)

    def most_recommended(self, replays: Sequence[Replay], count: int = 150) -> list[str]:
        """Return the tools that lead most interviews, each interview weighted by how many people would hold it."""
        led: dict[str, float] = dict.fromkeys(self.catalog.tools, 0.0)
        for replay in replays:
            for slug in replay.leaders:
                if slug in led:
                    led[slug] += float(self.engine.prior_[self.slugs.index(replay.slug)])
        return sorted(led, key=lambda slug: -led[slug])[:count]

    def ideal(self, entry: int, name: str, belief: NDArray[np.floating[Any]]) -> tuple[str, ...]:
        """Return what somebody would answer who needs what the entry does best; empty where its card is silent.

        Among the options that it suits equally, the one that fewest others offer.
        """
        question = self.engine.questions_[self.engine.place_[name]]
        first = self.engine.start_[self.engine.place_[name]]
        suits = {
            o: s for o in question.options
            if (s := self.strengths.get((self.slugs[entry], name, o), 0)) > 0 and o not in question.neutral
        }  # fmt: skip
        best = max(suits.values(), default=0)
        table = self.engine.table_[first : first + len(question.options)]
        lift = dict(zip(question.options, table[:, entry] / (table @ belief), strict=True))
        chosen = sorted((o for o, s in suits.items() if s == best), key=lambda o: -lift[o])
        count = ceil(question.picks) if question.several else 1
        alone = {o.value for o in self.catalog.questions[name].options if o.alone}
        picked = [o for o in chosen if o not in alone] or chosen[:1]
        return tuple(o for o in picked[:count] if lift[o] > 1) or tuple(picked[:1])

    def _rank(self, entry: int, belief: NDArray[np.floating[Any]]) -> int:
        """Return the place of an entry where relatives share one."""
        p = belief[:-1]
        mine = p[self.related[entry]].max()
        seen = np.zeros(len(p), bool)
        places = 1
        for other in np.flatnonzero(p > mine)[np.argsort(-p[p > mine])]:
            if not seen[other]:
                places += 1
                seen |= self.related[other]
        return places


def _in_order(catalog: Catalog) -> list[tuple[str, QuestionCard]]:
    return sorted(catalog.questions.items(), key=lambda item: item[1].position)


def _told(card: EntryCard, catalog: Catalog) -> Iterator[tuple[str, str, float, bool]]:
    """Yield what a card says, and what follows from its facts as far as this catalog asks for it."""
    for block in card.claims:
        for value, strength in block.statements():
            yield block.question, value, strength, block.read is not None
    for found in deriving.unstated(card):
        question = catalog.questions.get(found.question)
        if question and found.option in {o.value for o in question.options}:
            yield found.question, found.option, found.strength, card.read is not None

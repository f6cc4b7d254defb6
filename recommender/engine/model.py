"""A posterior over entries and the question worth asking next: one table, one matrix-vector product."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from recommender.engine.conditions import chance
from recommender.engine.questions import Answers, Question
from recommender.engine.support import fill, follow_hierarchies, follow_scales

Array = NDArray[np.floating[Any]]
TINY = np.float32(1e-30)


def entropy_terms(p: Array) -> Array:
    """Return -p log2 p of each element (bits), 0 at 0."""
    return np.asarray(-p * np.log2(np.maximum(p, TINY)))


class TwentyQuestions(BaseEstimator):  # type: ignore[misc]
    """Naive Bayes over catalog entries, asked greedily by information gain.

    The last hypothesis is always "none of these fits": it answers every question at random, so it wins where every
    entry would have needed too many slips to give these answers.

    Parameters
    ----------
    error : float
        Chance that an answer, or the catalog, is wrong.
    quiet : float
        How far an option counts that a card passes over while naming others of the same question.
    silent : float
        Trust in a row that was filled because the card says nothing about the question at all.
    neighbours, shrink : int, float
        How silence is filled: from how many similar entries, and how strongly drawn to the catalog's mean.
    outside : float
        Prior probability that nothing in the catalog fits.
    temperature : float
        Divides the evidence (bits); above 1 where answers repeat each other. Source: Guo et al. 2017, arXiv 1706.04599.
    enough, top, longest, least : float, int, int, float
        Stop when the first `top` hold `enough` of the probability, after `longest` questions, or when no question is
        expected to bring `least` bits for its effort.

    References
    ----------
    D. V. Lindley, Ann. Math. Statist. 27(4), 1956, doi:10.1214/aoms/1177728069 (expected information).
    """

    def __init__(
        self, error: float = 0.10, quiet: float = 0.15, silent: float = 0.5, neighbours: int = 15, shrink: float = 2.0,
        outside: float = 0.02, temperature: float = 1.0, enough: float = 0.95, top: int = 3, longest: int = 20,
        least: float = 0.05,
    ) -> None:  # fmt: skip
        self.error = error
        self.quiet = quiet
        self.silent = silent
        self.neighbours = neighbours
        self.shrink = shrink
        self.outside = outside
        self.temperature = temperature
        self.enough = enough
        self.top = top
        self.longest = longest
        self.least = least

    def fit(
        self,
        questions: Sequence[Question],
        support: ArrayLike,
        weight: ArrayLike | None = None,
        trust: ArrayLike | None = None,
    ) -> TwentyQuestions:
        """Build the likelihood table.

        Parameters
        ----------
        questions : sequence of Question
        support : array of float, shape (entries, options)
            How well each entry suits each option of all questions in order, in [0, 1]; NaN where unknown.
        weight : array of float, shape (entries,), optional
            Prior weight of each entry, any positive scale. None: all the same.
        trust : array of float, shape (entries, questions), optional
            How far what is known of an entry in a question is believed, in [0, 1]. None: fully.

        Raises
        ------
        ValueError
            If the columns of `support` are not the options of `questions`, a value lies outside its range, a question
            stands twice, or a parameter would make a probability 0 or undefined.
        """
        if not (0 < self.error < 1 and 0 < self.outside < 1 and self.temperature > 0):
            raise ValueError("error and outside must lie between 0 and 1, and temperature above 0.")
        given = np.asarray(support, float)
        self.questions_ = tuple(questions)
        self.place_ = {q.name: i for i, q in enumerate(self.questions_)}
        if len(self.place_) < len(self.questions_):
            raise ValueError("Each question may stand only once.")
        width = np.array([len(q.options) for q in self.questions_])
        if given.ndim != 2 or given.shape[1] != width.sum() or len(given) < 1:
            raise ValueError(f"support has shape {given.shape}; it needs entries x {width.sum()} options.")
        if np.nanmin(given, initial=0.0) < 0 or np.nanmax(given, initial=0.0) > 1:
            raise ValueError("support must lie between 0 and 1, or be NaN where nothing is known.")
        self.start_ = np.append(0, width.cumsum())
        self.column_ = {
            (q.name, o): self.start_[i] + j for i, q in enumerate(self.questions_) for j, o in enumerate(q.options)
        }
        self.several_ = np.repeat([q.several or q.bounds for q in self.questions_], width)
        self.worth_ = np.array([q.answered / q.effort for q in self.questions_], "f4")
        followed = follow_scales(self.questions_, follow_hierarchies(self.questions_, given))
        self.refused_ = followed == 0
        filled = fill(followed, self.start_[:-1], self.neighbours, self.shrink, self.quiet)
        told = self._chances(filled, self._trust(given, trust), width).astype("f4")
        spread = entropy_terms(told) + np.where(self.several_, entropy_terms(1 - told), 0)
        self.table_ = np.ascontiguousarray(np.hstack([told, self._sum(spread)]).T)
        self.unticked_ = self._sum(np.where(self.several_, np.log2(1 - told), 0)).T.copy()
        share = np.ones(len(given)) if weight is None else np.asarray(weight, float)
        if share.shape != (len(given),) or not (share > 0).all():
            raise ValueError(f"weight must be {len(given)} numbers above 0.")
        share = (1 - self.outside) * share / share.sum()
        self.prior_ = np.append(share, self.outside).astype("f4")
        return self

    def posterior(self, answers: Answers, evidence: Array | None = None) -> Array:
        """Return the probability of each entry and, last, of "none of these fits"; shape (entries + 1,).

        Whoever has the `evidence` of the answers already may hand it in.

        It sums to 1, does not depend on the order of the answers, and "not sure" leaves it as it was. Entries that
        plainly lack a hard constraint have 0.

        Raises
        ------
        KeyError
            If an answer names a question or option that the table lacks.
        """
        check_is_fitted(self)
        bits = self.evidence(answers) if evidence is None else evidence
        log = np.log2(np.maximum(self.prior_, TINY)) + bits.sum(axis=0)
        log[:-1][self.excluded(answers).any(axis=0)] = -np.inf
        p = np.exp2(log - log.max())
        return np.asarray((p / p.sum()).astype("f4"))

    def evidence(self, answers: Answers) -> Array:
        """Return the bits that each answer gives each hypothesis, shape (answers, entries + 1); "not sure" gives 0."""
        bits = np.zeros((len(answers), len(self.prior_)))
        for row, (name, picked) in zip(bits, answers.items(), strict=True):
            if picked:
                row[:] = self._evidence(name, picked)
        return bits

    def _evidence(self, name: str, picked: tuple[str, ...]) -> Array:
        question, place = self.questions_[self.place_[name]], self.place_[name]
        columns = [self.column_[name, option] for option in picked if option not in question.neutral]
        if not columns:
            return np.zeros(len(self.prior_))
        if not self.several_[columns[0]]:
            return np.asarray(np.log2(self.table_[columns[0]]).astype(float) / self.temperature)
        if question.bounds:
            return np.asarray(np.log2(self.table_[columns].max(0)).astype(float) / self.temperature)
        told = self.table_[columns]
        bits = self.unticked_[place] + np.log2(told / (1 - told)).sum(0, dtype=float)
        return np.asarray(bits / self.temperature)

    def excluded(self, answers: Answers) -> NDArray[np.bool_]:
        """Return which answers exclude which entries, shape (answers, entries): hard constraints only."""
        rows = np.zeros((len(answers), len(self.prior_) - 1), bool)
        for row, (name, picked) in zip(rows, answers.items(), strict=True):
            question = self.questions_[self.place_[name]]
            lacks = [self.refused_[:, self.column_[name, o]] for o in picked if o in question.hard]
            if question.hard_needs_all and lacks:
                row[:] = np.any(lacks, axis=0)
            elif lacks and len(lacks) == len(picked):
                row[:] = np.all(lacks, axis=0)
        return rows

    def gains(self, p: Array) -> Array:
        """Return the expected bits that each question tells about the entry, for the posterior `p`.

        A several-choice question counts as one yes/no question an option; their gains are added, which is an upper
        bound that serves well for choosing. They are told before the temperature is applied.
        """
        return self._gains(self.table_ @ p)

    def _gains(self, out: Array) -> Array:
        told, spread = out[: self.start_[-1]], out[self.start_[-1] :]
        terms = entropy_terms(told) + np.where(self.several_, entropy_terms(1 - told), 0)
        return np.asarray(self._sum(terms) - spread)

    def values(self, answers: Answers, p: Array) -> Array:
        """Return gain x chance of an answer / effort of each question (bits); 0 where asked or not applicable."""
        out = self.table_ @ p
        value = np.asarray(self._gains(out) * self.worth_)

        @cache
        def guess(name: str, options: frozenset[str]) -> float:
            first, last = self.start_[self.place_[name]], self.start_[self.place_[name] + 1]
            told, picked = out[first:last], out[[self.column_[name, o] for o in options]]
            if self.several_[first]:
                told, picked = np.array([1 - np.prod(1 - told)]), np.array([1 - np.prod(1 - picked)])
            applies = chance(self.questions_[self.place_[name]].applies_when, answers, guess)
            return applies * float(picked.sum() / told.sum())

        for i, question in enumerate(self.questions_):
            if question.name in answers or chance(question.applies_when, answers, guess) < 0.5:
                value[i] = 0.0
        return value

    def next_question(self, answers: Answers, belief: Array | None = None) -> str | None:
        """Return the question most worth asking, or None when the leaders are clear or nothing is worth it."""
        p = self.posterior(answers) if belief is None else belief
        if len(answers) >= self.longest or self.sure(p) >= self.enough:
            return None
        value = self.values(answers, p)
        best = int(value.argmax())
        return self.questions_[best].name if value[best] >= self.least else None

    def sure(self, p: Array) -> float:
        """Return the probability that the right answer is among the first few, or is "none of these fits"."""
        top = min(self.top, len(p))
        return float(np.partition(p, -top)[-top:].sum())

    def rank(self, answers: Answers, k: int = 10) -> tuple[NDArray[np.intp], Array]:
        """Return the `k` likeliest entries, best first, and their probabilities."""
        p = self.posterior(answers)[:-1]
        best = np.argsort(-p, kind="stable")[:k]
        return best, p[best]

    def explain(self, answers: Answers, entry: int, rival: int = -1) -> dict[str, float]:
        """Return the bits by which each answer speaks for `entry` over `rival` (by default "none of these fits").

        With ``log2 prior[entry] / prior[rival]`` they add up to the log-ratio of the posteriors.
        """
        bits = self.evidence(answers)
        return dict(zip(answers, (bits[:, entry] - bits[:, rival]).tolist(), strict=True))

    def _trust(self, given: Array, trust: ArrayLike | None) -> Array:
        """Return how far each row of the table is believed, shape (entries, questions)."""
        spoken = np.maximum.reduceat(~np.isnan(given), self.start_[:-1], axis=1)
        known = np.ones(spoken.shape) if trust is None else np.asarray(trust, float)
        return np.where(spoken, known, self.silent)

    def _chances(self, filled: Array, trust: Array, width: NDArray[np.intp]) -> Array:
        """Return the chance that each hypothesis gives each option, shape (entries + 1, options)."""

        def wide(x: Array) -> Array:
            return np.repeat(x, width, axis=-1)

        options = wide(width.astype(float))
        picks = wide(np.array([q.picks if q.several else 1.0 for q in self.questions_]))
        total = wide(self._sum(filled))
        fits = np.where(total > 0, filled / np.maximum(total, TINY), 1 / options)
        bounded = wide(np.array([q.bounds for q in self.questions_]))
        fits = np.where(bounded, filled / options, fits)
        sure = (1 - self.error) * wide(trust)
        told = np.vstack([sure * fits + (1 - sure) / options, 1 / options])
        told[-1, bounded] = told[:-1, bounded].mean(axis=0)
        return np.asarray(np.where(self.several_, np.clip(picks * told, 0.003, 0.95), told))

    def _sum(self, x: Array) -> Array:
        return np.asarray(np.add.reduceat(x, self.start_[:-1], axis=-1))

"""From graded claims to a complete support matrix: hierarchies followed, silence filled, never read as no."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.engine.questions import Question

Array = NDArray[np.float64]


def follow_hierarchies(questions: Sequence[Question], support: Array, narrower: float = 0.8) -> Array:
    """Let a broad option count for its narrow ones and the other way round.

    Parameters
    ----------
    questions : sequence of Question
        Their ``includes`` name the narrower options of a broad one.
    support : ndarray of float, shape (entries, options)
        Strength of each claim in [0, 1]; NaN where the catalog is silent.
    narrower : float
        Share of a broad claim that is believed of each narrow option on which the card is silent.

    Returns
    -------
    ndarray of float, shape (entries, options)
        A broad option is at least as strong as its strongest narrow one.
    """
    support = support.copy()
    first = 0
    for question in questions:
        place = {option: first + i for i, option in enumerate(question.options)}
        for broad, narrow in question.includes.items():
            columns = [place[option] for option in narrow]
            for column in columns:
                silent = np.isnan(support[:, column])
                support[silent, column] = narrower * support[silent, place[broad]]
            best = np.fmax.reduce(support[:, columns], axis=1)
            refused_in_part = (best == 0) & np.isnan(support[:, columns]).any(axis=1)
            best[refused_in_part] = np.nan
            support[:, place[broad]] = np.fmax(support[:, place[broad]], best)
        first += len(question.options)
    return support


def follow_scales(questions: Sequence[Question], support: Array, step: float = 0.5) -> Array:
    """Let what is said of one step of a scale count for the steps beside it, on which the card is silent.

    Parameters
    ----------
    support : ndarray of float, shape (entries, options)
        Strength of each claim in [0, 1]; NaN where the catalog is silent.
    step : float
        Share that is left of a claim one step away.
    """
    support = support.copy()
    first = 0
    for question in questions:
        columns = np.arange(first, first + len(question.options))
        first += len(columns)
        if question.ordered:
            given = support[:, columns]
            distance = np.abs(columns[:, None] - columns)
            near = np.nan_to_num(given)[:, None, :] * step**distance
            support[:, columns] = np.where(np.isnan(given) & (given > 0).any(1, keepdims=True), near.max(2), given)
    return support


def fill(
    support: Array, start: NDArray[np.intp], neighbours: int = 15, shrink: float = 2.0, quiet: float = 0.15
) -> Array:
    """Replace silence by what similar entries say, shrunk to the mean of the catalog.

    Silence has two kinds. A card that says nothing about a question is unknown there: its row is filled from the
    most similar entries that speak. A card that names some options and passes over others is nearly, not quite,
    a no for those: the guess is scaled down by `quiet`.

    Parameters
    ----------
    support : ndarray of float, shape (entries, options)
        Strength of each claim in [0, 1]; NaN where the catalog is silent.
    start : ndarray of int, shape (questions,)
        First column of each question.

    Returns
    -------
    ndarray of float, shape (entries, options)
        Complete, in [0, 1].
    """
    entries, options = support.shape
    width = np.diff(np.append(start, options))
    known = ~np.isnan(support)
    speaks = np.repeat(np.add.reduceat(np.nan_to_num(support) > 0, start, axis=1) > 0, width, axis=1)
    near = _neighbours(np.where(known, support, 0.0), known, min(neighbours, entries - 1))

    passed_over = speaks & ~known
    guess = _mean_of(near, np.where(known, support, 0.0), known, shrink)
    completed = np.where(known, support, np.where(passed_over, quiet * guess, np.nan))
    told = ~np.isnan(completed)
    return np.where(told, completed, _mean_of(near, np.where(told, completed, 0.0), told, shrink))


def _neighbours(seen: Array, known: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
    """Return the most similar entries of each, shape (entries, count): mean product over cells both know."""
    both = known.astype(float) @ known.T.astype(float)
    likeness = seen @ seen.T / np.maximum(both, 8.0)
    np.fill_diagonal(likeness, -1.0)
    if count < 1:
        return np.zeros((len(seen), 0), dtype=np.intp)
    return np.argpartition(-likeness, count - 1, axis=1)[:, :count]


def _mean_of(near: NDArray[np.intp], seen: Array, known: NDArray[np.bool_], shrink: float) -> Array:
    """Return the mean of the neighbours that know each cell, shrunk to the mean of all that know it."""
    mean = (seen.sum(0) + 0.1) / (known.sum(0) + 1.0)
    total = np.stack([seen[rows].sum(0) for rows in near])
    count = np.stack([known[rows].sum(0) for rows in near])
    return np.asarray((total + shrink * mean) / (count + shrink))

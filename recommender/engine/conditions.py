"""Conditions on earlier answers, with chances for what was not answered yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from recommender.engine.questions import Answers

UNSURE = "unsure"
Guess = Callable[[str, frozenset[str]], float]


def chance(condition: Mapping[str, Any] | None, answers: Answers, guess: Guess) -> float:
    """Return the probability that a condition holds.

    Parameters
    ----------
    condition : mapping or None
        ``{"q": name, "has": [options]}``, or ``all``, ``any``, ``not`` of such. None always holds.
    answers : Answers
        What was answered: it decides.
    guess : callable
        Probability that one of the options would be picked in a question without an answer.
    """
    match condition:
        case None:
            return 1.0
        case {"all": parts}:
            return prod(chance(part, answers, guess) for part in parts)
        case {"any": parts}:
            return 1.0 - prod(1.0 - chance(part, answers, guess) for part in parts)
        case {"not": part}:
            return 1.0 - chance(part, answers, guess)
        case {"q": name, "has": values}:
            picked = answers.get(name)
            if picked:
                return float(not set(picked).isdisjoint(values))
            if picked is not None and UNSURE in values:
                return 1.0
            return guess(name, frozenset(values) - {UNSURE})
    raise ValueError(f"A condition is all, any, not, or q with has; this is {condition!r}.")

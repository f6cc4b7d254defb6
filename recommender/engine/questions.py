"""What the engine needs to know of a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Answers = Mapping[str, tuple[str, ...]]
"""Question name to picked options; an empty tuple is "not sure" and changes nothing."""


@dataclass(frozen=True)
class Question:
    """One question: its options in order, and what asking it costs and brings."""

    name: str
    options: tuple[str, ...]
    several: bool = False
    picks: float = 1.4
    """Mean number of options that a person ticks, where several may be ticked."""
    effort: float = 1.0
    """Cost of answering, in units of an easy question."""
    answered: float = 0.85
    """Share of people who can and do answer."""
    applies_when: Mapping[str, Any] | None = None
    ordered: bool = False
    """Whether the options are steps of one scale."""
    includes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Broader option to the narrower ones it covers."""
    neutral: frozenset[str] = frozenset()
    """Options that state no wish, such as "does not matter"; picking one tells nothing."""
    bounds: bool = False
    """Whether an answer only bounds the choice: an entry gains nothing by serving few of the options."""
    hard: frozenset[str] = frozenset()
    """Options that exclude an entry which plainly lacks them."""
    hard_needs_all: bool = False
    """Whether every picked hard option must be met, or one of them is enough."""

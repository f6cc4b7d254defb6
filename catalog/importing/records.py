"""What a record of another registry says, in the words of our cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Record:
    """One tool or model as another registry describes it; only facts, cleaned and bounded.

    `otherwise` holds what a new card needs and the record does not say, such as its page for a homepage; an entry that
    is there already is not compared with it.
    """

    origin: str
    kind: str
    name: str
    slug: str
    source: str
    read: date
    summary: str
    about_images: bool
    aliases: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[tuple[str, str], float] = field(default_factory=dict)
    otherwise: Mapping[str, Any] = field(default_factory=dict)
    dois: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Refusal:
    """A file or record that cannot be taken, with the reason in words and a code for programs."""

    where: str
    code: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence} [{self.code}]"


class UnusableError(ValueError):
    """A record that cannot be taken."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


class OutsideError(UnusableError):
    """A record that is right, but of something that is not in this catalog's field."""

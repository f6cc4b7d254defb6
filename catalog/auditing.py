"""Audits: a person compares claims, drawn by chance, with their sources; the tally says how far all is right."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt

from catalog.models import Audit, Claim

ENOUGH = 0.95
"""A card of which less is right goes back."""
Z95 = 1.959964


class VerdictError(Exception):
    """A verdict cannot be stored; the message says which and why."""


@dataclass(frozen=True)
class Tally:
    """How many audited claims are right."""

    right: int
    all: int

    @property
    def share(self) -> float:
        return self.right / self.all if self.all else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the share.

        Source: E. B. Wilson, J. Am. Stat. Assoc. 22(158), 1927, doi:10.1080/01621459.1927.10502953.
        """
        if not self.all:
            return 0.0, 1.0
        spread = Z95**2 / self.all
        middle = (self.share + spread / 2) / (1 + spread)
        half = Z95 / (1 + spread) * sqrt(self.share * (1 - self.share) / self.all + spread / (4 * self.all))
        return max(0.0, middle - half), min(1.0, middle + half)


def draw(number: int, entry: str = "", seed: int | None = None) -> list[Claim]:
    """Return up to `number` stated claims, each as likely as any other; the same ones again for the same seed."""
    stated = Claim.objects.filter(follows_from="", **({"entry": entry} if entry else {}))
    keys = list(stated.order_by("entry", "option__question", "option__value").values_list("pk", flat=True))
    chosen = random.Random(seed).sample(keys, min(number, len(keys)))  # noqa: S311 - a lot, not a secret
    found = Claim.objects.select_related("entry", "option__question").in_bulk(chosen)
    return sorted(found.values(), key=lambda c: (c.entry.name, c.option.question.position, c.option.position))


def find(entry: str, about: str) -> Claim:
    """Return the claim of an entry on `question=option`.

    Raises
    ------
    VerdictError
        If there is no such claim, or it only follows from a fact.
    """
    question, _, option = about.partition("=")
    found = (
        Claim.objects.filter(entry=entry, option__question=question, option__value=option, follows_from="")
        .select_related("option")
        .first()
    )
    if found is None:
        raise VerdictError(f"{entry} states nothing of {about}. Write it as question=option, such as goal.main=count.")
    return found


def judge(claim: Claim, verdict: str, by: str, note: str = "") -> Audit:
    """Store a verdict on a claim as it is now; a second one of the same person takes the place of her first."""
    if verdict not in Audit.Verdict.values:
        raise VerdictError(f"{verdict!r} is no verdict. Write one of {', '.join(Audit.Verdict.values)}.")
    if not by.strip():
        raise VerdictError("A verdict needs the name of the person who compared the claim with its source.")
    return Audit.objects.update_or_create(
        entry=claim.entry_id, question=claim.option.question_id, option=claim.option.value,
        strength=claim.strength, source=claim.source, by=by.strip(),
        defaults={"verdict": verdict, "note": note, "on": date.today()},
    )[0]  # fmt: skip


def tally() -> Tally:
    """Return how many of all audited claims were right; of several verdicts on one claim the last counts."""
    return _count(_latest(Audit.objects.all()))


def sent_back() -> dict[str, Tally]:
    """Return the cards that go back, with their tally. A claim that was changed since its audit counts no more."""
    now = set(
        Claim.objects.filter(entry__in=Audit.objects.values("entry")).values_list(
            "entry_id", "option__question_id", "option__value", "strength", "source"
        )
    )
    cards: dict[str, list[Audit]] = defaultdict(list)
    for audit in _latest(Audit.objects.all()):
        if _key(audit) in now:
            cards[audit.entry].append(audit)
    tallies: Mapping[str, Tally] = {slug: _count(audits) for slug, audits in cards.items()}
    return {slug: tallies[slug] for slug in sorted(tallies) if tallies[slug].share < ENOUGH}


def _key(audit: Audit) -> tuple[str, str, str, float, str]:
    return audit.entry, audit.question, audit.option, audit.strength, audit.source


def _latest(audits: Iterable[Audit]) -> list[Audit]:
    return list({_key(a): a for a in sorted(audits, key=lambda a: (a.on, a.pk))}.values())


def _count(audits: list[Audit]) -> Tally:
    return Tally(sum(a.verdict == Audit.Verdict.RIGHT for a in audits), len(audits))

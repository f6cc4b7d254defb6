"""What the interview's pages show, on the website and in a facility's frame alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from typing import Any

from django.http import QueryDict

from catalog.cards import UNSURE
from recommender.interview import EDIT, Problem, Step, step
from recommender.tables import current

FORM = "from"
"""Query key by which the page's own form says which question was just answered."""
SHORTLIST = 5


@dataclass(frozen=True)
class Visit:
    """One request for the interview: where it stands, and what to tell the visitor first."""

    step: Step
    problems: tuple[Problem, ...]
    answered_now: bool

    @property
    def back(self) -> str | None:
        """Return the query string that shows the question before this one again."""
        earlier = list(takewhile(lambda item: item.question.pk != self._shown, self.step.answered))
        return earlier[-1].change if earlier else None

    @property
    def before(self) -> list[tuple[str, str]]:
        """Return the answers that stand before the shown question's own, for the form to carry."""
        return self._kept(takewhile(lambda name: name != self._shown, self.step.answers))

    @property
    def after(self) -> list[tuple[str, str]]:
        """Return the answers behind it; kept in place, so that changing one answer leaves their order alone."""
        return self._kept(dropwhile(lambda name: name != self._shown, self.step.answers))

    @property
    def _shown(self) -> str | None:
        return self.step.question.id if self.step.question else None

    def _kept(self, names: Iterable[str]) -> list[tuple[str, str]]:
        return [(n, v) for n in names if n != self._shown for v in self.step.answers[n] or (UNSURE,)]


def visit(query: QueryDict) -> Visit:
    """Read a request; a form sent with nothing or too much ticked asks the same question again and says so."""
    data = query.copy()
    asked = data.get(FORM)
    asked = current().aliases.get(asked, asked) if asked else asked
    if asked is None:
        found = step(data)
        return Visit(found, found.problems, answered_now=False)
    if UNSURE in data.getlist(asked):
        data.setlist(asked, [UNSURE])
    data.pop(EDIT, None)
    found = step(data)
    problems = found.problems
    if asked not in found.answers and not problems:
        problems = (
            Problem(
                "nothing_picked", "No answer was picked.", "Pick one, or say that you are not sure; that costs nothing."
            ),
        )
    if problems:
        data[EDIT] = asked
        found = step(data)
    return Visit(found, problems, answered_now=not problems)


def context(visit: Visit, here: str, results: str) -> dict[str, Any]:
    """Return what the interview's templates need; `here` and `results` are the addresses they link to."""
    return {
        "visit": visit,
        "step": visit.step,
        "problems": visit.problems,
        "shortlist": visit.step.ranking[:SHORTLIST],
        "here": here,
        "results": results,
    }

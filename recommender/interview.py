"""Where one stands in an interview: one function from answers to a Step, for website, widget and JSON alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

from catalog.cards import UNSURE
from catalog.models import Option, Question
from recommender import explain
from recommender.explain import Exclusion, Place
from recommender.tables import Tables, current

Verdict = Literal["asking", "clear", "unsure", "none"]
SHOWN = 10
EDIT = "ask"
"""Query key that shows a question again, to change its answer."""
MOST_PROBLEMS = 10
LONG, SHORT = 16, 12
"""A list of more options than the first shows only the second, so that a phone's screen or two holds it."""
STARTERS = ("goal.main",)
"""Always asked first: every other question's relevance depends on it."""


class Query(Protocol):
    """A multi-valued mapping such as Django's QueryDict."""

    def keys(self) -> Iterable[str]: ...
    def getlist(self, key: str) -> Sequence[Any]: ...


@dataclass(frozen=True)
class Problem:
    """Something in the query that cannot be used; it was left out."""

    code: str
    sentence: str
    cure: str


@dataclass(frozen=True)
class Answered:
    """One given answer, and the query string that asks it again."""

    question: Question
    picked: tuple[Option, ...]
    unsure: bool
    change: str


@dataclass(frozen=True)
class Choice:
    """One option as it is offered."""

    value: str
    text: str
    hint: str
    checked: bool
    likely: bool
    """Whether it is shown at once; in a long list the others stand behind "more answers"."""


@dataclass(frozen=True)
class AskedQuestion:
    """The question to show, and why now."""

    id: str
    text: str
    help: str
    kind: str
    max_picks: int | None
    options: tuple[Choice, ...]
    unsure: bool
    why: str
    bits: float

    @property
    def others(self) -> int:
        """Return how many options stand behind "more answers"."""
        return sum(not option.likely for option in self.options)


@dataclass(frozen=True)
class Limit:
    """A question that bounds the choice, and the query string that asks it."""

    question: Question
    ask: str


@dataclass(frozen=True)
class Step:
    """The whole state of an interview, computed from its answers alone."""

    answers: Mapping[str, tuple[str, ...]]
    answered: tuple[Answered, ...]
    question: AskedQuestion | None
    ranking: tuple[Place, ...]
    runnable: tuple[Place, ...]
    """The likeliest entries that run on this server, whether or not they lead."""
    excluded: tuple[Exclusion, ...]
    none_fits: float
    verdict: Verdict
    sure: float
    """Probability that the right one is among the first three places of the ranking, relatives included."""
    finished: bool
    number: int
    limits: tuple[Limit, ...]
    """Questions about what must hold, such as the operating system, that were not asked; for whom they matter."""
    problems: tuple[Problem, ...]
    query: str
    revision: str


def step(query: Query, tables: Tables | None = None) -> Step:
    """Return where the interview stands that a query string describes.

    Unknown questions and options are left out and named in `problems`; the order of keys does not matter to the
    ranking.
    """
    tables = tables or current()
    answers, problems = read_answers(query, tables)
    engine = tables.engine
    asked_again = next((n for v in query.getlist(EDIT) if (n := tables.aliases.get(v, v)) in tables.questions), None)
    evidence = engine.evidence(answers)
    posterior = engine.posterior(answers, evidence)
    upcoming = _next(tables, answers, posterior)
    shown = asked_again or upcoming
    ranking = explain.ranking(tables, answers, posterior, evidence, SHOWN)
    sure = sum(place.with_relatives for place in ranking[: engine.top])
    return Step(
        answers=answers,
        answered=tuple(_answered(tables, answers, name) for name in answers),
        question=_asked(tables, answers, shown, posterior) if shown else None,
        ranking=ranking,
        runnable=explain.runnable(tables, answers, posterior, evidence),
        excluded=explain.exclusions(tables, answers),
        none_fits=float(posterior[-1]),
        verdict=_verdict(posterior, upcoming, clear=sure >= engine.enough),
        sure=sure,
        finished=upcoming is None,
        number=len(answers),
        limits=tuple(
            Limit(q, encode(answers, **{EDIT: q.pk}))
            for q in tables.questions.values()
            if q.bounds and q.pk not in answers
        ),
        problems=problems,
        query=encode(answers),
        revision=tables.revision,
    )


def read_answers(query: Query, tables: Tables) -> tuple[dict[str, tuple[str, ...]], tuple[Problem, ...]]:
    """Return the answers in a query string, by today's ids, and what in it could not be used.

    Keys without a dot are not answers; they are left to others.
    """
    answers: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for key in query.keys():  # noqa: SIM118 - a QueryDict iterates its keys, a Query need not
        name = tables.aliases.get(key, key)
        if "." not in name:
            continue
        if name not in tables.questions:
            problems.append(_unknown("unknown_question", f"There is no question {key[:60]!r}."))
            continue
        given = [*answers.get(name, ()), *(tables.aliases.get(f"{name}={v}", str(v)) for v in query.getlist(key))]
        problems += [
            _unknown("unknown_option", f"The question {name} has no answer {v[:60]!r}.")
            for v in given
            if v != UNSURE and (name, v) not in tables.options
        ]
        picked = tuple(dict.fromkeys(v for v in given if (name, v) in tables.options))
        kept, problem = _allowed(tables, name, picked)
        problems += [problem] if problem else []
        if kept or UNSURE in given:
            answers[name] = kept
    return answers, tuple(problems[:MOST_PROBLEMS])


def _allowed(tables: Tables, name: str, picked: tuple[str, ...]) -> tuple[tuple[str, ...], Problem | None]:
    """Return the picks that can stand together, and what was wrong with them."""
    question = tables.questions[name]
    together = tuple(v for v in picked if not tables.options[name, v].alone)
    if together and len(together) < len(picked):
        text = next(tables.options[name, v].text for v in picked if v not in together)
        sentence = f"“{text}” cannot stand beside other answers to “{question.text}”."
        return together, Problem("contradiction", sentence, "The other answers count; change them if that is wrong.")
    limit = _limit(question)
    if len(picked) > limit:
        few = f"{limit} answers" if limit > 1 else "one answer"
        return picked[:limit], Problem("too_many_options", f"“{question.text}” takes {few}.", f"The first {few} count.")
    return picked, None


def _unknown(code: str, sentence: str) -> Problem:
    return Problem(code, sentence, "It was left out. The list of questions and answers is at /api/v1/questions/.")


def _limit(question: Question) -> int:
    if question.kind != Question.Kind.SEVERAL:
        return 1
    return question.max_picks or len(question.options.all())


def encode(answers: Mapping[str, tuple[str, ...]], **more: str) -> str:
    """Return the query string of some answers; an empty answer is "not sure"."""
    return urlencode([*((n, v) for n, picked in answers.items() for v in picked or (UNSURE,)), *more.items()])


def _next(tables: Tables, answers: Mapping[str, tuple[str, ...]], posterior: Any) -> str | None:
    first = next((s for s in STARTERS if s in tables.questions and s not in answers), None)
    return first or tables.engine.next_question(answers, posterior)


def _verdict(posterior: Any, upcoming: str | None, *, clear: bool) -> Verdict:
    if upcoming is not None:
        return "asking"
    if posterior[-1] >= posterior[:-1].max():
        return "none"
    return "clear" if clear else "unsure"


def _answered(tables: Tables, answers: Mapping[str, tuple[str, ...]], name: str) -> Answered:
    return Answered(
        question=tables.questions[name],
        picked=tuple(tables.options[name, value] for value in answers[name]),
        unsure=not answers[name],
        change=encode(answers, **{EDIT: name}),
    )


def _asked(tables: Tables, answers: Mapping[str, tuple[str, ...]], name: str, posterior: Any) -> AskedQuestion:
    question = tables.questions[name]
    others = {n: v for n, v in answers.items() if n != name}
    belief = tables.engine.posterior(others) if name in answers else posterior
    bits = float(tables.engine.gains(belief)[tables.engine.place_[name]])
    return AskedQuestion(
        id=name,
        text=question.text,
        help=question.help,
        kind=question.kind,
        max_picks=question.max_picks,
        options=_choices(tables, question, answers.get(name, ()), belief),
        unsure=name in answers and not answers[name],
        why=explain.why_now(tables, question, belief),
        bits=max(bits, 0.0),
    )


def _choices(tables: Tables, question: Question, picked: tuple[str, ...], belief: Any) -> tuple[Choice, ...]:
    """Return the options in the order of the bank; of a long list only the likeliest, and what is picked, at once."""
    options = list(question.options.all())
    first = tables.engine.start_[tables.engine.place_[question.pk]]
    chances = tables.engine.table_[first : first + len(options)] @ belief
    least = sorted(chances, reverse=True)[SHORT - 1] if len(options) > LONG and question.pk not in STARTERS else 0.0
    return tuple(
        Choice(o.value, o.text, o.hint, o.value in picked, bool(chance >= least or o.value in picked or o.alone))
        for o, chance in zip(options, chances, strict=True)
    )

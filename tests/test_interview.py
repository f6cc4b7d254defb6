"""From a query string to a Step."""

from __future__ import annotations

import math
from urllib.parse import parse_qsl

import pytest
from django.http import QueryDict

from recommender import interview
from recommender.tables import current

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalog_loaded")]

NUCLEI = "goal.main=count&obj.kind=nucleus&img.modality=confocal&img.dims=d3_aniso&obj.crowding=some_touch"


def at(query: str) -> interview.Step:
    return interview.step(QueryDict(query))


def test_it_starts_with_the_goal() -> None:
    step = at("")
    assert step.question is not None
    assert step.question.id == "goal.main"
    assert step.number == 0
    assert step.verdict == "asking"


def test_the_order_of_the_query_does_not_change_the_ranking() -> None:
    forth = at(NUCLEI)
    back = at("&".join(reversed(NUCLEI.split("&"))))
    assert [p.entry.slug for p in forth.ranking] == [p.entry.slug for p in back.ranking]


def test_touching_nuclei_in_3d_lead_to_tools_for_nuclei_in_3d() -> None:
    step = at(NUCLEI)
    assert "stardist" in [p.entry.slug for p in step.ranking[:3]]
    assert [p.entry.slug for p in step.runnable] == ["nuclei-watershed-3d"]
    assert "nuclei-watershed-2d" in [e.entry.slug for e in step.excluded]


def test_changing_an_answer_keeps_all_others() -> None:
    step = at(NUCLEI)
    change = dict(parse_qsl(next(a for a in step.answered if a.question.pk == "img.dims").change))
    assert change.pop("ask") == "img.dims"
    assert change == dict(parse_qsl(NUCLEI))


def test_an_answer_that_is_asked_again_is_shown_as_given() -> None:
    question = at(NUCLEI + "&ask=img.dims").question
    assert question is not None
    assert question.id == "img.dims"
    assert [o.value for o in question.options if o.checked] == ["d3_aniso"]


def test_not_sure_is_an_answer_that_changes_nothing() -> None:
    before, after = at(NUCLEI), at(NUCLEI + "&img.snr=unsure")
    assert after.number == before.number + 1
    assert [p.probability for p in after.ranking] == pytest.approx([p.probability for p in before.ranking], rel=1e-4)


def test_every_place_is_explained_in_bits_that_add_up() -> None:
    step = at(NUCLEI)
    for place in step.ranking:
        total = place.prior_bits + sum(place.bits.values())
        assert total == pytest.approx(math.log2(place.probability / step.none_fits), abs=1e-2)
        assert place.reasons, f"{place.entry} has no reason at all"


def test_a_reason_names_its_source_and_says_whether_it_was_read() -> None:
    (stardist,) = (p for p in at(NUCLEI).ranking if p.entry.slug == "stardist")
    about_kind = next(r for r in stardist.reasons if r.question.pk == "obj.kind")
    assert about_kind.source
    assert about_kind.source.startswith("https://")
    assert "StarDist" in about_kind.sentence


def test_an_exclusion_names_the_answer_that_caused_it() -> None:
    excluded = {e.entry.slug: e for e in at("goal.main=count&me.cost=free").excluded}
    assert "imaris" in excluded
    assert excluded["imaris"].question.pk == "me.cost"
    assert "Imaris" in excluded["imaris"].sentence


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("goal.mian=count", "unknown_question"),
        ("goal.main=cuont", "unknown_option"),
        ("img.dims=d2&img.dims=d3", "too_many_options"),
        ("goal.main=" + "x" * 5000, "unknown_option"),
    ],
)
def test_what_cannot_be_used_is_named_and_left_out(query: str, code: str) -> None:
    step = at(query)
    assert [p.code for p in step.problems] == [code]
    assert step.problems[0].cure
    assert step.ranking


def test_a_family_takes_at_most_two_places() -> None:
    kin = [p.entry.family for p in at("goal.main=outline&obj.kind=cell").ranking if p.entry.family]
    assert max(map(kin.count, kin), default=0) <= 2


def test_an_interview_of_shrugs_ends() -> None:
    query = ""
    for _ in range(21):
        step = at(query)
        if step.question is None:
            break
        query = interview.encode({**step.answers, step.question.id: ()})
    assert step.finished
    assert step.verdict in {"unsure", "none"}


def test_tables_are_built_once_a_revision() -> None:
    assert current() is current()


def test_why_now_speaks_of_what_would_be_told_apart() -> None:
    question = at(NUCLEI).question
    assert question is not None
    assert question.why
    assert question.bits > 0


def ideal_answers(slug: str) -> dict[str, list[str]]:
    """What a user would answer for whom this entry was made: its strongest option of each question."""
    best: dict[str, tuple[float, str]] = {}
    for (entry, question, option), claim in current().claims.items():
        if entry == slug and claim.strength >= 0.4 and claim.strength > best.get(question, (0, ""))[0]:
            best[question] = (claim.strength, option)
    return {question: [option] for question, (_, option) in best.items()}


def test_most_entries_are_reached_by_their_own_ideal_answers() -> None:
    """One number that says the product works: who wants a tool finds it among the first three."""
    from recommender.management.commands.play import play

    tables = current()
    tools = [e for e in tables.entries if e.kind == "tool"]
    found = [e.name in play(tables, e.slug, ideal_answers(e.slug))["ranked"][:3] for e in tools]
    assert sum(found) / len(found) >= 0.8, f"{sum(found)} of {len(found)}"

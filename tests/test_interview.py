"""From a query string to a Step."""

from __future__ import annotations

import math
from datetime import date
from urllib.parse import parse_qsl

import pytest
from django.http import QueryDict
from django.test import Client

from catalog.models import Claim, Entry, Revision
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


def test_an_earlier_id_still_works() -> None:
    from dataclasses import replace

    tables = replace(current(), aliases={"goal.aim": "goal.main", "goal.main=number": "count"})
    step = interview.step(QueryDict("goal.aim=number&ask=goal.aim"), tables)
    assert step.answers == {"goal.main": ("count",)}
    assert step.problems == ()
    assert step.question is not None
    assert step.question.id == "goal.main"


def test_none_of_these_cannot_stand_beside_an_answer() -> None:
    step = at("goal.assay=none&goal.assay=comet")
    assert [p.code for p in step.problems] == ["contradiction"]
    assert step.answers["goal.assay"] == ("comet",)


def test_at_most_three_goals_count() -> None:
    step = at("goal.main=count&goal.main=measure&goal.main=track&goal.main=trace")
    assert step.answers["goal.main"] == ("count", "measure", "track")


def test_a_long_list_of_nonsense_is_answered_briefly() -> None:
    assert len(at("&".join(f"no.{i}=x" for i in range(900))).problems) == 10


STRANGE = (
    "goal.main=pose&obj.kind=molecule&img.modality=afm&img.dims=serial&goal.assay=myelin&img.time=linked"
    "&sample.kind=plant&img.channels=c11&data.format=slide&em.kind=spa&smlm.setup=minflux&goal.output=kymograph"
)


def test_it_says_so_when_nothing_fits() -> None:
    query = STRANGE
    while (step := at(query)).question is not None:
        query = interview.encode({**step.answers, step.question.id: ()})
    assert step.verdict == "none"
    assert step.none_fits > step.ranking[0].probability


def test_it_is_clear_only_when_the_first_three_hold_most() -> None:
    query = "goal.main=spectra&img.modality=flim&img.instrument=leica&flim.data=tcspc&data.format=vendor"
    seen = set()
    for asked in ("", "&goal.assay=frap", "&img.time=no&img.dims=d2&me.cost=paid&me.ecosystem=commercial"):
        step = at(query + asked)
        while step.question is not None:
            step = at(interview.encode({**step.answers, step.question.id: ()}))
        seen.add(step.verdict)
        assert (step.verdict == "clear") == (step.sure >= current().engine.enough)
        assert step.sure == pytest.approx(sum(p.with_relatives for p in step.ranking[:3]))
    assert seen <= {"clear", "unsure"}


def test_reasons_never_praise_where_an_answer_counts_against() -> None:
    for query in (NUCLEI, "goal.main=track&goal.main=measure&img.time=linked&obj.kind=cell", STRANGE):
        for place in at(query).ranking:
            for reason in place.conflicts:
                assert reason.bits < 0
                assert "is made for" not in reason.sentence
                assert " well." not in reason.sentence
            for reason in place.reasons:
                assert reason.bits > 0
                assert "does not do" not in reason.sentence


def test_what_a_card_is_silent_on_is_unknown_and_no_reason() -> None:
    tables = current()
    for place in at(NUCLEI + "&data.item_size=gb10").ranking:
        spoken = {r.question.pk for r in (*place.reasons, *place.conflicts)}
        for name in spoken:
            assert (place.entry.slug, name) in tables.spoken
        assert (tables.questions["data.item_size"].text in place.unknowns) == (
            (place.entry.slug, "data.item_size") not in tables.spoken
        )


def test_a_wish_that_only_bounds_the_choice_moves_nobody_up() -> None:
    before = {p.entry.slug: p.probability for p in at(NUCLEI).ranking[:3]}
    after = {p.entry.slug: p.probability for p in at(NUCLEI + "&me.cost=paid&me.os=any").ranking[:3]}
    assert after == pytest.approx(before, rel=1e-4)


def test_what_must_hold_can_be_said_at_any_time() -> None:
    offered = {limit.question.pk: limit.ask for limit in at(NUCLEI).limits}
    assert set(offered) == {"me.os", "me.cost", "me.privacy"}
    assert "ask=me.os" in offered["me.os"]


def test_what_runs_here_must_come_close_to_what_fits_best() -> None:
    places = at("goal.main=spectra&img.modality=flim").runnable
    assert places[0].entry.slug == "phasorpy"
    assert all(p.probability >= places[0].probability / 4 for p in places)


def test_an_unread_claim_weighs_less_than_a_read_one() -> None:
    from recommender import tables

    whole = current()
    slug, name = "stardist", "obj.kind"
    mine = {k: c for k, c in whole.claims.items() if k[:2] == (slug, name)}
    chances = []
    for read in (None, date(2026, 1, 1)):
        claims = dict(whole.claims) | {
            k: Claim(entry_id=c.entry_id, option=c.option, strength=c.strength, read=read) for k, c in mine.items()
        }
        engine = tables.engine_of(whole.questions, whole.entries, claims)
        row = [e.slug for e in whole.entries].index(slug)
        chances.append(engine.table_[engine.column_[name, "nucleus"], row])
    assert chances[0] < chances[1]


@pytest.mark.django_db(transaction=False)
def test_an_empty_catalog_is_said_plainly(client: Client) -> None:
    Revision.objects.all().delete()
    for address in ("/find/", "/find/results/"):
        response = client.get(address)
        assert response.status_code == 503
        assert "load_catalog" in response.content.decode()


def test_a_change_in_the_database_is_seen_at_once() -> None:
    entry = Entry.objects.get(pk="stardist")
    entry.name = "StarDist renamed"
    entry.save()
    assert "StarDist renamed" in [p.entry.name for p in at(NUCLEI).ranking]


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


def test_a_long_list_shows_the_likeliest_answers_and_keeps_the_rest_at_hand(client: Client) -> None:
    asked = at("goal.main=track&ask=goal.assay&goal.assay=gel").question
    assert asked is not None
    shown = [o.value for o in asked.options if o.likely]
    assert len(shown) < len(asked.options) - 10
    assert {"none", "migration", "gel"} <= set(shown), "what says 'none', what is likely, and what was picked"
    page = client.get("/find/?goal.main=track&ask=goal.assay").content.decode()
    assert f"More answers ({asked.others + 1})" in page
    assert page.count('name="goal.assay" value=') == len(asked.options) + 1, "every answer, and not being sure"
    opening = at("").question
    assert opening is not None
    assert opening.others == 0
    assert len(opening.options) > interview.LONG


def test_no_two_of_the_first_places_go_to_relatives_and_programs_lead() -> None:
    for query in ("goal.main=outline&obj.kind=nucleus&img.modality=fluor", "goal.main=track&obj.kind=cell"):
        step = at(query)
        places = step.ranking
        kin = current().kin
        leaders = [p.entry.slug for p in places]
        assert not any(kin.related(a, b) for i, a in enumerate(leaders) for b in leaders[:i])
        for place in places:
            assert all(kin.related(place.entry.slug, r.entry.slug) for r in place.relatives)
            assert place.entry.kind == "tool" or not any(r.entry.kind == "tool" for r in place.relatives)
        assert any(p.relatives for p in places)
        assert step.sure == pytest.approx(sum(p.with_relatives for p in places[:3]))

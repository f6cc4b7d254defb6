"""Finding entries without questions: search, filters, and a comparison side by side."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Browser

from catalog import comparing, indexing, searching
from catalog.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalog_loaded")]


def first(words: str, kind: str = "tool") -> list[str]:
    return list(searching.find(kind, searching.Filters(words=words)).slugs[:3])


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("trackmate", "trackmate"),
        ("trakmate", "trackmate"),
        ("celpose", "cellpose"),
        ("cellpsoe", "cellpose"),
        ("cell profiler", "cellprofiler"),
        ("scikitimage", "scikit-image"),
        ("qupth", "qupath"),
        ("ilastic", "ilastik"),
        ("DeepLabCut", "deeplabcut"),
        ("thunder storm", "thunderstorm"),
        ("bio formats", "bio-formats"),
    ],
)
def test_a_name_is_found_though_it_is_not_spelt_as_the_card_spells_it(words: str, slug: str) -> None:
    assert slug in first(words)


@pytest.mark.parametrize(("words", "slug"), [("operation_3450", "neuronj"), ("neurite measurement", "neuronj")])
def test_terms_of_edam_find_what_does_them(words: str, slug: str) -> None:
    found = searching.find("tool", searching.Filters(words=words))
    assert slug in found.slugs


def test_every_word_must_be_found_and_short_words_are_not_guessed() -> None:
    assert not searching.find("tool", searching.Filters(words="trackmate xyzzyqwert"))
    assert not searching.find("tool", searching.Filters(words="qzx"))


def test_counts_say_how_many_a_filter_would_leave() -> None:
    for chosen in ({}, {"goal": "track"}, {"words": "cell", "platform": "linux"}):
        counts = searching.find("tool", searching.Filters(**chosen)).counts
        for facet in searching.FACETS:
            for value, count in list(counts[facet].items())[:4]:
                assert count == len(searching.find("tool", searching.Filters(**{**chosen, facet: value})))


def test_a_filter_of_the_page_says_its_count(client: Client) -> None:
    page = client.get("/tools/?goal=track").content.decode()
    count = len(searching.find("tool", searching.Filters(goal="track")))
    assert f"How things move, divide or change over time ({count})" in page
    part = client.get("/tools/?goal=track", headers={"HX-Request": "true"}).content.decode()
    assert '<select id="modality" name="modality" hx-swap-oob="true">' in part


def test_an_entry_that_changes_is_found_by_its_new_name() -> None:
    entry = Entry.objects.get(slug="trackmate")
    entry.name = "Quixotracker"
    entry.save()
    assert first("quixotracker") == ["trackmate"]
    assert indexing.current("tool").slugs[-1] != "trackmate"


def test_claims_of_entries_that_come_while_the_index_is_built_wait_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def few(**chosen: str) -> list[Entry]:
        return list(Entry.objects.filter(slug__in=["fiji", "icy"], **chosen))

    with monkeypatch.context() as patch:
        patch.setattr(indexing, "_entries", lambda kind: few(kind=kind))
        index = indexing._built("a revision that is being replaced", "tool")
    assert index.slugs == ("fiji", "icy")
    assert index.facets["goal"].mask("measure").shape == (2,)


def test_differences_stand_first_and_each_cell_has_its_source(client: Client) -> None:
    entries, problems = comparing.named(["trackmate", "Cellpose"])
    assert not problems
    groups = comparing.compared(entries)
    assert [g.differs for g in groups] == sorted((g.differs for g in groups), reverse=True)
    for group in groups:
        assert [r.differs for r in group.rows] == sorted((r.differs for r in group.rows), reverse=True)
    page = client.get("/compare/?entry=trackmate&entry=Cellpose").content.decode()
    for entry in entries:
        claim = entry.claims.filter(strength__gt=0).first()
        assert claim is not None
        assert claim.source in page


def test_a_plain_fact_has_the_source_it_was_found_in_and_a_model_its_program() -> None:
    entry = Entry.objects.get(slug="cellpose-sam")
    entry.licence = "MIT"
    entry.sources = {"licence": {"source": "https://example.org/elsewhere", "read": "2026-01-02"}}
    (facts,) = (g for g in comparing.compared([entry, entry]) if g.title == "Plain facts")
    first = {row.label: row.cells[0] for row in facts.rows}
    assert first["Licence"].source == "https://example.org/elsewhere"
    assert first["Runs inside"].text == "Cellpose"
    assert (first["Price"].source, first["How widely used"].source) == (entry.source, "")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "Compare up to four"),
        ("entry=trackmate", "Add at least one more"),
        ("entry=trakmate&entry=cellpose", "There is nothing called “trakmate” in the catalog. Did you mean TrackMate"),
        ("entry=%3Cscript%3E&entry=%00", "&lt;script&gt;"),
        ("entry=fiji&entry=icy&entry=napari&entry=ilastik&entry=qupath", "QuPath was left out"),
        ("entry=fiji&entry=fiji&entry=Fiji", "Add at least one more"),
    ],
)
def test_comparing_survives_any_query_and_says_what_is_wrong(client: Client, query: str, says: str) -> None:
    response = client.get(f"/compare/?{query}")
    assert response.status_code == 200
    assert says in response.content.decode()


def test_two_ticked_tools_are_compared(browser: Browser, live_server: object) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(f"{live_server}/tools/?q=cellpose")
    page.get_by_label("compare", exact=False).nth(0).check()
    page.get_by_label("compare", exact=False).nth(1).check()
    page.get_by_role("button", name="Compare the ticked ones").click()
    page.wait_for_url("**/compare/?entry=*&entry=*")
    assert page.get_by_role("table").count() > 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_typing_on_chooses_no_filter_and_what_was_chosen_stays(browser: Browser, live_server: object) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto(f"{live_server}/tools/?q=xyzzyqwert")
    search = page.get_by_label("Name, assay or keyword")
    for words in ("tracking", "trackmate"):
        search.fill(words)
        page.wait_for_url(f"{live_server}/tools/?q={words}")
    goal = page.get_by_label("What it gives you")
    goal.focus()
    goal.select_option("track")
    page.wait_for_url(f"{live_server}/tools/?q=trackmate&goal=track")
    assert goal.input_value() == "track"
    assert page.evaluate("document.activeElement.id") == "goal"
    chosen = page.locator("select").evaluate_all("lists => lists.map(l => l.value).filter(Boolean)")
    assert (chosen, complaints) == (["track"], [])

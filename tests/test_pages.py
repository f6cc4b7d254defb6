"""The pages a visitor walks through: home, interview, results, catalog, help."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import Client

from catalog.models import Claim, Entry, Question
from recommender.interview import step
from recommender.pages import visit
from website.templatetags import chances

pytestmark = pytest.mark.usefixtures("catalog_loaded")

COUNTED = "goal.main=count&obj.kind=nucleus&img.modality=confocal&me.cost=free"
PAGES = {
    "/": "Find the tool that fits your images",
    "/help/": "How it decides",
    "/privacy/": "set no cookie",
    "/find/": "Why this question now?",
    f"/find/?{COUNTED}": "Shortlist so far",
    f"/find/?{COUNTED}&ask=goal.main": "Changing an answer",
    "/find/results/": "Nothing has been asked yet",
    f"/find/results/?{COUNTED}": "The three likeliest",
    "/tools/": "Programs, plugins and libraries",
    "/tools/?q=nothing-is-called-this": "Nothing in the catalog matches",
    "/tools/trackmate/": "Finds spots, nuclei or cells in every frame",
    "/models/": "Pretrained networks",
    "/models/cellpose-cyto3/": "Cellpose cyto3",
}


def body(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, address
    return unescape(response.content.decode())


@pytest.mark.parametrize(("address", "says"), PAGES.items())
def test_each_page_says_what_it_is_for(client: Client, address: str, says: str) -> None:
    page = body(client, address)
    assert says in page
    assert len(re.findall(r"<h1\b", page)) == 1
    assert len(re.findall(r"<main\b", page)) == 1


@pytest.mark.parametrize("address", PAGES)
def test_no_page_needs_anything_the_content_policy_forbids(client: Client, address: str) -> None:
    page = client.get(address).content.decode()
    assert not re.search(r"<[^>]+\sstyle=", page), "an inline style"
    assert not re.search(r"<[^>]+\son[a-z]+=", page), "an inline event handler"
    assert not re.search(r"<style(?![^>]*nonce)", page), "a style element without a nonce"
    ours = r"src=\"/static/|type=\"application/ld\+json\" nonce=\"[^\"]+\""
    assert not re.search(rf"<script(?![^>]*(?:{ours}))", page), "a script that is neither one of our files nor data"
    assert not re.search(r"(?:src|srcset|<link[^>]*href)=\"(?:https?:)?//", page), "something loaded from elsewhere"


@pytest.mark.parametrize("address", PAGES)
def test_looking_around_sets_no_cookie(client: Client, address: str) -> None:
    assert not client.get(address).cookies


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html"])
def test_every_error_page_names_the_trouble_without_a_request(name: str) -> None:
    page = render_to_string(name)
    assert name[:3] in page
    assert re.search(r"<h1>[^<]{10,}</h1>", page)


def test_an_address_that_does_not_exist_gets_the_error_page(client: Client) -> None:
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


def test_home_counts_what_the_catalog_holds(client: Client) -> None:
    page = body(client, "/")
    for number in (
        Entry.objects.filter(kind="tool").count(),
        Entry.objects.filter(kind="model").count(),
        Question.objects.count(),
        Claim.objects.count(),
        Claim.objects.filter(read__isnull=False).count(),
    ):
        assert f"{number:,}" in page


def test_every_example_on_the_home_page_is_a_valid_interview(client: Client) -> None:
    examples = re.findall(r'class="case" href="/find/\?([^"]+)"', body(client, "/"))
    assert len(examples) >= 6
    for query in examples:
        found = step(QueryDict(query))
        assert found.problems == (), query
        assert found.query == query


def test_a_change_link_asks_again_and_keeps_all_other_answers(client: Client) -> None:
    page = body(client, f"/find/?{COUNTED}")
    links = re.findall(r'class="answers__change" href="/find/\?([^"]+)"', page)
    assert len(links) == 4
    for link in links:
        assert set(parse_qsl(COUNTED)) < set(parse_qsl(link))
    again = body(client, f"/find/?{links[0]}")
    assert re.search(r'name="goal.main" value="count" checked', again)
    for key, value in parse_qsl(COUNTED)[1:]:
        assert f'<input type="hidden" name="{key}" value="{value}">' in again


def test_changing_an_answer_leaves_the_order_of_answers_alone(client: Client) -> None:
    page = body(client, f"/find/?{COUNTED}&ask=img.modality")
    names = re.findall(r'<input type="(?:hidden|checkbox|radio)" name="([^"]+)"', page)
    assert list(dict.fromkeys(n for n in names if n != "from")) == [k for k, _ in parse_qsl(COUNTED)]


def test_several_answers_repeat_their_key(client: Client) -> None:
    found = visit(QueryDict("goal.main=count&goal.main=measure&img.dims=d2&ask=img.dims"))
    assert found.before == [("goal.main", "count"), ("goal.main", "measure")]
    assert found.after == []


def test_the_forms_answer_leads_to_an_address_that_holds_answers_only(client: Client) -> None:
    response = client.get("/find/?from=goal.main&goal.main=count")
    assert response.status_code == 302
    assert response["Location"] == "/find/?goal.main=count"
    swapped = client.get("/find/?from=goal.main&goal.main=count", headers={"hx-request": "true"})
    assert swapped["HX-Push-Url"] == "/find/?goal.main=count"


def test_not_sure_wins_over_boxes_left_ticked(client: Client) -> None:
    response = client.get("/find/?from=goal.main&goal.main=count&goal.main=unsure")
    assert response["Location"] == "/find/?goal.main=unsure"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=goal.main", "No answer was picked."),
        ("goal.main=count&from=img.dims", "No answer was picked."),
        ("from=goal.main&goal.main=count&goal.main=measure&goal.main=area&goal.main=spots", "takes 3 answers"),
        ("goal.main=nonsense", "has no answer 'nonsense'"),
        ("no.such=thing&goal.main=count", "There is no question 'no.such'"),
        ("goal.main=%3Cscript%3E", "has no answer '<script>'"),
        ("goal.main=%00%FF", "has no answer"),
    ],
)
def test_an_unusable_answer_gets_a_notice_and_the_interview_goes_on(client: Client, query: str, says: str) -> None:
    page = body(client, f"/find/?{query}")
    assert re.search(r'role="alert"', page)
    assert says in page
    assert "Continue" in page
    assert "<script>" not in client.get(f"/find/?{query}").content.decode()


def test_a_form_sent_empty_shows_the_same_question_again(client: Client) -> None:
    found = visit(QueryDict("goal.main=count&from=img.dims"))
    assert found.step.question is not None
    assert found.step.question.id == "img.dims"


@pytest.mark.parametrize(("address", "part"), [(f"/find/?{COUNTED}", 'id="interview"'), ("/tools/", 'id="found"')])
def test_htmx_gets_the_part_and_everybody_else_the_page(client: Client, address: str, part: str) -> None:
    whole = client.get(address)
    swapped = client.get(address, headers={"hx-request": "true"})
    restored = client.get(address, headers={"hx-request": "true", "hx-history-restore-request": "true"})
    assert part in swapped.content.decode()
    assert "<html" not in swapped.content.decode()
    for response in (whole, restored):
        assert "<html" in response.content.decode()
        assert part in response.content.decode()
    for response in (whole, swapped, restored):
        assert "HX-Request" in response["Vary"]


def test_the_question_offers_not_sure_help_and_a_reason(client: Client) -> None:
    page = body(client, f"/find/?{COUNTED}")
    shown = step(QueryDict(COUNTED)).question
    assert shown is not None
    assert f'name="{shown.id}" value="unsure"' in page
    assert shown.why in page
    assert all(option.text in page for option in shown.options)


def test_the_results_explain_each_of_the_first_three(client: Client) -> None:
    page = body(client, f"/find/results/?{COUNTED}")
    found = step(QueryDict(COUNTED))
    for place in found.ranking[:3]:
        assert f">{place.entry.name}</a>" in page
        assert chances.odds(place.probability) in page
        for reason in place.reasons:
            assert reason.sentence in page
            assert f"{chances.signed(reason.bits)} bits" in page
    assert chances.percent(found.sure) in page


def test_the_results_name_what_the_answers_ruled_out_and_why(client: Client) -> None:
    query = "goal.main=count&me.cost=free"
    excluded = step(QueryDict(query)).excluded
    assert excluded
    page = body(client, f"/find/results/?{query}")
    for item in excluded[:20]:
        assert item.sentence in page


def test_the_results_page_carries_its_own_address_and_links_back_to_the_questions(client: Client) -> None:
    page = body(client, f"/find/results/?{COUNTED}")
    assert f'href="http://testserver/find/results/?{COUNTED}"' in page
    assert f'href="/find/?{COUNTED}"' in page


def test_search_finds_by_alias_keyword_and_part_of_a_name(client: Client) -> None:
    aliased = next(e for e in Entry.objects.filter(kind="tool") if e.aliases and e.keywords)
    for words in (aliased.aliases[0], aliased.keywords[0], aliased.name.upper(), f"  {aliased.name[:-1]} "):
        slugs = {e.slug for e in client.get("/tools/", {"q": words}).context["page"].paginator.object_list}
        assert aliased.slug in slugs, words


def test_the_best_match_of_a_search_comes_first(client: Client) -> None:
    page = client.get("/tools/", {"q": "trackmate"}).context["page"]
    assert page.object_list[0].slug == "trackmate"


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("free=1", lambda e: e.cost == "free"),
        ("open=1", lambda e: e.licence and e.licence != "proprietary"),
        ("platform=linux", lambda e: "linux" in e.platforms),
        ("host=fiji", lambda e: "fiji" in e.hosts),
        ("runs=1", lambda e: e.runs),
        ("goal=track", lambda e: e.claims.filter(option__question="goal.main", option__value="track", strength__gt=0)),
    ],
)
def test_a_filter_leaves_only_what_meets_it(client: Client, query: str, holds: object) -> None:
    found = client.get(f"/tools/?{query}").context["page"].paginator.object_list
    assert 0 < len(found) < Entry.objects.filter(kind="tool").count()
    assert all(map(holds, found))  # type: ignore[call-overload]


def test_a_generic_microscope_finds_what_suits_a_particular_one(client: Client) -> None:
    generic = {e.slug for e in client.get("/tools/?modality=transmitted").context["page"].paginator.object_list}
    made_for_phase = Claim.objects.filter(
        option__question="img.modality", option__value="phase_dic", strength__gte=0.7, entry__kind="tool"
    ).exclude(entry__claims__in=Claim.objects.filter(option__value="transmitted", strength=0))
    assert set(made_for_phase.values_list("entry_id", flat=True)) <= generic


@pytest.mark.parametrize("query", ["page=0", "page=9999", "page=x", "q=%00", "q=" + "a" * 5000, "host=%27", "goal=%FF"])
def test_browsing_survives_any_query(client: Client, query: str) -> None:
    assert client.get(f"/tools/?{query}").status_code == 200


def test_pages_of_the_catalog_hold_every_tool_once(client: Client) -> None:
    slugs: list[str] = []
    pages = client.get("/tools/").context["page"].paginator.page_range
    for number in pages:
        slugs += [e.slug for e in client.get(f"/tools/?page={number}").context["page"]]
    assert sorted(slugs) == sorted(Entry.objects.filter(kind="tool").values_list("slug", flat=True))


def test_a_sheet_shows_every_claim_and_marks_the_unverified_ones(client: Client) -> None:
    recalled = Claim.objects.filter(read=None, follows_from="").values("entry_id")
    entry = Entry.objects.filter(kind="tool", claims__read__isnull=False, pk__in=recalled)[0]
    page = body(client, entry.get_absolute_url())
    claims = entry.claims.select_related("option")
    for claim in claims:
        assert claim.option.text in page
        assert f'href="{claim.source}"' in page
    lines = re.findall(r'<div class="claims__line">.*?</div>', page, re.DOTALL)
    for line in lines:
        assert ("unverified" in line) != bool(re.search("read on|read twice, last on", line))
    unverified = {c.option.text for c in claims if not c.verified}
    marked = " ".join(line for line in lines if "unverified" in line)
    assert unverified
    assert all(text in marked for text in unverified)


def test_the_sheet_of_a_model_names_the_tool_it_runs_in(client: Client) -> None:
    assert 'href="/tools/cellpose/"' in body(client, "/models/cellpose-cyto3/")
    assert 'href="/models/cellpose-cyto3/"' in body(client, "/tools/cellpose/")


def test_find_tools_like_this_leads_back_to_the_tool(client: Client) -> None:
    query = client.get("/tools/trackmate/").context["similar"]
    found = step(QueryDict(query))
    assert not found.problems
    assert "trackmate" in [place.entry.slug for place in found.ranking]


def test_text_of_a_card_is_never_read_as_markup(client: Client) -> None:
    Entry.objects.filter(pk="trackmate").update(summary="<img src=x onerror=alert(1)>", name="<b>x</b>")
    for address in ("/tools/trackmate/", "/tools/?q=img"):
        page = client.get(address).content.decode()
        assert "<img" not in page
        assert "<b>x" not in page


def test_a_tool_is_not_found_among_models(client: Client) -> None:
    assert client.get("/models/trackmate/").status_code == 404
    assert client.get("/tools/no-such-tool/").status_code == 404


@pytest.mark.parametrize(
    ("probability", "percent", "odds"),
    [
        (0.0, "<1%", "less than 1 in 100"),
        (0.034, "3%", "about 1 in 30"),
        (0.31, "31%", "about 1 in 3"),
        (0.66, "66%", "about 2 in 3"),
        (1.0, ">99%", "nearly certain"),
    ],
)
def test_chances_read_as_people_say_them(probability: float, percent: str, odds: str) -> None:
    assert chances.percent(probability) == percent
    assert chances.odds(probability) == odds

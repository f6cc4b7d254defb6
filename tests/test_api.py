"""The JSON API of the catalog and the interview: what it tells, how it refuses, and how often one may ask."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.core.exceptions import DisallowedHost
from django.test import Client
from django.urls import get_resolver

from catalog import searching
from catalog.models import Entry, Question
from config import problems

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalog_loaded", "fresh_counts")]

API = "/api/v1"
NUCLEI = "goal.main=count&obj.kind=nucleus&img.modality=confocal&img.dims=d3_aniso&obj.crowding=some_touch"


@pytest.fixture
def fresh_counts() -> None:
    """Forget how often the tests before this one asked."""
    cache.clear()


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Check that a response is a problem with everything it must have; return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert told["status"] == status
    assert told["code"] == code, told
    assert told["type"] == "about:blank"
    assert told["title"]
    for sentence in (told["detail"], told["cure"]):
        assert sentence
        assert "Traceback" not in sentence
    assert told["instance"].startswith("/api/")
    return told


def test_the_index_names_addresses_that_exist(client: Client) -> None:
    for name, address in client.get(f"{API}/").json().items():
        status = client.get(address).status_code
        assert status == (405 if name in ("samples", "jobs") else 200), address


def test_all_questions_are_listed_with_their_options(client: Client) -> None:
    listed = client.get(f"{API}/questions/").json()
    assert [q["id"] for q in listed] == list(Question.objects.values_list("pk", flat=True))
    assert all(len(q["options"]) >= 2 and q["text"] and q["why"] for q in listed)


def test_every_question_has_an_address_and_so_has_every_earlier_id(client: Client) -> None:
    for question in Question.objects.all():
        for name in (question.pk, *question.aliases):
            assert client.get(f"{API}/questions/{name}/").json()["id"] == question.pk


@pytest.mark.parametrize("kind", ["tool", "model"])
def test_every_entry_is_found_in_the_list_page_by_page(client: Client, kind: str) -> None:
    found: list[str] = []
    address = f"{API}/{kind}s/?page_size=50"
    while address:
        page = client.get(address).json()
        found += [entry["slug"] for entry in page["results"]]
        assert page["count"] == Entry.objects.filter(kind=kind).count()
        address = page["next"]
    assert len(found) == len(set(found))
    assert set(found) == set(Entry.objects.filter(kind=kind).values_list("slug", flat=True))


def test_pages_lead_back_as_well(client: Client) -> None:
    first = client.get(f"{API}/tools/?page_size=3&free=true").json()
    second = client.get(first["next"]).json()
    assert client.get(second["previous"]).json() == first
    assert first["previous"] is None


def test_a_search_finds_what_the_website_finds(client: Client) -> None:
    here = client.get(f"{API}/tools/?q=nuclei&page_size=200").json()["results"]
    there = searching.find("tool", searching.Filters(words="nuclei"))
    assert [entry["slug"] for entry in here] == [entry.slug for entry in there]


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("free=true", lambda e: e["cost"] == "free"),
        ("open=true", lambda e: e["open_source"]),
        ("runs=true", lambda e: e["runs"]),
        ("platform=macos", lambda e: "macos" in e["platforms"]),
        ("host=fiji", lambda e: "fiji" in e["hosts"] + e["runs_in"]),
    ],
)
def test_filters_leave_only_what_was_asked_for(client: Client, query: str, holds: Any) -> None:
    found = client.get(f"{API}/tools/?{query}&page_size=200").json()["results"]
    assert found
    assert all(holds(entry) for entry in found)


def test_a_list_says_how_many_each_filter_would_leave(client: Client) -> None:
    facets = client.get(f"{API}/tools/?goal=track").json()["facets"]
    assert facets["host"]["fiji"] == client.get(f"{API}/tools/?goal=track&host=fiji").json()["count"]
    assert facets["goal"]["count"] == client.get(f"{API}/tools/?goal=count").json()["count"]


def test_a_filter_that_is_false_filters_nothing(client: Client) -> None:
    everything = client.get(f"{API}/tools/").json()["count"]
    assert client.get(f"{API}/tools/?free=false&open=0&runs=").json()["count"] == everything


def test_filters_by_what_a_tool_suits_are_the_websites(client: Client) -> None:
    listed = client.get(f"{API}/tools/?goal=count&modality=confocal&page_size=200").json()["results"]
    both = searching.find("tool", searching.Filters(goal="count", modality="confocal"))
    assert [e["slug"] for e in listed] == list(both.slugs)
    assert 0 < len(both) < Entry.objects.filter(kind="tool").count()


@pytest.mark.parametrize("kind", ["tool", "model"])
def test_an_entry_comes_with_every_claim_and_its_source(client: Client, kind: str) -> None:
    for entry in Entry.objects.filter(kind=kind).order_by("slug")[:25]:
        told = client.get(f"{API}/{kind}s/{entry.slug}/").json()
        assert len(told["claims"]) == entry.claims.count()
        for claim in told["claims"]:
            assert claim["source"].startswith("http")
            assert 0 <= claim["strength"] <= 1
            assert claim["verified"] == (claim["read"] is not None)
        assert client.get(told["page"]).status_code == 200
        assert client.get(told["address"]).json() == told


def test_what_is_listed_and_what_is_recommended_has_an_address_that_works(client: Client) -> None:
    step = client.get(f"{API}/recommendations/?{NUCLEI}").json()
    for place in step["ranking"]:
        assert client.get(place["entry"]["address"]).json()["slug"] == place["entry"]["slug"]
    for address in step["links"].values():
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("query", ["", NUCLEI, f"{NUCLEI}&ask=img.dims", "goal.main=unsure", "goal.main=nothing&x.y=1"])
def test_the_step_is_the_websites_step(client: Client, query: str) -> None:
    told = client.get(f"{API}/recommendations/?{query}").json()
    step = client.get(f"/find/?{query}").context["step"]
    assert told["answers"] == {name: list(picked) for name, picked in step.answers.items()}
    assert told["question"]["id"] == step.question.id
    assert told["question"]["why"] == step.question.why
    assert [o["value"] for o in told["question"]["options"]] == [o.value for o in step.question.options]
    for told_places, places in ((told["ranking"], step.ranking), (told["runnable"], step.runnable)):
        assert [(p["entry"]["slug"], p["probability"]) for p in told_places] == [
            (p.entry.slug, p.probability) for p in places
        ]
    for place, shown in zip(told["ranking"], step.ranking, strict=True):
        for name in ("reasons", "conflicts"):
            assert [(r["bits"], r["sentence"], r["source"]) for r in place[name]] == [
                (r.bits, r.sentence, r.source) for r in getattr(shown, name)
            ]
        assert place["unknowns"] == list(shown.unknowns)
    assert [e["entry"]["slug"] for e in told["excluded"]] == [e.entry.slug for e in step.excluded]
    assert [p["code"] for p in told["problems"]] == [p.code for p in step.problems]
    for name in ("none_fits", "verdict", "sure", "finished", "number", "query", "revision"):
        assert told[name] == getattr(step, name)


def test_an_interview_ends_over_the_api_alone(client: Client) -> None:
    picked = random.Random(20)
    query: list[tuple[str, str]] = []
    for _ in range(25):
        response = client.get(f"{API}/recommendations/?{urlencode(query)}")
        step = json.loads(response.content, parse_constant=pytest.fail)
        if step["finished"]:
            break
        query.append((step["question"]["id"], picked.choice([o["value"] for o in step["question"]["options"]])))
        assert step["number"] == len(query) - 1
    assert step["finished"]
    assert step["number"] <= 20
    assert step["verdict"] != "asking"
    assert step["problems"] == []


def test_random_answers_are_always_answered_in_plain_json(client: Client) -> None:
    bank = {q.pk: [o.value for o in q.options.all()] for q in Question.objects.prefetch_related("options")}
    draw = random.Random(7)
    for _ in range(25):
        chosen = draw.sample(sorted(bank), draw.randint(0, 15))
        query = urlencode([(name, draw.choice([*bank[name], "unsure", "nonsense"])) for name in chosen])
        response = client.get(f"{API}/recommendations/?{query}")
        assert response.status_code == 200
        step = json.loads(response.content, parse_constant=pytest.fail)
        assert 0 <= sum(p["probability"] for p in step["ranking"]) + step["none_fits"] <= 1 + 1e-9


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/tools/?platform=amiga", 400, "invalid_choice"),
        ("/tools/?goal=fly", 400, "unknown_value"),
        ("/tools/?modality=sonar", 400, "unknown_value"),
        ("/tools/?host=nowhere", 400, "unknown_value"),
        ("/tools/?free=perhaps", 400, "invalid"),
        ("/tools/?serach=nuclei", 400, "unknown_parameter"),
        ("/tools/?page=0", 400, "min_value"),
        ("/tools/?page=two", 400, "invalid"),
        ("/tools/?page=100000", 404, "not_found"),
        ("/tools/?page_size=100000", 400, "max_value"),
        ("/tools/?q=%00", 400, "null_characters_not_allowed"),
        (f"/tools/?q={'x' * 101}", 400, "max_length"),
        ("/tools/?" + "&".join(f"a{i}=1" for i in range(1100)), 400, "parse_error"),
        ("/tools/no-such-tool/", 404, "not_found"),
        ("/models/stardist/", 404, "not_found"),
        ("/questions/no.such/", 404, "not_found"),
        ("/run-tools/no-such-tool/", 404, "unknown_tool"),
        ("/samples/00000000-0000-0000-0000-000000000000/", 401, "owner_token_missing"),
        ("/samples/not-an-id/", 404, "unknown_address"),
        ("/jobs/1/", 404, "unknown_address"),
        ("/nothing/", 404, "unknown_address"),
        ("/tools/%ff/", 404, "unknown_address"),
        ("/%3Cscript%3E/", 404, "unknown_address"),
    ],
)
def test_wrong_input_is_refused_with_a_code_and_a_cure(client: Client, address: str, status: int, code: str) -> None:
    told = problem(client.get(f"{API}{address}"), status, code)
    if status == 400 and code != "parse_error":
        assert told["errors"][0]["field"]
    assert "<script>" not in client.get(f"{API}{address}").content.decode() or code == "unknown_address"


def test_a_tool_asked_for_as_a_model_says_where_it_is(client: Client) -> None:
    told = problem(client.get(f"{API}/models/stardist/"), 404, "not_found")
    assert client.get(told["cure"].split()[-1]).status_code == 200


@pytest.mark.parametrize("path", ["/api/", "/api/v2/tools/", "/api/v1x/", "/api/v1/tools/a/b/c/"])
@pytest.mark.parametrize("method", ["get", "post", "delete", "put"])
def test_there_is_no_html_below_api(client: Client, path: str, method: str) -> None:
    problem(getattr(Client(enforce_csrf_checks=True), method)(path), 404, "unknown_address")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_lists_can_only_be_read(client: Client, method: str) -> None:
    for path in ("tools/", "models/", "questions/", "recommendations/", "tools/stardist/"):
        response = getattr(client, method)(f"{API}/{path}")
        problem(response, 405, "method_not_allowed")
        assert "GET" in response["Allow"]


def test_head_answers_as_get_does_without_a_body(client: Client) -> None:
    response = client.head(f"{API}/tools/")
    assert response.status_code == 200
    assert response.content == b""


def test_other_formats_are_refused(client: Client) -> None:
    problem(client.get(f"{API}/tools/", headers={"Accept": "text/html"}), 406, "not_acceptable")
    owner = {"Authorization": "Bearer nobody"}
    problem(
        client.post(f"{API}/jobs/", "<a/>", content_type="application/xml", headers=owner), 401, "owner_token_missing"
    )
    problem(client.post(f"{API}/samples/", "{}", content_type="application/json"), 415, "unsupported_media_type")


def test_a_slash_left_out_is_put_back_and_nothing_is_lost(client: Client) -> None:
    response = client.get(f"{API}/tools?q=nuclei")
    assert response.status_code == 307
    assert response["Location"] == f"{API}/tools/?q=nuclei"
    assert client.post(f"{API}/samples").status_code == 307
    problem(client.get(f"{API}/nothing"), 404, "unknown_address")
    assert client.get("//evil.example/api/v1/tools").headers.get("Location", "/").startswith("/")


def test_a_crash_shows_an_id_to_quote_and_nothing_else(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(searching, "find", broken)
    response = Client(raise_request_exception=False).get(f"{API}/tools/")
    told = problem(response, 500, "internal_error")
    assert "secret" not in response.content.decode()
    mark = told["cure"].split()[-1].rstrip(".")
    assert mark in caplog.text
    assert "the secret is 42" in caplog.text


def test_what_django_itself_refuses_is_a_problem_too(client: Client, settings: Any, rf: Any) -> None:
    settings.ALLOWED_HOSTS = ["tq.example.org"]
    problem(client.get(f"{API}/tools/", headers={"Host": "evil.example"}), 400, "parse_error")
    assert problems.bad_request(rf.get("/find/"), DisallowedHost()).headers["Content-Type"].startswith("text/html")
    assert get_resolver().resolve_error_handler(500) is problems.server_error
    assert problems.server_error(rf.get(f"{API}/")).headers["Content-Type"] == "application/problem+json"


def test_pages_of_other_origins_may_read_but_not_write(client: Client) -> None:
    there = {"Origin": "https://elsewhere.example"}
    for path in ("questions/", "tools/", "tools/stardist/", "models/", "recommendations/", "schema/"):
        response = client.get(f"{API}/{path}", headers=there)
        assert response["Access-Control-Allow-Origin"] == "*", path
        assert "Access-Control-Allow-Credentials" not in response
    for path in (f"{API}/samples/", f"{API}/jobs/", "/find/", "/tools/"):
        assert "Access-Control-Allow-Origin" not in client.get(path, headers=there)
    asks = {**there, "Access-Control-Request-Method": "POST"}
    assert "POST" not in client.options(f"{API}/tools/", headers=asks).get("Access-Control-Allow-Methods", "")


def test_nothing_below_api_sets_a_cookie(client: Client) -> None:
    for path in ("", "questions/", "tools/", "recommendations/", "schema/", "docs/", "nothing/"):
        assert not client.get(f"{API}/{path}").cookies

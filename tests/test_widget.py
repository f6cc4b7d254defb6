"""The widget: who may show it, what it shows, and that a facility can be added, changed and removed."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from portals import colours
from portals.models import Facility

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalog_loaded")]

ORIGINS = ["https://microscopy.example.org", "https://www.example.org:8443"]
NUCLEI = "goal.main=count&obj.kind=nucleus&img.modality=confocal&img.dims=d3_aniso&obj.crowding=some_touch"
PATHS = ["/embed/demo/", f"/embed/demo/?{NUCLEI}", f"/embed/demo/results/?{NUCLEI}", "/embed/demo/?from=goal.main"]


def add(slug: str, **given: Any) -> str:
    said = StringIO()
    call_command("add_facility", slug, stdout=said, **given)
    return said.getvalue()


@pytest.fixture
def demo() -> Facility:
    add("demo", name="Demo Microscopy", origin=ORIGINS, colour="#c02060", contact="help@example.org")
    return Facility.objects.get(slug="demo")


def sources(response: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("path", PATHS)
def test_the_facilitys_own_pages_may_frame_it_and_no_others(client: Client, demo: Facility, path: str) -> None:
    response = client.get(path)
    policy = sources(response)
    assert response.status_code == 200
    assert policy["frame-ancestors"] == ORIGINS
    assert policy["default-src"] == ["'self'"]
    assert "'unsafe-inline'" not in policy["style-src"] + policy["script-src"]
    assert "X-Frame-Options" not in response


@pytest.mark.parametrize("path", [*PATHS, "/embed.js", "/embed/demo/?from=goal.main&goal.main=count"])
def test_it_sets_no_cookie_and_stores_nothing(client: Client, demo: Facility, path: str) -> None:
    response = client.get(path)
    assert not response.cookies
    assert "Set-Cookie" not in response
    content = response.content.decode()
    assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie|htmx\.(min\.)?js", content)


@pytest.mark.parametrize("path", ["/embed/nobody/", "/embed/nobody/results/", "/embed/demo/other/"])
def test_what_does_not_exist_can_be_framed_by_nobody(client: Client, demo: Facility, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response["X-Frame-Options"] == "DENY"
    assert sources(response)["frame-ancestors"] == ["'none'"]


@pytest.mark.parametrize("path", ["/", "/find/", "/tools/", "/api/v1/docs/"])
def test_all_other_pages_can_be_framed_by_nobody(client: Client, demo: Facility, path: str) -> None:
    response = client.get(path)
    assert response["X-Frame-Options"] == "DENY"
    assert sources(response)["frame-ancestors"] == ["'none'"]


@pytest.mark.parametrize("query", ["", NUCLEI, "goal.main=stitch_register&obj.kind=neuron&img.modality=em", "x.y=1"])
@pytest.mark.parametrize("part", ["", "results/"])
def test_every_link_stays_in_the_widget_or_opens_a_new_tab(
    client: Client, demo: Facility, part: str, query: str
) -> None:
    page = client.get(f"/embed/demo/{part}?{query}").content.decode()
    links = re.findall(r"<a\b[^>]*>", page)
    assert links
    for link in links:
        stays = 'href="/embed/demo/' in link
        assert stays or ('target="_blank"' in link and "noopener" in link), link
    assert all('action="/embed/demo/"' in form for form in re.findall(r"<form\b[^>]*>", page))


def test_an_answer_without_javascript_leads_to_the_next_question(client: Client, demo: Facility) -> None:
    answered = client.get("/embed/demo/?from=goal.main&goal.main=count")
    assert answered["Location"] == "/embed/demo/?goal.main=count"
    step = client.get(answered["Location"]).context["step"]
    assert step.question.id != "goal.main"
    assert step.answers == {"goal.main": ("count",)}


def test_it_is_the_websites_own_step(client: Client, demo: Facility) -> None:
    assert client.get(f"/embed/demo/?{NUCLEI}").context["step"] == client.get(f"/find/?{NUCLEI}").context["step"]


def test_it_shows_the_facilitys_name_contact_and_colours(client: Client, demo: Facility) -> None:
    response = client.get("/embed/demo/")
    page = response.content.decode()
    assert "Demo Microscopy" in page
    assert 'href="mailto:help@example.org"' in page
    assert colours.accent("#c02060", colours.LIGHT).accent in page
    assert colours.accent("#c02060", colours.DARK).accent in page
    nonce = re.search(r'<style nonce="([^"]+)"', page)
    assert nonce is not None
    assert f"'nonce-{nonce[1]}'" in sources(response)["style-src"]


def test_a_name_cannot_bring_markup_into_the_frame(client: Client) -> None:
    add("sly", name="<script>alert(1)</script>", origin=ORIGINS)
    assert "<script>alert" not in client.get("/embed/sly/").content.decode()


def test_the_script_is_javascript_that_any_page_may_load(client: Client) -> None:
    response = client.get("/embed.js")
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["Cache-Control"] == "public, max-age=3600"
    assert client.post("/embed.js").status_code == 405


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        ("https://a.example.org/page", "Write https://a.example.org only."),
        ("https://a.example.org?x=1", "Write https://a.example.org only."),
        ("https://user:word@a.example.org", "Write https://a.example.org only."),
        ("https://*.example.org", "wildcard"),
        ("http://a.example.org", "http is for localhost and 127.0.0.1 only"),
        ("a.example.org", "does not begin with https://"),
        ("javascript:alert(1)", "does not begin with https://"),
        ("https://", "names no host"),
        ("https://a.example.org;script-src", "names no host"),
        ("https://a.example.org 'self'", "names no host"),
        ("https://[::1]", "names no host"),
        ("https://a.example.org:999999", "is not an address"),
        ("'self'", "does not begin with https://"),
    ],
)
def test_an_origin_that_is_none_is_refused_with_a_cure(origin: str, says: str) -> None:
    with pytest.raises(CommandError, match=re.escape(says)):
        add("new", name="New", origin=[origin])
    assert not Facility.objects.exists()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("HTTPS://Microscopy.Example.org/", "https://microscopy.example.org"),
        ("https://example.org:443", "https://example.org"),
        ("https://example.org:8443", "https://example.org:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(written: str, kept: str) -> None:
    add("new", name="New", origin=[written])
    assert Facility.objects.get().origins == [kept]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"colour": "red"}, "is not a colour"),
        ({"colour": "#12345"}, "is not a colour"),
        ({"colour": "#000000;}"}, "is not a colour"),
        ({"contact": "nobody"}, "neither a web address nor an e-mail address"),
        ({"contact": "javascript://alert(1)"}, "neither a web address nor an e-mail address"),
        ({"name": "x" * 81}, "80"),
        ({"name": ""}, "--name"),
    ],
)
def test_a_change_that_is_wrong_changes_nothing(demo: Facility, wrong: dict[str, str], says: str) -> None:
    with pytest.raises(CommandError, match=re.escape(says)):
        add("demo", **wrong)
    demo.refresh_from_db()
    assert (demo.name, demo.colour, demo.contact) == ("Demo Microscopy", "#c02060", "help@example.org")


def test_adding_again_changes_only_what_is_named(demo: Facility) -> None:
    add("demo", name="Renamed")
    demo.refresh_from_db()
    assert (demo.name, demo.origins, demo.colour) == ("Renamed", ORIGINS, "#c02060")
    assert Facility.objects.count() == 1


def test_a_new_facility_needs_a_name_and_an_origin() -> None:
    with pytest.raises(CommandError, match="--name and at least one --origin"):
        add("new", name="New")
    with pytest.raises(CommandError, match="Name the facility"):
        call_command("add_facility")


def test_a_facility_can_be_listed_and_removed(client: Client, demo: Facility) -> None:
    said = StringIO()
    call_command("add_facility", list=True, stdout=said)
    assert "demo: Demo Microscopy, at https://microscopy.example.org" in said.getvalue()
    add("demo", remove=True)
    assert client.get("/embed/demo/").status_code == 404
    with pytest.raises(CommandError, match="There is no facility 'demo'"):
        add("demo", remove=True)


def test_a_colour_that_cannot_be_read_is_adjusted_and_said() -> None:
    said = add("new", name="New", origin=ORIGINS, colour="#FFEE00")
    assert "On the light theme #ffee00 could not be read" in said
    assert "dark" not in said


@given(st.integers(0, 0xFFFFFF).map("#{:06x}".format))
def test_every_colour_can_be_read_on_both_themes(colour: str) -> None:
    for theme in (colours.LIGHT, colours.DARK):
        made = colours.accent(colour, theme)
        behind = [theme.surface, theme.paper, theme.sunken, made.accent_wash]
        pairs = [(ink, paper) for ink in (made.accent, made.accent_strong) for paper in behind]
        pairs += [(made.on_accent, made.accent), (made.on_accent, made.accent_strong)]
        for one, other in pairs:
            assert colours.contrast(colours.rgb(one), colours.rgb(other)) >= colours.TEXT, (colour, one, other)

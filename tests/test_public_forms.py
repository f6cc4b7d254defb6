"""What anybody may say about the catalog without an account, and what is refused."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, expect

from catalog import facts, loading, reading
from catalog.models import Claim, Concern, Entry
from tests.curated import CARD, SUGGESTED, about, stated_of

pytestmark = pytest.mark.usefixtures("catalog_loaded")


def test_every_fact_and_question_of_a_page_leads_to_its_own_form(client: Client) -> None:
    page = unescape(client.get("/tools/fiji/").content.decode())
    leads = set(re.findall(r'href="(/tools/fiji/wrong/\?about=[^"]+)"', page))
    questions = set(Claim.objects.filter(entry="fiji").values_list("option__question", flat=True))
    assert {lead.partition("about=")[2] for lead in leads} >= questions | {"licence", "cost", "platforms", "homepage"}
    for lead in leads:
        assert client.get(lead).status_code == 200, lead
    assert "Is this wrong?" in client.get("/models/cellpose-cyto3/").content.decode()


@pytest.mark.parametrize("name", list(facts.NAMES))
def test_every_fact_has_a_form_that_takes_a_plain_word(client: Client, name: str) -> None:
    for entry in (Entry.objects.get(pk="fiji"), Entry.objects.get(pk="cellpose-cyto3")):
        address = f"{entry.get_absolute_url()}wrong/?about={name}"
        assert client.get(address).status_code == 200
        sent = client.post(address, {"statement": f"The {name} is wrong."})
        assert (sent.status_code, sent["Location"]) == (302, f"{entry.get_absolute_url()}wrong/thanks/"), address
    assert Concern.objects.filter(kind="dispute", statement=f"The {name} is wrong.").count() == 2


def test_a_disputed_claim_stands_in_the_queue_as_the_import_would_write_it(client: Client) -> None:
    claim = stated_of()
    address = f"/tools/fiji/wrong/?about={claim.option.question_id}"
    client.post(
        address, {"option": claim.option.value, "strength": "0.0", "source": "https://example.org", "statement": "No."}
    )
    concern = Concern.objects.get()
    assert (concern.field, concern.held, concern.proposed) == (about(claim), claim.strength, 0.0)
    assert (concern.entry, concern.state, concern.source) == ("fiji", "open", "https://example.org")


def test_a_disputed_fact_is_proposed_as_the_card_would_say_it(client: Client) -> None:
    client.post("/tools/fiji/wrong/?about=platforms", {"value": ["linux", "web"], "source": "https://example.org"})
    client.post("/tools/trackmate/wrong/?about=hosts", {"value": "Fiji (ImageJ)\nQuPath"})
    proposed = {concern.entry: concern.proposed for concern in Concern.objects.all()}
    assert proposed == {"fiji": ["linux", "web"], "trackmate": ["fiji", "qupath"]}


def test_a_fact_disputed_in_words_alone_proposes_nothing(client: Client, curator: Client) -> None:
    sent = {"value": "GPL-3.0-or-later", "statement": "Some parts are not."}
    assert client.post("/tools/fiji/wrong/?about=licence", sent).status_code == 302
    concern = Concern.objects.get()
    assert (concern.held, concern.proposed) == ("GPL-3.0-or-later", None)
    page = curator.get(f"/admin/catalog/concern/{concern.pk}/change/").content.decode()
    assert "Accept and write it into the catalog" not in page
    assert "It should say" not in page


@pytest.mark.parametrize(
    ("fact", "value", "says"),
    [
        ("hosts", "nowhere-at-all", "names 'nowhere-at-all', which is no other card."),
        ("citation", "not a DOI", "should match pattern"),
        ("homepage", "nonsense here", "Enter a valid URL."),
        ("name", "QuPath", "is 'QuPath', which qupath.yaml has too."),
        ("cost", "cheap", "cheap is not one of the available choices"),
        ("name", "x" * 90, "at most 80 characters"),
    ],
)
def test_a_proposal_that_no_card_may_say_is_refused_in_a_sentence(
    client: Client, fact: str, value: str, says: str
) -> None:
    response = client.post(f"/tools/trackmate/wrong/?about={fact}", {"value": value, "statement": "Look here."})
    assert response.status_code == 422
    page = unescape(response.content.decode())
    assert says in page
    assert "Look here." in page, "what was written is not lost"
    assert not Concern.objects.exists()


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/tools/fiji/wrong/", {}),
        ("/tools/fiji/wrong/", {"statement": "   "}),
        ("/tools/fiji/wrong/", {"statement": "x" * 2001}),
        ("/tools/fiji/wrong/", {"statement": "a\0b"}),
        ("/tools/fiji/wrong/", {"statement": "a", "source": "javascript:alert(1)"}),
        ("/tools/fiji/wrong/?about=licence", {"value": "GPL-3.0-or-later"}),
        ("/tools/fiji/wrong/?about=goal.main", {"strength": "0.7"}),
        ("/tools/fiji/wrong/?about=goal.main", {"option": "no-such-option", "strength": "0.7"}),
        ("/tools/fiji/wrong/?about=goal.main", {"option": "count"}),
        ("/tools/suggest/", {}),
        ("/tools/suggest/", SUGGESTED | {"homepage": "ftp://example.org"}),
        ("/tools/suggest/", SUGGESTED | {"name": "☃"}),
        ("/tools/suggest/", SUGGESTED | {"summary": "x" * 301}),
    ],
)
def test_a_form_that_says_nothing_or_too_much_is_refused_and_not_kept(
    client: Client, address: str, sent: dict[str, str]
) -> None:
    assert client.post(address, sent).status_code == 422
    assert not Concern.objects.exists()


def test_what_a_query_string_does_not_name_rightly_is_about_the_whole_page(client: Client) -> None:
    for text in ("nonsense", "goal.main.nope=x", "%00", "x" * 5000, "runs_in", "claims"):
        page = client.get(f"/tools/fiji/wrong/?about={text}").content.decode()
        assert "Or is it one of these?" in page, text
    assert client.get("/tools/no-such-tool/wrong/").status_code == 404
    assert client.get("/models/fiji/wrong/").status_code == 404


def test_the_same_thing_twice_stands_in_the_queue_once(client: Client) -> None:
    for _ in range(3):
        client.post("/tools/fiji/wrong/", {"statement": "It moved."})
        client.post("/tools/suggest/", SUGGESTED)
    assert Concern.objects.count() == 2


def test_a_program_that_fills_the_hidden_field_is_thanked_and_forgotten(client: Client) -> None:
    sent = client.post("/tools/suggest/", SUGGESTED | {"website": "https://spam.example"})
    assert sent["Location"] == "/tools/suggest/thanks/"
    assert not Concern.objects.exists()


def test_without_its_token_a_form_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/tools/suggest/", SUGGESTED).status_code == 403
    token = strict.get("/tools/suggest/").context["csrf_token"]
    assert strict.post("/tools/suggest/", SUGGESTED | {"csrfmiddlewaretoken": str(token)}).status_code == 302


def test_one_visitor_may_send_only_so_much_an_hour_and_loses_no_text(client: Client, settings: Any) -> None:
    settings.FORMS_AN_HOUR = 2
    sent = [client.post("/tools/fiji/wrong/", {"statement": f"Wrong {i}."}) for i in range(3)]
    assert [response.status_code for response in sent] == [302, 302, 429]
    assert 0 < int(sent[2]["Retry-After"]) <= 3601
    assert "Wrong 2." in sent[2].content.decode()
    other = client.post("/tools/fiji/wrong/", {"statement": "From elsewhere."}, REMOTE_ADDR="192.0.2.9")
    assert other.status_code == 302
    assert [client.post("/tools/suggest/", {}).status_code for _ in range(12)][-1] == 429


def test_no_address_of_a_visitor_is_kept(client: Client) -> None:
    client.post("/tools/fiji/wrong/", {"statement": "Wrong."}, REMOTE_ADDR="192.0.2.77")
    kept = " ".join(str(value) for row in Concern.objects.values() for value in row.values())
    assert "192.0.2" not in kept


def test_a_suggested_card_is_judged_at_once_by_the_checks_of_the_cards(client: Client, tmp_path: Path) -> None:
    wrong = CARD.replace("count: 1.0", "conut: 1.0").replace("licence: MIT", "hosts: [nowhere]")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "bean-counter.yaml").write_text(wrong)
    (tmp_path / "questions").symlink_to(loading.FIXTURES / "questions")
    expected = [f"{m.key} {m.sentence}" for m in reading.read_catalog(tmp_path).mistakes]
    page = unescape(client.post("/tools/suggest/", SUGGESTED | {"card": wrong}).content.decode())
    assert len(expected) == 2
    assert all(sentence in page for sentence in expected)
    assert client.post("/tools/suggest/", SUGGESTED | {"card": CARD}).status_code == 302
    assert (Concern.objects.get().proposed or {})["card"] == CARD


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ("name: [", "not valid YAML"),
        ("name: a\nname: b", "stands twice"),
        ("just words", "dictionary"),
        ("a: &a [x]\nb: [*a, *a]", "refers to a part of itself"),
        ("[" * 5000, "exceeded maximum nesting depth"),
        ("[" * 20 + "]" * 20, "nested or cut up more than any card"),
        ("\n".join(f"k{i}: 1" for i in range(2200)), "nested or cut up more than any card"),
        ("x: !!python/object/apply:os.system [ls]", "not valid YAML"),
        ("read: 2026-99-99", "impossible value"),
        ("x" * 20_001, "at most 20000"),
        ("{[a]: b}", "not valid YAML"),
        ('name: !!int ""', "'' is not what its tag tag:yaml.org,2002:int says"),
        ("name: !!bool perhaps", "is not what its tag"),
        ("name: !!timestamp soon", "is not what its tag"),
        (f"name: 0x{'f' * 6000}", "One value has 6002 characters; at most 1000 are read."),
        ('name: "a\\0b"', "A value holds the character NUL"),
        (CARD.replace("example.org/beans", "[::1"), "homepage Value error, is not a web address"),
        (CARD.replace("example.org/beans", "example.org:99999/"), "homepage Value error, is not a web address"),
        (CARD + f"family: {'a' * 61}\n", "at most 60 characters"),
        (CARD + f"citation: 10.1234/{'a' * 120}\n", "at most 120 characters"),
    ],
)
def test_a_card_that_would_harm_the_server_is_refused_in_a_sentence(client: Client, card: str, says: str) -> None:
    response = client.post("/tools/suggest/", SUGGESTED | {"card": card})
    assert response.status_code == 422
    assert says in unescape(response.content.decode())


def test_a_tool_that_the_catalog_has_is_not_suggested_again(client: Client) -> None:
    for name in ("fiji (imagej)", "NIH ImageJ"):
        page = unescape(client.post("/tools/suggest/", SUGGESTED | {"name": name}).content.decode())
        assert "The catalog has Fiji (ImageJ) already, at /tools/fiji/" in page


def test_what_strangers_write_is_shown_as_text(client: Client, curator: Client) -> None:
    evil = "<script>alert(1)</script>"
    client.post("/tools/fiji/wrong/", {"statement": evil})
    client.post("/tools/suggest/", SUGGESTED | {"summary": evil, "contact": evil})
    pages = ["/admin/catalog/queue/", "/admin/catalog/concern/"]
    pages += [f"/admin/catalog/concern/{concern.pk}/change/" for concern in Concern.objects.all()]
    for page in pages:
        assert evil not in curator.get(page).content.decode()
    assert evil not in client.post("/tools/suggest/", {"summary": evil}).content.decode()


def test_the_forms_are_found_from_the_catalog_and_every_page(client: Client) -> None:
    assert client.get("/tools/").content.decode().count('href="/tools/suggest/"') == 2
    assert 'href="/tools/suggest/"' in client.get("/").content.decode()


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_visitor_says_what_is_wrong(browser: Browser, live_server: Any, script: bool) -> None:
    for width in (1280, 360):
        page = browser.new_context(java_script_enabled=script, viewport={"width": width, "height": 800}).new_page()
        page.goto(f"{live_server}/tools/fiji/")
        page.get_by_role("link", name="Is this wrong? Licence").click()
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("alert")).to_contain_text("Not sent yet.")
        page.get_by_label("What should it say?").fill("MIT")
        page.get_by_label("What is wrong?").fill(f"It changed, {width} {script}.")
        page.get_by_label("Where can we check it?").fill("https://example.org/licence")
        if script:
            assert [v["id"] for v in Axe().run(page).response["violations"]] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
        kept = Concern.objects.get(statement=f"It changed, {width} {script}.")
        assert (kept.field, kept.held, kept.proposed) == ("licence", "GPL-3.0-or-later", "MIT")
        page.close()


@pytest.mark.browser
def test_the_new_pages_break_no_accessibility_rule(browser: Browser, live_server: Any) -> None:
    trouble = []
    for width in (1280, 360):
        page = browser.new_page(viewport={"width": width, "height": 800})
        for address in (
            "/tools/suggest/", "/tools/suggest/thanks/", "/tools/fiji/wrong/", "/tools/fiji/wrong/?about=goal.main",
            "/tools/fiji/wrong/?about=platforms", "/tools/fiji/wrong/thanks/", "/tools/fiji/",
        ):  # fmt: skip
            page.goto(f"{live_server}{address}")
            trouble += [f"{address} {width}: {v['id']}" for v in Axe().run(page).response["violations"]]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                trouble.append(f"{address} is wider than {width} px")
        page.close()
    assert trouble == []

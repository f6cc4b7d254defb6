"""What people say about the catalog, and what becomes of it: forms, queue, decisions, audits, dates on the pages."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from playwright.sync_api import Browser, expect

from catalog import auditing, cards, coverage, curating, facts, judging, loading, reading, waiting
from catalog.curating import DecisionError, Evidence
from catalog.models import Audit, Claim, Concern, Entry, Option, Revision

pytestmark = pytest.mark.usefixtures("catalog_loaded")
TODAY = date.today()
SUGGESTED = {"name": "Bean Counter", "homepage": "https://example.org/beans", "summary": "Counts beans."}
CARD = """\
name: Bean Counter
summary: Counts beans.
homepage: https://example.org/beans
licence: MIT
claims:
- question: goal.main
  suits: {count: 1.0}
  source: https://example.org/beans
"""


def claim_of(slug: str, about: str) -> Claim | None:
    question, value = about.split("=")
    return Claim.objects.filter(entry=slug, option__question=question, option__value=value).first()


def dispute(field: str, proposed: Any, slug: str = "fiji", **more: Any) -> Concern:
    concern = Concern(kind=Concern.Kind.DISPUTE, entry=slug, field=field, proposed=proposed, **more)
    concern.held = curating.holds(concern)
    concern.save()
    return concern


def stated_of(slug: str = "fiji") -> Claim:
    claim = Claim.objects.filter(entry=slug, follows_from="").select_related("option").first()
    assert claim
    return claim


def about(claim: Claim) -> str:
    return f"{claim.option.question_id}={claim.option.value}"


# The public forms


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


# Decisions


@pytest.fixture
def curator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("anna", "", "pw"))
    return client


def test_an_accepted_fact_is_written_with_its_source_and_what_follows(db: None) -> None:
    concern = dispute("licence", "proprietary", source="https://example.org/licence")
    before = Revision.current()
    done = curating.accept(concern.pk, "anna", "Read it.", Evidence("https://example.org/licence", TODAY))
    entry = Entry.objects.get(pk="fiji")
    assert entry.licence == "proprietary"
    assert entry.sources["licence"] == {"source": "https://example.org/licence", "read": TODAY.isoformat()}
    assert claim_of("fiji", "me.cost=open") is None, "a free program with a proprietary licence tells nothing of it"
    assert judging.judge_entry(entry) == []
    assert Revision.current() != before
    assert (done.state, done.decided_by, done.reason) == ("accepted", "anna", "Read it.")
    assert done.decided


@pytest.mark.parametrize("proposed", [0.4, 0.0, 1, None])
def test_an_accepted_claim_is_written_or_taken_away(db: None, proposed: float | None) -> None:
    claim = Claim.objects.filter(entry="fiji", follows_from="", strength=0.7).select_related("option").first()
    assert claim
    concern = dispute(about(claim), proposed)
    curating.accept(concern.pk, "anna", "Read it.", Evidence("https://example.org/a", TODAY))
    kept = claim_of("fiji", about(claim))
    if proposed is None:
        assert kept is None
        return
    assert kept
    assert (kept.strength, kept.source, kept.read, kept.confirmed) == (proposed, "https://example.org/a", TODAY, None)
    assert judging.judge_entry(Entry.objects.get(pk="fiji")) == []


def test_an_accepted_claim_on_what_was_unknown_or_only_followed_is_stated(db: None) -> None:
    spoken = Claim.objects.filter(entry="fiji").values("option")
    unknown = Option.objects.exclude(pk__in=spoken).select_related("question").first()
    follows = Claim.objects.filter(entry="fiji").exclude(follows_from="").select_related("option").first()
    assert unknown
    assert follows
    for field in (f"{unknown.question_id}={unknown.value}", about(follows)):
        curating.accept(dispute(field, 0.4).pk, "anna", "Yes.", Evidence("https://example.org/"))
        kept = claim_of("fiji", field)
        assert kept
        assert (kept.follows_from, kept.strength, kept.read) == ("", 0.4, None)
    cards.write(loading.card_of(Entry.objects.get(pk="fiji")))


def test_what_follows_from_a_fact_is_not_taken_away_while_the_fact_stays(db: None) -> None:
    follows = Claim.objects.filter(entry="fiji").exclude(follows_from="").select_related("option").first()
    assert follows
    concern = dispute(about(follows), None)
    with pytest.raises(DecisionError, match=f"follows from the entry's {follows.follows_from} and would come back"):
        curating.accept(concern.pk, "anna", "Yes.", Evidence("https://example.org/"))
    assert Concern.objects.get().state == "open"


@pytest.mark.parametrize(
    ("field", "proposed", "evidence", "code"),
    [
        ("hosts", ["nowhere-at-all"], Evidence("https://example.org", TODAY), "refused"),
        ("licence", "MIT", Evidence(), "no_source"),
        ("licence", "MIT", Evidence("https://example.org"), "no_source"),
        ("platforms", ["beos"], Evidence("https://example.org", TODAY), "refused"),
        ("goal.main=count", 1.5, Evidence("https://example.org"), "no_strength"),
        ("goal.main=count", "a lot", Evidence("https://example.org"), "no_strength"),
        ("goal.main=count", 0.2, Evidence(), "no_source"),
        ("goal.main=count", 0.2, Evidence("https://example.org", TODAY + timedelta(days=2)), "refused"),
        ("goal.main=nothing", 0.2, Evidence("https://example.org"), "no_such_option"),
        ("colour", "red", Evidence("https://example.org", TODAY), "no_such_fact"),
        ("name", "QuPath", Evidence(), "refused"),
    ],
)
def test_what_the_checks_refuse_is_not_written_and_stays_open(
    db: None, field: str, proposed: Any, evidence: Evidence, code: str
) -> None:
    concern = dispute(field, proposed)
    before = cards.write(loading.card_of(Entry.objects.get(pk="fiji")))
    with pytest.raises(DecisionError) as told:
        curating.accept(concern.pk, "anna", "Yes.", evidence)
    assert told.value.code == code
    assert told.value.sentence.endswith(".")
    assert Concern.objects.get(pk=concern.pk).state == "open"
    assert cards.write(loading.card_of(Entry.objects.get(pk="fiji"))) == before


def test_a_decision_needs_a_reason_and_something_to_decide(db: None) -> None:
    concern = dispute("licence", "MIT")
    with pytest.raises(DecisionError, match="Say in a few words why"):
        curating.reject(concern.pk, "anna", "  ")
    with pytest.raises(DecisionError, match="does not exist any more"):
        curating.reject(0, "anna", "No.")
    Concern.objects.filter(pk=concern.pk).update(entry="gone")
    with pytest.raises(DecisionError, match="no entry 'gone' any more"):
        curating.accept(concern.pk, "anna", "Yes.", Evidence("https://example.org", TODAY))


def test_nothing_is_written_over_what_changed_since(db: None) -> None:
    concern = dispute("licence", "MIT")
    Entry.objects.filter(pk="fiji").update(licence="Apache-2.0")
    with pytest.raises(DecisionError) as told:
        curating.accept(concern.pk, "anna", "Yes.", Evidence("https://example.org", TODAY))
    assert told.value.code == "changed_since"
    assert "'Apache-2.0'" in told.value.sentence
    assert curating.accept(concern.pk, "anna", "By hand.", write=False).state == "accepted"
    assert Entry.objects.get(pk="fiji").licence == "Apache-2.0"


def test_a_decision_is_made_once(db: None) -> None:
    concern = dispute("licence", "MIT")
    curating.reject(concern.pk, "anna", "No.")
    with pytest.raises(DecisionError, match="anna has decided this before you: rejected"):
        curating.accept(concern.pk, "berta", "Yes.", Evidence("https://example.org", TODAY))
    assert Concern.objects.get(pk=concern.pk).decided_by == "anna"


AT_ONCE = """
import threading
from datetime import date
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from catalog import curating
from catalog.models import Claim, Concern, Entry, Option, Question

call_command("migrate", verbosity=0)
question = Question.objects.create(id="goal.main", text="What?", why="So.", kind="single")
options = [Option.objects.create(question=question, value=value, text=value) for value in ("count", "track")]
entry = Entry.objects.create(slug="t", kind="tool", name="T", summary="s", licence="MIT")
Claim.objects.create(entry=entry, option=options[0], strength=1, source="https://x.org", block=0, position=0)
concern = Concern.objects.create(kind="dispute", entry="t", field="licence", held="MIT", proposed="ISC")
told, start = [], threading.Barrier(8)
evidence = curating.Evidence("https://x.org", date(2026, 1, 1))

def decide(number):
    start.wait()
    try:
        if number % 2:
            curating.reject(concern.pk, str(number), "No.")
        else:
            curating.accept(concern.pk, str(number), "Yes.", evidence)
        told.append(("won", number))
    except curating.DecisionError as error:
        told.append((error.code, number))
    finally:
        connection.close()

threads = [threading.Thread(target=decide, args=[number]) for number in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
for code, number in told:
    print(code, number)
concern.refresh_from_db()
entry.refresh_from_db()
print("decided_by", concern.decided_by, concern.state, entry.licence, Entry.history.filter(history_type="~").count())
"""


def test_of_many_who_decide_at_once_one_is_first(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "TQ_DATABASE_URL"}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "TQ_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE], cwd=loading.FIXTURES.parent, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    *told, last = [line.split() for line in done.stdout.splitlines()]
    assert sorted(code for code, _ in told) == ["decided_before"] * 7 + ["won"]
    winner = next(number for code, number in told if code == "won")
    accepted = int(winner) % 2 == 0
    assert last == ["decided_by", winner, *(["accepted", "ISC", "1"] if accepted else ["rejected", "MIT", "0"])]


def test_an_import_conflict_is_accepted_with_the_day_its_source_said_so(curator: Client) -> None:
    concern = Concern.objects.create(
        kind="conflict", entry="fiji", field="licence", held="GPL-3.0-or-later", proposed="GPL-2.0-or-later",
        source="https://bio.tools/fiji", seen="2026-11-01", statement="bio.tools says otherwise.",
    )  # fmt: skip
    address = f"/admin/catalog/concern/{concern.pk}/change/"
    page = curator.get(address).content.decode()
    assert "GPL-2.0-or-later" in page
    sent = {"accept": "1", "reason": "", "source": concern.source, "read": "2026-11-01"}
    assert "This field is required" in curator.post(address, sent).content.decode()
    assert curator.post(address, sent | {"reason": "They are right."})["Location"] == "/admin/catalog/queue/"
    entry = Entry.objects.get(pk="fiji")
    assert entry.licence == "GPL-2.0-or-later"
    assert entry.sources["licence"] == {"source": "https://bio.tools/fiji", "read": "2026-11-01"}
    kept = Entry.history.get(slug="fiji")  # type: ignore[attr-defined]
    assert kept.history_user.username == "anna"
    assert "They are right." in kept.history_change_reason
    assert "anna has decided this before you" in curator.post(address, sent | {"reason": "Again."}).content.decode()


def test_the_question_whether_a_record_is_an_entry_is_answered_without_writing(curator: Client) -> None:
    concern = Concern.objects.create(kind="conflict", entry="fiji", proposed={"name": "Fidji"}, source="https://x.org")
    page = curator.get(f"/admin/catalog/concern/{concern.pk}/change/").content.decode()
    assert "Accept and write it" not in page
    before = Revision.current()
    curator.post(f"/admin/catalog/concern/{concern.pk}/change/", {"note": "1", "reason": "The same."})
    assert Concern.objects.get().state == "accepted"
    assert Revision.current() == before


def test_an_accepted_card_becomes_an_entry_and_who_sent_it_is_forgotten(client: Client, curator: Client) -> None:
    client.post("/tools/suggest/", SUGGESTED | {"card": CARD, "contact": "me@example.org"})
    concern = Concern.objects.get()
    address = f"/admin/catalog/concern/{concern.pk}/change/"
    page = curator.get(address).content.decode()
    assert "me@example.org" in page
    assert "The checks find nothing wrong with it." in page
    assert curator.post(address, {"accept": "1", "reason": "Good."}).status_code == 302
    entry = Entry.objects.get(pk="bean-counter")
    assert cards.write(loading.card_of(entry)).startswith(CARD.partition("claims")[0])
    assert client.get("/tools/bean-counter/").status_code == 200
    assert "contact" not in (Concern.objects.get().proposed or {})


def test_a_suggestion_without_a_card_leads_to_a_form_that_knows_it(client: Client, curator: Client) -> None:
    client.post("/tools/suggest/", SUGGESTED)
    page = unescape(curator.get(f"/admin/catalog/concern/{Concern.objects.get().pk}/change/").content.decode())
    lead = re.search(r'href="(/admin/catalog/entry/add/\?[^"]+)"', page)
    assert lead
    form = curator.get(lead[1]).context["adminform"].form
    assert form["name"].value() == "Bean Counter"
    assert form["slug"].value() == "bean-counter"


def test_who_may_not_add_entries_accepts_no_card(client: Client) -> None:
    client.post("/tools/suggest/", SUGGESTED | {"card": CARD})
    clerk = User.objects.create_user("clerk", is_staff=True)
    names = ["view_concern", "change_concern", "change_entry"]
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client.force_login(clerk)
    address = f"/admin/catalog/concern/{Concern.objects.get().pk}/change/"
    assert "Accept and write it into the catalog" not in client.get(address).content.decode()
    assert client.post(address, {"accept": "1", "reason": "Good."}).status_code == 403
    assert not Entry.objects.filter(pk="bean-counter").exists()


def test_spam_is_rejected_in_one_go(client: Client, curator: Client) -> None:
    for i in range(3):
        client.post("/tools/fiji/wrong/", {"statement": f"Buy {i}."})
    chosen = list(Concern.objects.values_list("pk", flat=True))
    curator.post("/admin/catalog/concern/", {"action": "reject_as_spam", "_selected_action": chosen})
    assert set(Concern.objects.values_list("state", "decided_by", "reason")) == {("rejected", "anna", "Spam.")}


# The queue


def test_the_queue_shows_everything_that_waits(client: Client, curator: Client, settings: Any) -> None:
    client.post("/tools/fiji/wrong/", {"statement": "Something is off."})
    client.post("/tools/suggest/", SUGGESTED)
    Concern.objects.create(kind="conflict", entry="qupath", field="licence", held="a", proposed="b")
    Concern.objects.create(kind="dispute", entry="ilastik", statement="Done long ago.", state="rejected")
    auditing.judge(stated_of("trackmate"), "wrong", "berta")
    page = unescape(curator.get("/admin/catalog/queue/").content.decode())
    for said in ("Something is off.", "Bean Counter", "qupath: licence", "0 of 1 right", "never read"):
        assert said in page, said
    assert "Done long ago." not in page
    hole = waiting.holes()[0]
    assert f"{hole.option.question_id}={hole.option.value}: {hole.tools}" in page
    assert "3 thing" in unescape(curator.get("/admin/").content.decode())


def test_a_concern_is_told_in_words_wherever_it_is_listed(client: Client, curator: Client) -> None:
    client.post("/tools/suggest/", SUGGESTED | {"contact": "me@example.org"})
    suggestion = Concern.objects.get()
    dispute("platforms", ["linux", "web"])
    dispute("goal.main=count", 0.4)
    for address in ("/admin/catalog/queue/", "/admin/catalog/concern/"):
        page = unescape(curator.get(address).content.decode())
        for said in (
            "Bean Counter",
            "Counts beans.",
            "It should say: linux, web",
            "It should say: Can be made to (0.4)",
        ):
            assert said in page, (address, said)
        assert "me@example.org" not in page
    page = curator.get(f"/admin/catalog/concern/{suggestion.pk}/change/").content.decode()
    assert "Somebody suggests a tool: Bean Counter" in page


def test_a_card_is_stale_when_nobody_read_it_for_long_or_ever(db: None, settings: Any) -> None:
    settings.STALE_DAYS = 30
    old, new = TODAY - timedelta(days=31), TODAY - timedelta(days=29)
    Entry.objects.update(read=TODAY)
    for slug, entry_read, claim_read in (
        ("fiji", None, None), ("qupath", old, None), ("trackmate", None, old), ("ilastik", old, old),
        ("cellprofiler", old, new), ("icy", new, old), ("napari", None, new), ("omero", new, None),
    ):  # fmt: skip
        Entry.objects.filter(pk=slug).update(read=entry_read)
        Claim.objects.filter(entry=slug).update(read=claim_read)
    assert waiting.stale()[0].pk == "fiji"
    assert {e.pk for e in waiting.stale()} == {"fiji", "qupath", "trackmate", "ilastik"}


def test_coverage_counts_tools_also_through_narrower_options(db: None) -> None:
    tools = coverage.suited()
    for name, options in tools.items():
        for option in Option.objects.filter(question=name):
            for narrower in option.includes:
                assert options[narrower] <= options[option.value]
    Claim.objects.filter(option__question="goal.main", option__value="count").update(strength=0)
    holes = {(h.option.question_id, h.option.value): h.tools for h in coverage.holes()}
    assert holes["goal.main", "count"] < coverage.ENOUGH
    models = set(Entry.objects.filter(kind="model").values_list("pk", flat=True))
    assert not any(slugs & models for options in tools.values() for slugs in options.values())
    assert all(number < coverage.ENOUGH for number in holes.values())


# Audits


def audit(*arguments: str) -> str:
    said = StringIO()
    call_command("audit_claims", *arguments, stdout=said)
    return said.getvalue()


def test_drawn_claims_are_stated_ones_with_their_sources_and_a_seed_draws_them_again(db: None) -> None:
    drawn = auditing.draw(30, seed=7)
    assert drawn == auditing.draw(30, seed=7)
    assert drawn != auditing.draw(30, seed=8)
    assert len({c.pk for c in drawn}) == 30
    assert not any(c.follows_from for c in drawn)
    assert {c.entry_id for c in auditing.draw(5, "fiji")} == {"fiji"}
    said = audit("--number", "3", "--seed", "7")
    for claim in auditing.draw(3, seed=7):
        assert claim.source in said
        assert f"--entry {claim.entry_id} --claim {about(claim)}" in said


def test_a_sheet_goes_out_and_its_verdicts_come_back(db: None, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    audit("--number", "6", "--seed", "1", "--csv", str(sheet))
    rows = list(csv.DictReader(sheet.open(newline="")))
    assert len(rows) == 6
    for row, verdict in zip(rows, ["right", "right", "Wrong ", "silent", "right", ""], strict=True):
        row["verdict"] = verdict
    write(sheet, rows)
    assert "5 verdicts stored." in audit("--read", str(sheet), "--by", "berta")
    assert "5 verdicts stored." in audit("--read", str(sheet), "--by", "berta")
    assert Audit.objects.count() == 5, "the same verdict again is the same verdict"
    assert "3 of 5 audited claims are right: 60.0% (95 % interval 23.1% to 88.2%)" in audit("--tally")


def write(sheet: Path, rows: list[dict[str, str]]) -> None:
    with sheet.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"verdict": "maybe"}, "line 3: 'maybe' is no verdict. Write one of right, wrong, silent. Nothing was stored."),
        ({"claim": "goal.main=nope"}, "states nothing of goal.main=nope"),
        ({"strength": "0.123"}, "has changed what it says"),
        ({"source": "https://elsewhere.example"}, "has changed what it says"),
    ],
)
def test_a_sheet_with_a_mistake_is_refused_whole(db: None, tmp_path: Path, change: dict[str, str], says: str) -> None:
    sheet = tmp_path / "sheet.csv"
    audit("--number", "2", "--csv", str(sheet))
    rows = [row | {"verdict": "right"} for row in csv.DictReader(sheet.open(newline=""))]
    rows[1] |= change
    write(sheet, rows)
    with pytest.raises(CommandError) as told:
        audit("--read", str(sheet), "--by", "berta")
    assert says in str(told.value)
    assert not Audit.objects.exists()


def test_what_cannot_be_audited_is_said(db: None, tmp_path: Path) -> None:
    claim = stated_of()
    follows = Claim.objects.filter(entry="fiji").exclude(follows_from="").select_related("option")[0]
    for arguments, says in (
        (["--verdict", "right", "--entry", "fiji", "--claim", about(claim)], "needs the name of the person"),
        (["--verdict", "right", "--entry", "fiji", "--claim", about(follows), "--by", "b"], "states nothing of"),
        (["--number", "0"], "must be at least 1"),
        (["--entry", "nothing"], "There is no entry 'nothing'"),
        (["--read", str(tmp_path / "none.csv")], "cannot be read"),
        (["--csv", str(tmp_path / "none" / "sheet.csv")], "cannot be written"),
        (["--verdict", "right", "--by", "b"], "Say on what: --entry with a slug, and --claim as question=option."),
    ):
        with pytest.raises(CommandError, match=re.escape(says)):
            audit(*arguments)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CommandError, match="has no column claim, entry, source, strength, verdict"):
        audit("--read", str(tmp_path / "other.csv"), "--by", "b")
    for row, says in (("right,fiji", "line 2: fiji states nothing of"), (f"right,{'a' * 140_000}", "cannot be read")):
        (tmp_path / "other.csv").write_text(f"verdict,entry,claim,strength,source\n{row}\n")
        with pytest.raises(CommandError, match=says):
            audit("--read", str(tmp_path / "other.csv"), "--by", "b")


def test_the_interval_is_wilsons() -> None:
    for tally, low, high in (
        (auditing.Tally(10, 10), 0.7225, 1.0),
        (auditing.Tally(0, 10), 0.0, 0.2775),
        (auditing.Tally(95, 100), 0.8882, 0.9785),
        (auditing.Tally(0, 0), 0.0, 1.0),
    ):
        assert tally.interval == pytest.approx((low, high), abs=1e-4)


def test_a_card_below_95_percent_goes_back_until_it_is_mended(curator: Client) -> None:
    claims = list(Claim.objects.filter(entry="fiji", follows_from="").select_related("option")[:21])
    for claim in claims[1:]:
        auditing.judge(claim, "right", "berta")
    auditing.judge(claims[0], "wrong", "berta")
    assert auditing.sent_back() == {}, "20 of 21 is more than 95 percent"
    audit("--verdict", "silent", "--entry", "fiji", "--claim", about(claims[1]), "--by", "clara", "--note", "Not there")
    assert "goes back: fiji, 19 of 21 right" in audit("--tally")
    assert [back.entry.pk for back in waiting.sent_back()] == ["fiji"]
    Claim.objects.filter(pk__in=[claims[0].pk, claims[1].pk]).update(source="https://example.org/better")
    assert auditing.sent_back() == {}
    assert auditing.tally() == auditing.Tally(19, 21), "the tally keeps what was wrong"


def test_a_verdict_is_given_in_the_admin_too(curator: Client) -> None:
    claim = stated_of()
    sent = {"entry": "fiji", "claim": about(claim), "verdict": "wrong", "note": "It says no."}
    refused = curator.post("/admin/catalog/audit/add/", sent | {"claim": "goal.main=nope"})
    assert "states nothing of goal.main=nope" in unescape(refused.content.decode())
    assert curator.post("/admin/catalog/audit/add/", sent).status_code == 302
    kept = Audit.objects.get()
    assert (kept.by, kept.strength, kept.source, kept.on) == ("anna", claim.strength, claim.source, TODAY)
    assert "0 of 1 audited claims are right" in curator.get("/admin/catalog/audit/").content.decode()


# What the pages and the API tell


def test_a_page_says_when_each_claim_was_last_checked(client: Client) -> None:
    Claim.objects.filter(entry="fiji").update(read=None, confirmed=None)
    claims = list(Claim.objects.filter(entry="fiji", follows_from="").select_related("option")[:2])
    Claim.objects.filter(pk=claims[0].pk).update(read="2026-11-20")
    Claim.objects.filter(pk=claims[1].pk).update(read="2026-11-20", confirmed="2026-11-24")
    page = client.get("/tools/fiji/").content.decode()
    assert 'read on <time datetime="2026-11-20">20 November 2026' in page
    assert 'read twice, last on <time datetime="2026-11-24">24 November 2026' in page
    assert "unverified" in page
    for said in ("follows from its licence", "follows from its platforms", "follows from how it is used"):
        assert said in page, said


def test_a_page_says_when_each_fact_was_last_checked(client: Client) -> None:
    own = {"licence": {"source": "https://elsewhere.example/licence", "read": "2026-10-02"}}
    Entry.objects.filter(pk="fiji").update(read="2026-11-20", sources=own)
    page = client.get("/tools/fiji/").content.decode()
    licence = page.partition("<dt>Licence</dt>")[2].partition("</dd>")[0]
    assert '<time datetime="2026-10-02">' in licence
    assert "elsewhere.example" in licence
    platforms = page.partition("<dt>Works on</dt>")[2].partition("</dd>")[0]
    assert '<time datetime="2026-11-20">' in platforms
    Entry.objects.filter(pk="fiji").update(read=None, sources={})
    assert "unverified" in client.get("/tools/fiji/").content.decode().partition("<dt>Licence</dt>")[2][:600]


def test_kin_words_and_second_readings_are_on_the_page_and_in_the_api(client: Client) -> None:
    claim = stated_of()
    Claim.objects.filter(pk=claim.pk).update(read="2026-11-20", confirmed="2026-11-24")
    Entry.objects.filter(pk="fiji").update(
        made_for=["measuring by hand"], assays=["wound healing"], superseded_by="qupath",
        interchangeable_with=["icy"], family="imagej",
    )  # fmt: skip
    Entry.objects.filter(pk="trackmate").update(family="imagej")
    page = client.get("/tools/fiji/").content.decode()
    for said in ("measuring by hand", "wound healing", "Superseded.", "Would serve as well", "Of the same family"):
        assert said in page, said
    for slug in ("qupath", "icy", "trackmate"):
        assert f'href="/tools/{slug}/"' in page
    assert "It took the place of" in client.get("/tools/qupath/").content.decode()
    said = client.get("/api/v1/tools/fiji/").json()
    assert (said["superseded_by"], said["interchangeable_with"]) == ("qupath", ["icy"])
    assert (said["made_for"], said["assays"]) == (["measuring by hand"], ["wound healing"])
    told = {(c["question"], c["option"]): c for c in said["claims"]}
    assert told[claim.option.question_id, claim.option.value]["confirmed"] == "2026-11-24"
    assert {c["follows_from"] for c in said["claims"]} >= {"", "licence", "platforms"}

"""Decisions of curators: what is written, what is refused, and who was first."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from catalog import cards, curating, judging, loading
from catalog.curating import DecisionError, Evidence
from catalog.models import Claim, Concern, Entry, Option, Revision
from tests.curated import CARD, SUGGESTED, TODAY, about, claim_of, dispute

pytestmark = pytest.mark.usefixtures("catalog_loaded")


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

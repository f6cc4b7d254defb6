"""The curators' queue: what people say, and what is old, unread, dead or thin."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from catalog import auditing, coverage, waiting
from catalog.models import Claim, Concern, Entry, Option
from tests.curated import SUGGESTED, TODAY, dispute, stated_of

pytestmark = pytest.mark.usefixtures("catalog_loaded")


def test_the_queue_shows_everything_that_waits(client: Client, curator: Client, settings: Any) -> None:
    client.post("/tools/fiji/wrong/", {"statement": "Something is off."})
    client.post("/tools/suggest/", SUGGESTED)
    Concern.objects.create(kind="conflict", entry="qupath", field="licence", held="a", proposed="b")
    Concern.objects.create(kind="dispute", entry="ilastik", statement="Done long ago.", state="rejected")
    auditing.judge(stated_of("trackmate"), "wrong", "berta")
    Claim.objects.filter(option__question="img.modality").delete()
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
    broad = next(o for o in Option.objects.filter(question="img.modality") if o.includes)
    narrow = broad.includes[0]
    assert coverage.thin([broad], {narrow: {"a", "b"}, broad.value: {"b", "c"}}) == [(broad, 3)]
    assert coverage.thin([broad], {narrow: {"a", "b", "c", "d", "e"}}) == []
    tools = coverage.suited()
    Claim.objects.filter(option__question="goal.main", option__value="count").update(strength=0)
    holes = {(h.option.question_id, h.option.value): h.tools for h in coverage.holes()}
    assert holes["goal.main", "count"] < coverage.ENOUGH
    models = set(Entry.objects.filter(kind="model").values_list("pk", flat=True))
    assert not any(slugs & models for options in tools.values() for slugs in options.values())
    assert all(number < coverage.ENOUGH for number in holes.values())

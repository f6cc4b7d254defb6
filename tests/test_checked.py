"""Every page of an entry says when what it tells was last checked."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog.models import Claim, Entry
from tests.curated import stated_of

pytestmark = pytest.mark.usefixtures("catalog_loaded")


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
    Entry.objects.filter(pk="cellprofiler").update(family="imagej")
    page = client.get("/tools/fiji/").content.decode()
    for said in ("measuring by hand", "wound healing", "Superseded.", "Would serve as well", "Of the same family"):
        assert said in page, said
    for slug in ("qupath", "icy", "cellprofiler"):
        assert f'href="/tools/{slug}/"' in page
    assert "It took the place of" in client.get("/tools/qupath/").content.decode()
    said = client.get("/api/v1/tools/fiji/").json()
    assert (said["superseded_by"], said["interchangeable_with"]) == ("qupath", ["icy"])
    assert (said["made_for"], said["assays"]) == (["measuring by hand"], ["wound healing"])
    told = {(c["question"], c["option"]): c for c in said["claims"]}
    assert told[claim.option.question_id, claim.option.value]["confirmed"] == "2026-11-24"
    assert {c["follows_from"] for c in said["claims"]} >= {"", "licence", "platforms"}

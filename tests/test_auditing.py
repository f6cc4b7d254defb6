"""Audits: claims drawn by chance, verdicts that come back, and cards that go back."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from catalog import auditing, waiting
from catalog.models import Audit, Claim
from tests.curated import TODAY, about, stated_of

pytestmark = pytest.mark.usefixtures("catalog_loaded")


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

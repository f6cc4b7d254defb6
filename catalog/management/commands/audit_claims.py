from __future__ import annotations

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from catalog import auditing
from catalog.models import Audit, Claim, Entry
from catalog.sheets import strength_words

COLUMNS = [
    "entry", "claim", "name", "question", "option", "strength", "in words", "source", "read", "verdict", "note"
]  # fmt: skip


class Command(BaseCommand):
    help = (
        "Draw claims by chance for a person to compare with their sources; store her verdicts (right; wrong: the "
        "source says otherwise; silent: it does not say); tell how far the catalog is right."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--number", type=int, default=20, help="how many claims to draw (20)")
        parser.add_argument("--entry", default="", help="only claims of this entry (a slug)")
        parser.add_argument("--seed", type=int, help="draw the same claims again")
        parser.add_argument("--csv", type=Path, help="write the drawn claims as a sheet with an empty column verdict")
        parser.add_argument("--read", type=Path, help="store the verdicts of a filled sheet")
        parser.add_argument("--verdict", choices=Audit.Verdict.values, help="store one verdict")
        parser.add_argument("--claim", default="", help="the claim it is on, as question=option")
        parser.add_argument("--note", default="")
        parser.add_argument("--by", default="", help="who compared the claims with their sources")
        parser.add_argument("--tally", action="store_true", help="how far the catalog is right, and what goes back")

    def handle(self, **given: Any) -> None:
        if given["entry"] and not Entry.objects.filter(pk=given["entry"]).exists():
            raise CommandError(f"There is no entry {given['entry']!r}.")
        try:
            if given["read"]:
                self._read(given["read"], given["by"])
            elif given["verdict"]:
                if not (given["entry"] and given["claim"]):
                    raise CommandError("Say on what: --entry with a slug, and --claim as question=option.")
                claim = auditing.find(given["entry"], given["claim"])
                self.stdout.write(f"Stored: {auditing.judge(claim, given['verdict'], given['by'], given['note'])}.")
            elif given["tally"]:
                self._tally()
            else:
                self._draw(given["number"], given["entry"], given["seed"], given["csv"])
        except auditing.VerdictError as error:
            raise CommandError(str(error)) from error

    def _draw(self, number: int, entry: str, seed: int | None, sheet: Path | None) -> None:
        if number < 1:
            raise CommandError(f"--number must be at least 1; it is {number}.")
        claims = auditing.draw(number, entry, seed)
        if not claims:
            raise CommandError("There is no stated claim to draw. Load the catalog first: manage.py load_catalog.")
        if sheet is None:
            for line in map(_said, claims):
                self.stdout.write(line)
            return
        try:
            with sheet.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, COLUMNS)
                writer.writeheader()
                writer.writerows(map(_row, claims))
        except OSError as error:
            raise CommandError(f"{sheet} cannot be written: {error}.") from error
        self.stdout.write(f"{len(claims)} claims in {sheet}. Fill the column verdict, then give it to --read.")

    def _read(self, sheet: Path, by: str) -> None:
        """Store all verdicts of a sheet, or none if one of them cannot be."""
        stored = 0
        with transaction.atomic():
            for line, row in _rows(sheet):
                verdict = (row.get("verdict") or "").strip().lower()
                if not verdict:
                    continue
                try:
                    claim = auditing.find(row["entry"], row["claim"])
                    _refuse_another(claim, row)
                    auditing.judge(claim, verdict, by, (row.get("note") or "").strip())
                except auditing.VerdictError as error:
                    raise CommandError(f"{sheet}, line {line}: {error} Nothing was stored.") from error
                stored += 1
        self.stdout.write(f"{stored} verdicts stored.")

    def _tally(self) -> None:
        total = auditing.tally()
        if not total.all:
            self.stdout.write("No claim has been audited yet.")
            return
        low, high = total.interval
        self.stdout.write(
            f"{total.right} of {total.all} audited claims are right: {total.share:.1%} (95 % interval {low:.1%} to "
            f"{high:.1%})."
        )
        for slug, card in auditing.sent_back().items():
            self.stdout.write(f"goes back: {slug}, {card.right} of {card.all} right ({card.share:.0%})")


def _said(claim: Claim) -> str:
    read = f"read on {claim.read}" if claim.read else "not verified"
    return (
        f"{claim.entry.name} ({claim.entry_id}): {claim.option.question.text}\n"
        f"    {strength_words(claim.strength)} ({claim.strength:g}): {claim.option.text}\n"
        f"    {claim.source} ({read})\n"
        f"    --entry {claim.entry_id} --claim {claim.option.question_id}={claim.option.value}\n"
    )


def _row(claim: Claim) -> dict[str, Any]:
    option = claim.option
    return {
        "entry": claim.entry_id, "claim": f"{option.question_id}={option.value}", "name": claim.entry.name,
        "question": option.question.text, "option": option.text, "strength": claim.strength,
        "in words": strength_words(claim.strength), "source": claim.source, "read": claim.read or "",
    }  # fmt: skip


def _rows(sheet: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with sheet.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            if missing := {"entry", "claim", "strength", "source", "verdict"} - set(reader.fieldnames or ()):
                raise CommandError(f"{sheet} has no column {', '.join(sorted(missing))}. Write it with --csv.")
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{sheet} cannot be read: {error}.") from error


def _refuse_another(claim: Claim, row: dict[str, str]) -> None:
    """Refuse a verdict on what the claim said when the sheet was written, but no longer says."""
    try:
        same = float(row["strength"]) == claim.strength and row["source"] == claim.source
    except ValueError:
        same = False
    if not same:
        sentence = f"{claim.entry_id} has changed what it says of {row['claim']} since the sheet was written."
        raise auditing.VerdictError(sentence)

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from catalog import loading
from catalog.importing import files, formats
from catalog.importing.matching import Known
from catalog.importing.merging import Outcome, merge
from catalog.importing.records import Record, Refusal, UnusableError
from catalog.models import Question

SHOWN = 40
ROUNDS = 6
OUTSIDE = "outside_"


class Command(BaseCommand):
    help = (
        "Bring records of bio.tools, bioimage.io or Bilayers into the database. Gaps are filled, with their source; "
        "what differs from the catalog waits for a curator. dump_catalog (or --into) writes the result as cards."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, help="a file, or a folder with all below it")
        parser.add_argument("--format", choices=["auto", *formats.FORMATS], default="auto")
        parser.add_argument("--into", type=Path, help="a folder of cards to write the changed ones to afterwards")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    def handle(self, *, source: Path, into: Path | None = None, dry_run: bool = False, **options: Any) -> None:
        if not Question.objects.exists():
            raise CommandError("The database holds no questions yet. Run load_catalog first. [empty_catalog]")
        if not source.exists():
            raise CommandError(f"There is no {source}. Name a file or folder that exists. [no_such_file]")
        records, refusals = _newest(_read(source, options["format"]))
        with transaction.atomic():
            outcomes = _merge(records, refusals)
            transaction.set_rollback(dry_run)
        self._report(outcomes, refusals)
        if dry_run:
            self.stdout.write("Nothing was changed: this was a dry run.")
        elif into is not None:
            try:
                changed = loading.dump(into)
            except loading.EditedError as error:
                raise CommandError(f"{error} [cards_changed]") from error
            self.stdout.write(f"{len(changed)} cards changed in {into}.")
        if not records and refusals:
            raise CommandError("No record could be taken; the reasons stand above. [nothing_usable]")

    def _report(self, outcomes: list[Outcome], refusals: list[Refusal]) -> None:
        for outcome in outcomes:
            if outcome.changed:
                self.stdout.write(_line(outcome))
        wrong = [r for r in refusals if not r.code.startswith(OUTSIDE)]
        for refusal in wrong[:SHOWN]:
            self.stderr.write(str(refusal))
        if len(wrong) > SHOWN:
            self.stderr.write(f"... and {len(wrong) - SHOWN} more.")
        skipped = Counter(o.skipped for o in outcomes if o.skipped)
        skipped.update(r.code for r in refusals if r not in wrong)
        seen = {(o.record.source, o.record.slug) for o in outcomes}
        matched = {(o.record.source, o.record.slug) for o in outcomes if o.match and not o.added}
        parts = (
            f"{len(seen)} records: {sum(o.added for o in outcomes)} new entries",
            f"{len(matched)} matched",
            f"{sum(len(o.filled) for o in outcomes)} facts filled in",
            f"{sum(len(o.claimed) for o in outcomes)} claims added",
            f"{sum(len(o.conflicts) for o in outcomes)} new conflicts",
            f"{sum(o.doubt for o in outcomes)} new doubts whether it is the same",
            f"{len(wrong)} wrong",
            *(f"{count} left out: {code}" for code, count in sorted(skipped.items())),
        )
        self.stdout.write(", ".join(parts) + ".")


def _read(source: Path, form: str) -> Iterator[Record | Refusal]:
    today = date.today()
    for found in files.read_all(source):
        if isinstance(found, Refusal):
            yield found
            continue
        for record in formats.records(found[1], found[0], form=form, today=today):
            stray = isinstance(record, Refusal) and record.code == formats.UNKNOWN and source.is_dir()
            yield replace(record, code=f"{OUTSIDE}file") if isinstance(record, Refusal) and stray else record


def _newest(found: Iterator[Record | Refusal]) -> tuple[list[Record], list[Refusal]]:
    """Return one record of each page, the newest where there are versions, and all refusals."""
    newest: dict[tuple[str, str], Record] = {}
    refusals: list[Refusal] = []
    for record in found:
        if isinstance(record, Refusal):
            refusals.append(record)
        elif (key := (record.source, record.slug)) not in newest or newest[key].read <= record.read:
            newest[key] = record
    return sorted(newest.values(), key=lambda r: (r.kind, r.source, r.slug), reverse=True), refusals


def _merge(records: list[Record], refusals: list[Refusal]) -> list[Outcome]:
    """Merge all records, again until nothing new comes of it: an entry added late may be what an early record means."""
    outcomes: list[Outcome] = []
    for _ in range(ROUNDS):
        known = Known()
        found = [outcome for record in records if (outcome := _one(record, known, refusals))]
        outcomes += [outcome for outcome in found if outcome.changed] if outcomes else found
        if not any(outcome.changed for outcome in found):
            break
    return outcomes


def _one(record: Record, known: Known, refusals: list[Refusal]) -> Outcome | None:
    try:
        return merge(record, known)
    except UnusableError as error:
        refusal = Refusal(record.source, error.code, str(error))
        if refusal not in refusals:
            refusals.append(refusal)
        return None


def _line(outcome: Outcome) -> str:
    record, match = outcome.record, outcome.match
    if outcome.added:
        return f"+ {record.slug}: new, from {record.source}"
    said = [
        f"matched by {match.by}" if match else "",
        f"filled {', '.join(outcome.filled)}" if outcome.filled else "",
        f"{len(outcome.claimed)} claims" if outcome.claimed else "",
        f"differs in {', '.join(outcome.conflicts)}" if outcome.conflicts else "",
        "perhaps the same: a curator is asked" if outcome.doubt else "",
    ]
    return f"= {match.slug if match else record.slug}: {'; '.join(filter(None, said))} ({record.source})"

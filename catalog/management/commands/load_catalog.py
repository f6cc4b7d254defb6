from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog import loading
from catalog.models import Claim, Entry, Question


class Command(BaseCommand):
    help = "Make the database say what the cards in fixtures/ say. Safe to repeat."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=loading.FIXTURES)
        parser.add_argument("--discard-edits", action="store_true", help="lose changes that were made in the database")

    def handle(self, *, folder: Path, discard_edits: bool = False, **_: Any) -> None:
        try:
            changed = loading.load(folder, discard_edits=discard_edits)
        except (loading.CatalogError, loading.EditedError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{'Loaded' if changed else 'Already loaded:'} {Question.objects.count()} questions, "
            f"{Entry.objects.filter(kind='tool').count()} tools, {Entry.objects.filter(kind='model').count()} models, "
            f"{Claim.objects.count()} claims."
        )

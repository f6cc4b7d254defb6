from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog import loading


class Command(BaseCommand):
    help = "Write the database as cards, byte for byte as they were where nothing changed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=loading.FIXTURES)
        parser.add_argument("--force", action="store_true", help="write over cards that were not loaded")

    def handle(self, *, folder: Path, force: bool = False, **_: Any) -> None:
        try:
            changed = loading.dump(folder, force=force)
        except loading.EditedError as error:
            raise CommandError(str(error)) from error
        for path in changed:
            self.stdout.write(str(path))
        self.stdout.write(f"{len(changed)} cards changed.")

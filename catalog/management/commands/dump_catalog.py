from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from catalog import loading


class Command(BaseCommand):
    help = "Write the database as cards, byte for byte as they were where nothing changed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=loading.FIXTURES)

    def handle(self, *, folder: Path, **_: Any) -> None:
        changed = loading.dump(folder)
        for path in changed:
            self.stdout.write(str(path))
        self.stdout.write(f"{len(changed)} cards changed.")

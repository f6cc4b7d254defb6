from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog import loading, reading


class Command(BaseCommand):
    help = "Check every card; each mistake is named by file, key and value. Then say how well the bank is covered."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=loading.FIXTURES)

    def handle(self, *, folder: Path, **_: Any) -> None:
        catalog = reading.read_catalog(folder)
        if catalog.mistakes:
            raise CommandError("\n".join(map(str, catalog.mistakes)))
        claims = [c for card in catalog.entries.values() for c in card.claims]
        statements = [(b, v) for b in claims for v in [*b.suits, *b.unsuited]]
        dated = sum(b.read is not None for b, _ in statements)
        self.stdout.write(
            f"No mistakes. {len(catalog.questions)} questions, {len(catalog.tools)} tools, "
            f"{len(catalog.models)} models, "
            f"{len(statements)} claims ({len(statements) / max(len(catalog.entries), 1):.1f} a card), "
            f"{dated} of them read in their source ({dated / max(len(statements), 1):.0%})."
        )
        goals = catalog.questions["goal.main"].options if "goal.main" in catalog.questions else []
        for option in goals:
            suited = [b for b in claims if b.question == "goal.main" and b.suits.get(option.value, 0) >= 0.7]
            if len(suited) < 5:
                self.stdout.write(f"Thin supply: goal.main {option.value} has {len(suited)} tools that do it well.")

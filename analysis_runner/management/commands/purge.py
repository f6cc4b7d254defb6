from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from analysis_runner import tidying


class Command(BaseCommand):
    help = "Delete samples and results that have had their time, and files that no row knows."
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        self.stdout.write(", ".join(f"{count} {name}" for name, count in tidying.purge().items()) + " deleted.")

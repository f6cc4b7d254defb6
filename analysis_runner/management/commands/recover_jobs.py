from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from analysis_runner import lifecycle


class Command(BaseCommand):
    help = "Take back jobs whose worker fell silent: to the queue, or lost after the last attempt."
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        self.stdout.write(f"{lifecycle.reap()} jobs taken back.")

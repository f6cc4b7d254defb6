from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analysis_runner import diagnosis

MARKS = {"fine": "ok     ", "lacks": "lacks  ", "broken": "BROKEN "}


class Command(BaseCommand):
    help = "Say what this machine has and lacks for running tools, and how to mend it. Fails if something is broken."
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        broken = 0
        for finding in diagnosis.findings():
            self.stdout.write(f"{MARKS[finding.verdict]}{finding.what}: {finding.says}")
            if finding.cure:
                self.stdout.write(f"         -> {finding.cure}")
            broken += finding.verdict == "broken"
        if broken:
            raise CommandError(f"{broken} of these must be mended.")

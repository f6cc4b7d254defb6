from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analysis_runner import environments
from analysis_runner.descriptions import folders


class Command(BaseCommand):
    help = "Build the locked environment of every tool, or of those named. Quick when nothing is to be done."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG", help="a folder of analysis_runner/tools")

    def handle(self, *, slugs: list[str], **_: Any) -> None:
        failed = []
        for folder in self._folders(slugs):
            try:
                environment, built = environments.build(folder)
            except environments.EnvironmentMissingError as error:
                failed.append(folder.name)
                self.stderr.write(f"{folder.name}: {error}")
                continue
            self.stdout.write(f"{folder.name}: {'built' if built else 'is there'} ({environment.path.name})")
        if failed:
            raise CommandError(f"Not built: {', '.join(failed)}.")

    def _folders(self, slugs: list[str]) -> list[Path]:
        readers = settings.TOOLS_DIR / environments.READERS
        known = {folder.name: folder for folder in [readers, *folders()] if folder.is_dir()}
        if unknown := sorted(set(slugs) - set(known)):
            raise CommandError(f"No tool folder is called {unknown[0]}. There are: {', '.join(sorted(known))}.")
        return [known[slug] for slug in slugs] if slugs else list(known.values())

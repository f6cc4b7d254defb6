from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.exporting import biotools, jsonld, site, tables
from catalog.exporting.described import everything
from catalog.models import Entry


class Command(BaseCommand):
    help = "Write the whole catalog for others: bio.tools JSON, JSON-LD, CSV, or pages that need no server."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["biotools", "jsonld", "csv", "site"], required=True)
        parser.add_argument("target", type=Path, help="a file (csv: and one for claims beside it); for site a folder")
        parser.add_argument("--address", default="", help="where this catalog is, such as https://tq.example.org/")

    def handle(self, *, target: Path, address: str, **options: Any) -> None:
        if not Entry.objects.exists():
            raise CommandError("The database holds no entries yet. Run load_catalog first. [empty_catalog]")
        if address and not address.startswith(("https://", "http://")):
            raise CommandError("--address must begin with https:// or http://. [wrong_address]")
        try:
            said = getattr(self, f"_{options['format']}")(target, address.rstrip("/") + "/" if address else "")
        except site.FolderInUseError as error:
            raise CommandError(f"{error} [folder_in_use]") from error
        except IsADirectoryError as error:
            raise CommandError(f"{target} is a folder. Name a file in it. [not_a_file]") from error
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}. [not_writable]") from error
        self.stdout.write(said)

    def _biotools(self, target: Path, address: str) -> str:
        page = biotools.page(everything(), address)
        _write(target, json.dumps(page, indent=1, ensure_ascii=False) + "\n")
        return f"{page['count']} tools written to {target}."

    def _jsonld(self, target: Path, address: str) -> str:
        described = everything()
        names = {d.entry.slug: d.entry.name for d in described}
        things = [jsonld.thing(d, f"{address}{d.entry.kind}s/{d.entry.slug}/", names) for d in described]
        _write(target, json.dumps(jsonld.document(things), indent=1, ensure_ascii=False) + "\n")
        return f"{len(things)} entries written to {target}."

    def _csv(self, target: Path, _: str) -> str:
        if target.is_dir():
            raise IsADirectoryError(target)
        described = everything()
        beside = target.with_name(f"{target.stem}-claims{target.suffix}")
        _write(target, tables.entries(described))
        _write(beside, tables.claims(described))
        return f"{len(described)} entries written to {target}, their claims to {beside}."

    def _site(self, target: Path, address: str) -> str:
        return f"{len(site.write(target, address))} files written to {target}. Open {target / 'index.html'}."


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="")

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog import coverage, loading, reading
from catalog.cards import Catalog
from recommender.separating import FIRST, Replay, Separation

LISTED = 20


class Command(BaseCommand):
    help = (
        "Check every card; each mistake is named by file, key and value. Then say how well the catalog is sourced, "
        "what its answers cannot tell apart, and which tools nobody would reach."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=loading.FIXTURES)
        parser.add_argument("--all", action="store_true", help="list everything, not only the first of each kind")

    def handle(self, *, folder: Path, **options: Any) -> None:
        catalog = reading.read_catalog(folder)
        if catalog.mistakes:
            raise CommandError("\n".join(map(str, catalog.mistakes)))
        if not catalog.entries:
            raise CommandError(f"There are no cards in {folder}.")
        separation = Separation(catalog)
        replays = list(separation.replays())
        most = None if options["all"] else LISTED
        for line in (
            _counts(catalog),
            _readings(catalog, separation.most_recommended(replays)),
            _reach(replays),
            *_findings(separation, replays, most),
        ):
            self.stdout.write(line)


def _counts(catalog: Catalog) -> str:
    claims = sum(len(list(b.statements())) for card in catalog.entries.values() for b in card.claims)
    return (
        f"No mistakes. {len(catalog.questions)} questions, {len(catalog.tools)} tools, {len(catalog.models)} models, "
        f"{claims} claims ({claims / len(catalog.entries):.1f} a card)."
    )


def _readings(catalog: Catalog, leading: list[str]) -> str:
    def share(slugs: Iterable[str], date: str) -> str:
        blocks = [b for slug in slugs for b in catalog.entries[slug].claims]
        told = sum(len(list(b.statements())) for b in blocks)
        found = sum(len(list(b.statements())) for b in blocks if getattr(b, date))
        return f"{found} ({found / max(told, 1):.0%})"

    return (
        f"Read in their source: {share(catalog.entries, 'read')}. Of the {len(leading)} most recommended tools: read "
        f"{share(leading, 'read')}, read twice {share(leading, 'confirmed')}."
    )


def _reach(replays: list[Replay]) -> str:
    reached = [r for r in replays if r.rank <= FIRST]
    return (
        f"Answered as somebody would for whom it is the right one, {len(reached)} of {len(replays)} tools "
        f"({len(reached) / max(len(replays), 1):.1%}) come into the first {FIRST} places; the median interview has "
        f"{median(r.asked for r in replays) if replays else 0:g} questions."
    )


def _findings(separation: Separation, replays: list[Replay], most: int | None) -> Iterator[str]:
    missed = [f"{r.slug} (place {r.rank})" for r in replays if r.rank > FIRST]
    alike = [f"{a} and {b} ({bits:.1f} bits)" for a, b, bits in separation.alike()]
    unserved = [f"{question}={option}" for question, option in separation.unserved()]
    thin = [
        f"{q}={o} ({n})" for q in coverage.QUESTIONS if q in separation.catalog.questions for o, n in separation.thin(q)
    ]
    for what, found in (
        ("Nobody reaches", missed),
        ("Hardly told apart by all answers together", alike),
        ("Questions that separate nothing", separation.idle()),
        ("Options that no entry suits", unserved),
        (f"Options that fewer than {coverage.ENOUGH} tools do well", thin),
    ):
        if found:
            rest = f" and {len(found) - most} more (--all lists them)" if most and len(found) > most else ""
            yield f"{what} ({len(found)}): {', '.join(found[:most])}{rest}."

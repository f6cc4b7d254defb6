"""How long a search of the catalog takes, with the real entries and with many made ones, beside a LIKE of the database.

Usage: python -m benchmarks.search [--entries N]. Prints a Markdown table; needs a loaded catalog. The made entries live
in a transaction that is rolled back.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"

SEARCHES = (
    "c",
    "cell",
    "cellpose",
    "celpose",
    "nuclei counting",
    "trakmate",
    "fiji plugin",
    "wound healing",
    "zzqx",
    "3d",
)
CLAIMS = 4
"""Claims of each made entry on the questions that the filters rest on."""


def timed(call: Callable[[str], object], repeats: int) -> str:
    """Return p50, p95 and p99 of one search in milliseconds, as cells of a table."""
    took = []
    for _ in range(repeats):
        for words in SEARCHES:
            begun = time.perf_counter()
            call(words)
            took.append((time.perf_counter() - begun) * 1e3)
    return " | ".join(f"{p:.1f}" for p in np.percentile(took, [50, 95, 99]))


def rows(repeats: int) -> Iterator[str]:
    """Yield a row for ours and one for the floor, for what the database holds now."""
    from django.db.models import Q

    from catalog import indexing, searching
    from catalog.models import Entry

    indexing._built.cache_clear()
    begun = time.perf_counter()
    entries = len(indexing.current("tool").slugs)
    built = time.perf_counter() - begun

    def ours(words: str) -> object:
        return searching.find("tool", searching.Filters(words=words))[:24]

    def floor(words: str) -> object:
        holds = Q()
        for word in words.split():
            holds &= Q(name__icontains=word) | Q(summary__icontains=word) | Q(keywords__icontains=word)
        return list(Entry.objects.filter(holds, kind="tool")[:24])

    yield f"| ours, with counts of all filters | {entries} | {timed(ours, repeats)} | {built:.2f} |"
    yield f"| LIKE on three columns, no typos, no counts | {entries} | {timed(floor, repeats)} | |"


def make(count: int) -> None:
    """Add entries with names, keywords and claims like the real ones'."""
    from catalog.models import Claim, Entry, Option

    chance = np.random.default_rng(20)
    there = Entry.objects.filter(kind="tool").count()
    real = list(Entry.objects.filter(kind="tool"))
    words = [w for e in real for w in (*e.keywords, *e.name.split())]
    options = list(Option.objects.filter(question__in=("goal.main", "obj.kind", "img.modality")))

    def few(things: list[Any], count: int) -> list[Any]:
        return [things[i] for i in chance.integers(len(things), size=count)]

    made = [
        Entry(
            slug=f"made-{there + n}", kind="tool", name=f"{few(words, 1)[0]}{n % 977} {few(words, 1)[0]}"[:80],
            summary=few(real, 1)[0].summary, keywords=few(words, 6), reach="niche",
            platforms=few(real, 1)[0].platforms, hosts=few(real, 1)[0].hosts,
        )
        for n in range(count)
    ]  # fmt: skip
    Entry.objects.bulk_create(made, batch_size=1000)
    Claim.objects.bulk_create(
        (
            Claim(entry=entry, option=option, strength=0.7, source="https://example.org", block=0, position=place)
            for entry in made
            for place, option in enumerate(options[i] for i in chance.permutation(len(options))[:CLAIMS])
        ),
        batch_size=2000,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()

    import django

    django.setup()
    from django.db import transaction

    from catalog.models import Entry

    print("| Search | entries | p50 ms | p95 ms | p99 ms | index built in s |\n|---|---|---|---|---|---|")
    with transaction.atomic():
        for wanted in (0, 650, arguments.entries):
            make(wanted - Entry.objects.filter(kind="tool").count()) if wanted else None
            for row in rows(arguments.repeats):
                print(row)
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()

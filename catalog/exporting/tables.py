"""The catalog as two tables: one row an entry, and one row a claim."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from catalog.exporting.described import Described

FACTS = (
    "slug", "kind", "name", "summary", "homepage", "repository", "licence", "cost", "platforms", "use_as", "hosts",
    "runs_in", "weights", "framework", "aliases", "family", "superseded_by", "interchangeable_with", "keywords",
    "assays", "made_for", "citation", "documentation", "tutorials", "reach", "source", "read",
)  # fmt: skip
CLAIMS = (
    "entry", "question", "option", "strength", "text", "source", "read", "confirmed", "follows_from",
)  # fmt: skip


def entries(described: Iterable[Described]) -> str:
    """Return one row an entry; several values of one field stand in one cell, with '; ' between them."""
    return _written([*FACTS, "maintenance", "maintained_as_of"], _entry_rows(described))


def claims(described: Iterable[Described]) -> str:
    """Return one row a claim; `read` is empty where nobody has read it in its source."""
    return _written(CLAIMS, _claim_rows(described))


def _entry_rows(described: Iterable[Described]) -> Iterator[list[Any]]:
    for entry, _ in described:
        maintenance = entry.maintenance
        yield [*(getattr(entry, f) for f in FACTS), maintenance.get("state", ""), maintenance.get("as_of", "")]


def _claim_rows(described: Iterable[Described]) -> Iterator[list[Any]]:
    for entry, said in described:
        for claim in said:
            option = claim.option
            yield [
                entry.slug, option.question_id, option.value, claim.strength, option.text, claim.source, claim.read,
                claim.confirmed, claim.follows_from,
            ]  # fmt: skip


def _written(head: Iterable[str], rows: Iterable[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text

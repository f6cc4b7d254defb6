"""The first rows of a measurement table, for the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.files.storage import default_storage

from analysis_runner.descriptions import Column, Tool
from analysis_runner.models import Artifact

ROWS = 50
MOST_BYTES = 256 * 1024


@dataclass(frozen=True)
class Head:
    """The head of a table: its columns with their units, its first rows, and whether there are more."""

    columns: list[Column]
    rows: list[list[str]]
    more: bool


def head(files: Iterable[Artifact], tool: Tool | None) -> Head | None:
    """Return the head of the first CSV table among the files; None if there is none."""
    for file in files:
        if file.kind == "table" and file.name.endswith(".csv") and default_storage.exists(file.path):
            return _read(file, tool)
    return None


def _read(file: Artifact, tool: Tool | None) -> Head:
    with default_storage.open(file.path) as stored:
        text = stored.read(MOST_BYTES).decode("utf-8", errors="replace")
    if file.size > MOST_BYTES:
        text = text.rpartition("\n")[0]
    lines = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    known = {column.name: column for column in tool.columns} if tool else {}
    columns = [known.get(name, Column(name=name, text=name)) for name in next(lines, [])]
    rows = [[_short(cell) for cell in row] for row, _ in zip(lines, range(ROWS + 1), strict=False)]
    return Head(columns, rows[:ROWS], more=len(rows) > ROWS)


def _short(cell: str) -> str:
    """Return a number with no more digits than can be read; anything else as it is."""
    try:
        number = float(cell)
    except ValueError:
        return cell[:80]
    return cell if number == int(number if abs(number) < 1e15 else 0) else f"{number:.4g}"

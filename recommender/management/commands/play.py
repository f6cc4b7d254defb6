from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.datastructures import MultiValueDict

from catalog.cards import UNSURE
from recommender import interview
from recommender.tables import EmptyCatalogError, Tables, current


class Command(BaseCommand):
    help = "Interview a simulated user for each case: she answers what she knows and is unsure of all else."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cases", type=Path, help="JSON lines with id and answers")
        parser.add_argument("--out", type=Path, required=True, help="where the predictions go, JSON lines")

    def handle(self, *, cases: Path, out: Path, **_: Any) -> None:
        try:
            tables = current()
        except EmptyCatalogError as error:
            raise CommandError(str(error)) from error
        played = [play(tables, *case) for case in read_cases(cases)]
        if not played:
            raise CommandError(f"{cases} holds no case.")
        out.write_text("".join(json.dumps(p) + "\n" for p in played), encoding="utf-8")
        asked = sorted(p["questions"] for p in played)
        self.stdout.write(f"Played {len(played)} cases; median {asked[len(asked) // 2]} questions. Written to {out}.")


def read_cases(path: Path) -> list[tuple[str, dict[str, list[str]]]]:
    """Return the id and the known answers of each case."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            answers = case.get("answers", {})
            if not all(isinstance(v, list) for v in answers.values()):
                raise TypeError("each answer is a list of option ids")
            found.append((str(case["id"]), answers))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CommandError(f"{path}, line {number} is not a case: {error}.") from error
    return found


def play(tables: Tables, case: str, knows: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the outcome of one interview, run with the production policy and stop rule."""
    known, _ = interview.read_answers(MultiValueDict(dict(knows)), tables)
    given: dict[str, list[str]] = {}
    step = interview.step(MultiValueDict(given), tables)
    while step.question is not None:
        name = step.question.id
        given[name] = list(known.get(name, ())) or [UNSURE]
        step = interview.step(MultiValueDict(given), tables)
    return {
        "id": case,
        "ranked": [place.entry.name for place in step.ranking],
        "questions": step.number,
        "asked": list(step.answers),
        "none_fits": round(step.none_fits, 4),
    }

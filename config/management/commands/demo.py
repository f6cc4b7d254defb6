from __future__ import annotations

import csv
import textwrap
from itertools import accumulate, islice, pairwise
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from analysis_runner import environments
from analysis_runner.descriptions import find_tool
from analysis_runner.models import Artifact, Job
from analysis_runner.refusals import Refusal
from config.demonstration import interview, run
from config.preparing import prepare
from recommender.explain import Place
from recommender.interview import Step

ROWS, WIDTH = 5, 118


class Command(BaseCommand):
    help = "Play one interview, then run the best tool that runs here on its bundled image; ends with the table."
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        prepare()
        end = self._interview()
        self._ranking(end)
        place = next(iter(end.runnable), None)
        if place is None:
            raise CommandError("No tool that runs on this machine fits the answers. See: manage.py doctor")
        tool = find_tool(place.runs[0])
        self._title(f"Running {place.entry.name} on its bundled image ({tool.golden_sample.name})")
        call_command("build_tools", environments.READERS, tool.slug, stdout=self.stdout, stderr=self.stderr)
        try:
            inspection, job = run(tool)
        except Refusal as refusal:
            raise CommandError(f"{refusal} {refusal.cure}") from refusal
        self._result(inspection, job)

    def _interview(self) -> Step:
        self._title("The interview: touching nuclei to count and measure, in 3D, confocal")
        steps = list(interview())
        for before, after in pairwise(steps):
            question = before.question
            if question is None:
                continue
            said = next(a for a in after.answered if a.question.pk == question.id)
            words = "; ".join(option.text for option in said.picked) or "I'm not sure"
            self._say(f"{after.number:2}. {question.text}")
            self._say(f"    > {words}")
        return steps[-1]

    def _ranking(self, end: Step) -> None:
        self._title(f"The ranking after {end.number} questions ({end.verdict})")
        for number, place in enumerate(end.ranking[:5], 1):
            self._place(f"{number}.", place)
        self._say(f"    None of these fits: {end.none_fits:.0%}")
        if end.runnable:
            self._say("")
            self._say("The best that runs on this machine:")
            self._place(" *", end.runnable[0])

    def _place(self, mark: str, place: Place) -> None:
        self._say(f"{mark:>3} {place.entry.name}  {place.probability:.0%}")
        for reason in place.reasons[:3]:
            self._say(f"      + {reason.sentence}  ({reason.bits:+.1f} bits)")
        for reason in place.conflicts[:2]:
            self._say(f"      - {reason.sentence}  ({reason.bits:+.1f} bits)")

    def _result(self, inspection: Job, job: Job) -> None:
        if job.state != Job.State.SUCCEEDED:
            raise CommandError(f"The run {job.state}: {job.sentence} {job.cure}\n{job.log}".strip())
        found = inspection.measures
        size = " x ".join(map(str, found.get("shape", [])))
        self._say(f"The file: {found.get('format')}, {found.get('axes')} {size}, {found.get('dtype')}")
        self._say(f"Objects found: {job.objects_found}. {job.summary}")
        shut_in = job.isolation or "NOTHING: this machine has no sandbox, see manage.py doctor"
        self._say(f"{job.seconds:.1f} s, {job.peak_mb:.0f} MB, shut in by {shut_in}")
        if table := job.artifacts.filter(kind="table").first():
            self._title(f"The first rows of {table.name}")
            self._table(table)
        self._title("The files")
        for artifact in job.artifacts.all():
            self.stdout.write(f"{artifact.kind:>10}: {where(artifact)}")
        self._say(f"They are deleted after {settings.KEEP_HOURS:g} hours.")

    def _table(self, table: Artifact) -> None:
        """Show as many columns as a terminal is wide."""
        with default_storage.open(table.path, "r") as file:
            columns = list(zip(*islice(csv.reader(file), ROWS + 1), strict=True))
        shown = [[shortened(cell) for cell in column] for column in columns]
        widths = [max(map(len, column)) for column in shown]
        fits = sum(end <= WIDTH for end in accumulate(width + 2 for width in widths))
        for row in islice(zip(*shown, strict=True), ROWS + 1):
            self.stdout.write(
                "  ".join(cell.rjust(width) for cell, width in zip(row[:fits], widths[:fits], strict=True))
            )
        if fits < len(columns):
            self._say(f"and {len(columns) - fits} more columns: {', '.join(c[0] for c in columns[fits:])}")

    def _title(self, words: str) -> None:
        self.stdout.write(f"\n{words}\n{'-' * len(words)}")

    def _say(self, words: str) -> None:
        """Write a line, or several where it is longer than a terminal is wide, indented like its beginning."""
        indent = " " * (len(words) - len(words.lstrip()) + 2)
        for line in textwrap.wrap(words, WIDTH, subsequent_indent=indent, replace_whitespace=False) or [""]:
            self.stdout.write(line)


def where(artifact: Artifact) -> str:
    try:
        return default_storage.path(artifact.path)
    except NotImplementedError:
        return default_storage.url(artifact.path)


def shortened(cell: str) -> str:
    """Return a table's cell with four significant digits, if it is a number that is not whole."""
    try:
        return f"{float(cell):.4g}" if "." in cell else cell
    except ValueError:
        return cell

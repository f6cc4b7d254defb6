from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analysis_runner import calibration, fitting, outputs, parameters, runs, sniffing, workplace
from analysis_runner.descriptions import BrokenDescriptionError, Tool, find_tool
from analysis_runner.models import Job
from analysis_runner.refusals import Refusal
from analysis_runner.sandbox import NoSandboxError

CHOICES = (*fitting.CHOICES, *calibration.NAMES)


class Command(BaseCommand):
    help = "Run one tool on one file in the sandbox, and print the result and where its files lie."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="a folder of analysis_runner/tools")
        parser.add_argument("file", metavar="FILE", type=Path, help="an image, or 'golden' for the tool's own example")
        parser.add_argument("rest", nargs=argparse.REMAINDER, help=f"--PARAMETER VALUE, and --{', --'.join(CHOICES)}")

    def handle(self, *, slug: str, file: Path, rest: list[str], **_: Any) -> None:
        try:
            tool = find_tool(slug)
            golden = str(file) == "golden"
            given = {**(tool.golden.get("parameters") or {}), **_pairs(rest)} if golden else _pairs(rest)
            outcome, folder = run(tool, tool.golden_sample if golden else file.resolve(), given)
        except (Refusal, BrokenDescriptionError, NoSandboxError) as error:
            cure = error.cure if isinstance(error, Refusal) else ""
            raise CommandError(f"{error} {cure}".strip()) from error
        facts = outcome.facts
        if outcome.state != Job.State.SUCCEEDED:
            words = f"{outcome.state} ({facts['reason']}): {facts['sentence']} {facts['cure']}"
            raise CommandError(f"{words}\n{facts.get('log', '')}")
        self.stdout.write(facts["summary"] or f"{facts['objects_found']} objects found.")
        for name, value in facts["measures"].items():
            self.stdout.write(f"  {name}: {value}")
        for warning in facts["warnings"]:
            self.stdout.write(f"  Note: {warning}")
        isolation = facts["isolation"] or "NOTHING: there is no sandbox here"
        self.stdout.write(f"{facts['seconds']:.1f} s, {facts['peak_mb']:.0f} MB, shut in by {isolation}")
        for output in outcome.files:
            self.stdout.write(f"{output.text or output.kind}: {folder / output.name}")


def run(tool: Tool, path: Path, given: dict[str, Any]) -> tuple[runs.Outcome, Path]:
    """Look at a file and run a tool on it; returns the outcome and the folder with its files."""
    if not path.is_file():
        raise Refusal(400, "no_file", f"There is no file {path}.", "Name an image file.")
    with path.open("rb") as stream:
        sniffing.check_declared(stream, sniffing.kind(stream), path.stat().st_size)
    with workplace.folder() as work:
        seen = runs.Run(work, path).inspection(path.name)
    if seen.state != Job.State.SUCCEEDED:
        return seen, path.parent
    found = seen.facts["measures"]
    chosen = {name: given.pop(name) for name in CHOICES if name in given}
    selection = fitting.select(tool, found, chosen)
    request = runs.request(tool.slug, parameters.check(tool, given, found), path.name, found, selection)
    folder = settings.DATA_DIR / "runs" / f"{tool.slug}-{time.strftime('%Y%m%d-%H%M%S')}"
    with workplace.folder() as work:
        outcome = runs.Run(work, path).tool(tool, request)
        folder.mkdir(parents=True, exist_ok=True)
        for output in outcome.files:
            _copy(output, folder)
    return outcome, folder


def _copy(output: outputs.Output, folder: Path) -> None:
    descriptor = workplace.open_output(output.path.parent, output.name, outputs.MOST_BYTES)
    with open(descriptor, "rb") as source, (folder / output.name).open("wb") as target:
        shutil.copyfileobj(source, target)


def _pairs(rest: list[str]) -> dict[str, str]:
    """Read `--name value` and `--name=value`."""
    words = [part for word in rest for part in (word.split("=", 1) if word.startswith("--") else [word])]
    if len(words) % 2 or not all(name.startswith("--") for name in words[::2]):
        raise CommandError("Give parameters as pairs: --name value.")
    return {name[2:].replace("-", "_"): value for name, value in zip(words[::2], words[1::2], strict=True)}

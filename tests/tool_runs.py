"""Runs of tool folders outside the sandbox, in the tool's own environment: what the tests of tools share."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from analysis_runner import descriptions, environments
from tests.conftest import lacking

TOOLS = settings.TOOLS_DIR
SLUGS = [folder.name for folder in descriptions.folders()]
SHARED_CODE = TOOLS / "_shared"


@dataclass(frozen=True)
class Ran:
    """One finished run: its exit status, what it printed, and its folder of outputs."""

    status: int
    log: str
    out: Path
    request: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def result(self) -> dict[str, Any]:
        assert self.status == 0, self.log
        found: dict[str, Any] = json.loads((self.out / "result.json").read_text())
        return found

    @property
    def refusal(self) -> dict[str, str]:
        """What was refused, and that it was: status 3, a code, a sentence, a cure, and no result."""
        assert self.status == 3, self.log
        said: dict[str, str] = json.loads((self.out / "refusal.json").read_text())
        assert said["code"].isidentifier()
        assert said["sentence"].endswith(".")
        assert said["cure"].endswith(".")
        assert not (self.out / "result.json").exists()
        return said

    def table(self, name: str = "table.csv") -> dict[str, list[str]]:
        with (self.out / name).open(newline="") as file:
            rows = list(csv.DictReader(file))
        return {column: [row[column] for row in rows] for column in rows[0]}


@lru_cache
def python_of(slug: str) -> str:
    """Return the Python of a tool's environment, which is built if it is not there yet."""
    try:
        return str(environments.build(TOOLS / slug)[0].python)
    except environments.EnvironmentMissingError as error:
        lacking(f"The environment of {slug}", f"Run: manage.py build_tools {slug} ({error})")
        raise


def run(script: Path, slug: str, sample: Path, told: dict[str, Any], parameters: dict[str, Any]) -> Ran:
    """Run a script of a tool folder as the worker does, but without the sandbox."""
    work = Path(tempfile.mkdtemp(prefix="tool-"))
    for folder in ("in", "out"):
        (work / folder).mkdir()
    request = {"tool": slug, "parameters": parameters, "sample": {"series": 0, **told, "file": str(sample)}}
    (work / "in" / "request.json").write_text(json.dumps(request))
    done = subprocess.run(
        [python_of(slug), str(script)],
        cwd=work / "out",
        env=_environment(work),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout + done.stderr, work / "out", request)


def run_tool(slug: str, sample: Path | None = None, told: Any = None, parameters: Any = None) -> Ran:
    """Run a tool, by default on its golden sample with what is told of that and its golden parameters."""
    case = descriptions.find_tool(slug).golden
    golden = {key: case.get(key) for key in ("axes", "pixel_size_um", "time_step_s", "channel", "plane")}
    return run(
        TOOLS / slug / "run.py",
        slug,
        sample or TOOLS / slug / "golden" / case["sample"],
        (golden if sample is None else {}) | (told or {}),
        case["parameters"] if parameters is None else parameters,
    )


@lru_cache
def golden(slug: str) -> Ran:
    """Return the run of the golden case as it is."""
    return run_tool(slug)


@lru_cache
def calibrated(slug: str) -> Ran:
    """Return the run of the golden case with pixel sizes and a time step told."""
    return run_tool(slug, told={"pixel_size_um": SIZES, "time_step_s": STEP})


SIZES = {"x": 0.4143215, "y": 0.4143215, "z": 2.0}
STEP = 2.5


def inspect(sample: Path) -> Ran:
    return run(SHARED_CODE / "inspect_sample.py", "_readers", sample, {}, {})


def computed(slug: str, code: str, *arguments: str) -> Any:
    """Return what a piece of Python prints as JSON in a tool's environment, where scikit-image and tifffile are."""
    done = subprocess.run(
        [python_of(slug), "-c", code, *arguments],
        env={"PATH": os.defpath, "PYTHONPATH": f"{SHARED_CODE}:{TOOLS / slug}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else None


def _environment(work: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(work),
        "TQ_IN": str(work / "in"),
        "TQ_OUT": str(work / "out"),
        "PYTHONPATH": str(SHARED_CODE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "2",
    }

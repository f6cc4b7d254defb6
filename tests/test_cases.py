"""Real cases of real users, where the reference data is at hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalog_loaded")]


def test_real_cases_find_an_accepted_tool_among_the_first_three(shared: Path, tmp_path: Path) -> None:
    cases, predictions = shared / "cases" / "dev.jsonl", tmp_path / "predictions.jsonl"
    call_command("play", cases, out=predictions)
    scored = subprocess.run(
        [sys.executable, shared / "cases" / "score.py", predictions, cases],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    primary = json.loads(scored.stdout.splitlines()[0].removeprefix("primary "))
    assert primary["top3"]["strict"] >= 0.55
    assert primary["questions_median"] <= 12


def test_a_prediction_names_ten_tools_and_what_was_asked(shared: Path, tmp_path: Path) -> None:
    predictions = tmp_path / "predictions.jsonl"
    call_command("play", shared / "cases" / "dev.jsonl", out=predictions)
    for line in predictions.read_text().splitlines():
        played = json.loads(line)
        assert len(played["ranked"]) == 10
        assert len(played["asked"]) == played["questions"] <= 20
        assert 0 <= played["none_fits"] <= 1

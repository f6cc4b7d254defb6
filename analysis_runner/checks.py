"""System check: every tool folder says what it must, or the mistake is named by file, key and value."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from analysis_runner import descriptions


@register("analysis_runner")
def tools_are_right(**_: Any) -> list[CheckMessage]:
    """Report each tool folder that cannot be used."""
    mistakes: list[CheckMessage] = []
    for folder in descriptions.folders():
        try:
            tool = descriptions.find_tool(folder.name)
        except descriptions.BrokenDescriptionError as error:
            mistakes.append(Error(str(error), obj=folder.name, id="analysis_runner.E001"))
            continue
        parts = ("run.py", "requirements.in", "requirements.lock", "golden/case.yaml")
        mistakes += [
            Error(f"{part} is missing.", obj=folder.name, id="analysis_runner.E002")
            for part in parts
            if not (tool.folder / part).is_file()
        ]
    return mistakes

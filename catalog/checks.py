"""System check: every card in the fixtures is right, or the mistake is named by file, key and value."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from catalog import reading
from catalog.loading import FIXTURES


@register("catalog")
def cards_are_right(**_: Any) -> list[CheckMessage]:
    """Report each mistake in the cards as an error."""
    return [
        Error(f"{m.key} {m.sentence}", obj=str(m.file.relative_to(FIXTURES)), id="catalog.E001")
        for m in reading.read_catalog(FIXTURES).mistakes
    ]

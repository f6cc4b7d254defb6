"""What a concern says, in words that a curator reads at a glance."""

from __future__ import annotations

from typing import Any

from catalog.models import Concern
from catalog.sheets import strength_words


def about(concern: Concern) -> str:
    """Return the slug of the entry, or the name of a tool that somebody suggests."""
    if concern.kind == Concern.Kind.SUGGESTION:
        return str((concern.proposed or {}).get("name", ""))
    return concern.entry


def what(concern: Concern) -> str:
    """Return what somebody says, or else what the catalog should say instead."""
    if concern.statement:
        return concern.statement
    if concern.kind == Concern.Kind.SUGGESTION:
        return str((concern.proposed or {}).get("summary", ""))
    return f"It should say: {value(concern, concern.proposed)}"


def value(concern: Concern, said: Any) -> str:
    """Return a value that the fact or the claim has, had, or should have."""
    if "=" in concern.field:
        return f"{strength_words(said)} ({said:g})" if isinstance(said, int | float) else "not known"
    if isinstance(said, list):
        return ", ".join(map(str, said)) or "nothing"
    return "nothing" if said in (None, "", {}) else str(said)

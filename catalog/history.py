"""Who changed what: every change that a person makes to an entry or a claim is kept, with her name and the day.

Loading cards replaces all rows; that is no change by a person, and leaves no trace here. Deletions are therefore noted
by whoever deletes, not by a signal, which would also cost each load its fast deletion.
"""

from __future__ import annotations

from typing import Any

import simple_history
from django.db import models
from simple_history.models import HistoricalRecords

from catalog.models import Claim, Entry, Revision


class _Records(HistoricalRecords):  # type: ignore[misc]
    """Notes what is saved one by one; not what follows from other facts by itself."""

    def finalize(self, sender: type[models.Model], **more: Any) -> None:
        super().finalize(sender, **more)
        models.signals.post_delete.disconnect(self.post_delete, sender=sender)
        models.signals.pre_delete.disconnect(self.pre_delete, sender=sender)

    def post_save(self, instance: Any, created: bool, using: str | None = None, **more: Any) -> None:
        if not getattr(instance, "follows_from", ""):
            super().post_save(instance, created, using=using, **more)

    def get_change_reason_for_object(self, instance: Any, history_type: str, using: str | None) -> str:
        """Return why, with a claim's option in words: its row is another one after the next load of the cards."""
        words = super().get_change_reason_for_object(instance, history_type, using) or ""
        if not isinstance(instance, Claim):
            return words
        said = f"{instance.option.question_id}={instance.option.value}"
        return f"{said}: {words}" if words else said


_KEPT = {
    model: _Records(history_change_reason_field=models.TextField(null=True, blank=True)) for model in (Entry, Claim)
}


def register() -> None:
    """Give Entry and Claim their `history`; called once, when the app is ready."""
    for model, records in _KEPT.items():
        simple_history.register(model, records_class=lambda records=records, **_: records)


def note(instance: Entry | Claim, why: str = "") -> bool:
    """Say what the next save of this row changes, and why; False if it changes nothing."""
    before = type(instance).objects.filter(pk=instance.pk).first() if instance.pk else None
    said = _difference(before, instance) if before else _state(instance)
    instance._change_reason = "; ".join(filter(None, (said, why)))  # type: ignore[union-attr]
    return before is None or bool(said)


def _difference(before: Entry | Claim, after: Entry | Claim) -> str:
    if isinstance(after, Claim):
        return "" if _state(before) == _state(after) else f"{_state(before)} → {_state(after)}"
    names = [field.attname for field in Entry._meta.concrete_fields]
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return "; ".join(f"{name}: {_short(was)} → {_short(now)}" for name, was, now in pairs if was != now)


def _state(row: Entry | Claim) -> str:
    if isinstance(row, Entry):
        return ""
    read = f"read {row.read}" if row.read else "not read"
    return f"{row.strength:g} ({read}{f', again {row.confirmed}' if row.confirmed else ''}, {row.source})"


def _short(value: object) -> str:
    said = repr(value) if value not in ("", None, [], {}) else "nothing"
    return said if len(said) <= 300 else f"{said[:299]}…"


def delete(instance: Entry | Claim, why: str = "") -> None:
    """Delete a row as a person does: it is noted, and nothing computed before is used again."""
    if isinstance(instance, Entry):
        for claim in instance.claims.filter(follows_from=""):
            _taken_away(claim, why)
            _KEPT[Claim].create_historical_record(claim, "-")
    _taken_away(instance, why)
    _KEPT[type(instance)].create_historical_record(instance, "-")
    instance.delete()
    Revision.edited()


def _taken_away(instance: Entry | Claim, why: str) -> None:
    said = f"it was {_state(instance)}" if isinstance(instance, Claim) else ""
    instance._change_reason = "; ".join(filter(None, (said, why)))  # type: ignore[union-attr]


def marker(entry: Entry) -> str:
    """Return a name for the state of an entry's history; another one means that somebody has changed it."""
    rows = (Entry.history.filter(slug=entry.pk), Claim.history.filter(entry_id=entry.pk))  # type: ignore[attr-defined]
    return "-".join(str(kept.order_by("-history_id").values_list("history_id", flat=True).first()) for kept in rows)

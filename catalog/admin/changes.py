"""Writing a curator's changes, and reading back who changed what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import Max

from catalog import history
from catalog.admin.forms import ClaimFormSet
from catalog.models import Claim, Entry

MOST = 200


@dataclass(frozen=True)
class Change:
    when: datetime
    who: str
    what: str
    why: str


def save_claims(entry: Entry, formset: ClaimFormSet) -> None:
    """Save what a curator states; what only follows gives way first, and is worked out again afterwards."""
    entry.claims.exclude(follows_from="").delete()
    formset.save(commit=False)
    for claim in formset.deleted_objects:
        history.delete(claim)
    for claim, names in formset.changed_objects:
        history.reason(claim, ", ".join(names))
        claim.save()
    last = entry.claims.aggregate(last=Max("block"))["last"]
    for place, claim in enumerate(formset.new_objects, 0 if last is None else last + 1):
        claim.block, claim.position = place, 0
        claim.save()
    formset.save_m2m()


def naming(slugs: set[str]) -> list[str]:
    """Return, in words, which other cards name one of these entries."""
    said = []
    for other in Entry.objects.exclude(pk__in=slugs):
        named = {*other.hosts, *other.runs_in, *other.interchangeable_with, other.superseded_by} & slugs
        if named:
            said.append(f"{other.name} names {', '.join(sorted(named))} on its card")
    return said


def of(entry: Entry) -> list[Change]:
    """Return the latest changes of an entry and its claims, newest first."""
    rows = [*_facts(entry), *_claims(entry)]
    return sorted(rows, key=lambda change: change.when, reverse=True)[:MOST]


def _facts(entry: Entry) -> Iterator[Change]:
    kept = list(Entry.history.filter(slug=entry.pk).select_related("history_user")[:MOST])  # type: ignore[attr-defined]
    for row, before in [*pairwise(kept), *((row, None) for row in kept[-1:])]:
        what = {"+": "added", "-": "deleted"}.get(row.history_type) or _difference(row, before)
        yield Change(row.history_date, _who(row), what, row.history_change_reason or "")


def _difference(row: Any, before: Any) -> str:
    if before is None:
        return "changed"
    found = [f"{c.field}: {c.old!r} → {c.new!r}" for c in row.diff_against(before).changes]
    return "; ".join(found) or "saved without a change"


def _claims(entry: Entry) -> Iterator[Change]:
    kept = list(Claim.history.filter(entry_id=entry.pk).select_related("history_user")[:MOST])  # type: ignore[attr-defined]
    for number, row in enumerate(kept):
        earlier = next((other for other in kept[number + 1 :] if other.id == row.id), None)
        said, _, why = (row.history_change_reason or "").partition(": ")
        what = {"+": f"stated, {_state(row)}", "-": f"taken away, it was {_state(row)}"}.get(row.history_type)
        if what is None:
            what = f"{_state(earlier)} → {_state(row)}" if earlier else f"changed to {_state(row)}"
        yield Change(row.history_date, _who(row), f"claim {said}: {what}", why)


def _state(row: Any) -> str:
    read = f"read {row.read}" if row.read else "not read"
    return f"{row.strength:g} ({read}{f', again {row.confirmed}' if row.confirmed else ''}, {row.source})"


def _who(row: Any) -> str:
    return str(row.history_user) if row.history_user else "a command of this site"

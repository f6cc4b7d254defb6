"""Writing a curator's changes, and reading back who changed what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from catalog import history
from catalog.admin.forms import ClaimFormSet
from catalog.models import Claim, Entry

MOST = 200


VERBS = {"+": "added", "~": "changed", "-": "deleted"}


@dataclass(frozen=True)
class Change:
    when: datetime
    who: str
    verb: str
    what: str


def save_claims(entry: Entry, formset: ClaimFormSet) -> None:
    """Save what a curator states; what only follows gives way first, and is worked out again afterwards."""
    entry.claims.exclude(follows_from="").delete()
    formset.save(commit=False)
    for claim in formset.deleted_objects:
        history.delete(claim)
    for claim, _ in formset.changed_objects:
        if history.note(claim):
            claim.save()
    last = entry.claims.aggregate(last=Max("block"))["last"]
    for place, claim in enumerate(formset.new_objects, 0 if last is None else last + 1):
        claim.block, claim.position = place, 0
        history.note(claim)
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


def of(slug: str) -> list[Change]:
    """Return the latest changes of an entry and its claims, newest first."""
    facts = Entry.history.filter(slug=slug).select_related("history_user")  # type: ignore[attr-defined]
    claims = Claim.history.filter(entry_id=slug).select_related("history_user")  # type: ignore[attr-defined]
    rows = [*_told(facts[:MOST], ""), *_told(claims[:MOST], "claim ")]
    return sorted(rows, key=lambda change: change.when, reverse=True)[:MOST]


def _told(rows: Any, about: str) -> Iterator[Change]:
    for row in rows:
        who = str(row.history_user) if row.history_user else "a command of this site"
        yield Change(row.history_date, who, VERBS[row.history_type], f"{about}{row.history_change_reason or ''}")

"""What the tests of the catalog's upkeep share: a card, and how to dispute and find claims."""

from __future__ import annotations

from datetime import date
from typing import Any

from catalog import curating
from catalog.models import Claim, Concern

TODAY = date.today()
SUGGESTED = {"name": "Bean Counter", "homepage": "https://example.org/beans", "summary": "Counts beans."}
CARD = """\
name: Bean Counter
summary: Counts beans.
homepage: https://example.org/beans
licence: MIT
claims:
- question: goal.main
  suits: {count: 1.0}
  source: https://example.org/beans
"""


def claim_of(slug: str, about: str) -> Claim | None:
    question, value = about.split("=")
    return Claim.objects.filter(entry=slug, option__question=question, option__value=value).first()


def dispute(field: str, proposed: Any, slug: str = "fiji", **more: Any) -> Concern:
    concern = Concern(kind=Concern.Kind.DISPUTE, entry=slug, field=field, proposed=proposed, **more)
    concern.held = curating.holds(concern)
    concern.save()
    return concern


def stated_of(slug: str = "fiji") -> Claim:
    claim = Claim.objects.filter(entry=slug, follows_from="").select_related("option").first()
    assert claim
    return claim


def about(claim: Claim) -> str:
    return f"{claim.option.question_id}={claim.option.value}"

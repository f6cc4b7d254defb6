"""What waits for a curator: what people and imports say, and what the catalog itself shows to be thin or old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from catalog import auditing, coverage, links
from catalog.models import Claim, Concern, Entry, Link

SHOWN = 25
"""Rows of each kind on the queue's page; the rest is a filter away."""


@dataclass(frozen=True)
class DeadLink:
    link: Link
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class SentBack:
    entry: Entry
    tally: auditing.Tally


def concerns(kind: str) -> QuerySet[Concern]:
    return Concern.objects.filter(kind=kind, state=Concern.State.OPEN).order_by("noted")


def stale() -> QuerySet[Entry, Any]:
    """Return the entries that nobody has read for long, or ever, those without any reading first."""
    oldest = date.today() - timedelta(days=settings.STALE_DAYS)
    read = Max("claims__read", filter=Q(claims__follows_from=""))
    seen = Entry.objects.annotate(
        last=Coalesce(Greatest(Coalesce(read, F("read")), Coalesce(F("read"), read)), read, F("read"))
    )
    return seen.filter(Q(last__isnull=True) | Q(last__lt=oldest)).order_by(F("last").asc(nulls_first=True), "name")


def unread() -> QuerySet[Entry, Any]:
    """Return the entries with stated claims that nobody has read in their source; those with most of them first."""
    counted = Count("claims", filter=Q(claims__follows_from="", claims__read__isnull=True))
    return Entry.objects.annotate(unread=counted).filter(unread__gt=0).order_by("-unread", "name")


def unread_claims() -> int:
    return Claim.objects.filter(follows_from="", read__isnull=True).count()


def dead_links(most: int = SHOWN) -> list[DeadLink]:
    """Return dead pages with the entries that name them."""
    dead = list(links.dead()[:most])
    naming = links.naming({link.url for link in dead})
    return [DeadLink(link, tuple(naming[link.url])) for link in dead]


def sent_back() -> list[SentBack]:
    """Return the cards whose audited claims are too often wrong."""
    tallies = auditing.sent_back()
    return [SentBack(entry, tallies[entry.pk]) for entry in Entry.objects.filter(pk__in=tallies)]


def holes() -> list[coverage.Hole]:
    return coverage.holes()


def to_decide() -> int:
    """Return how many concerns are open, for the pages that only lead to the queue."""
    return Concern.objects.filter(state=Concern.State.OPEN).count()

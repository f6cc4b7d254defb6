"""How much one visitor may ask for, counted under a lock: fifty requests at once get no more than one by one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone

from analysis_runner.models import Job, Sample, Visitor
from analysis_runner.refusals import Refusal

DAY = timedelta(days=1)
PEOPLE_BEHIND_ONE_ADDRESS = 20


def admit_upload(owner: str, address: str, size: int) -> None:
    """Refuse with 429 if this visitor has uploaded, or keeps here, too much. Call within a transaction."""
    _lock(owner, address)
    mine, theirs = Sample.objects.filter(owner=owner), Sample.objects.filter(address=address)
    _a_day(mine, theirs, settings.UPLOADS_A_DAY, "uploads")
    kept = mine.exclude(state=Sample.State.EXPIRED)
    stored = kept.aggregate(total=Sum("size"))["total"] or 0
    if stored + size > settings.STORED_MB * 2**20:
        first = kept.order_by("delete_after").values_list("delete_after", flat=True).first()
        raise Refusal(
            429,
            "quota",
            f"Your samples take {stored / 2**20:.0f} of the {settings.STORED_MB} MB that one visitor may keep here.",
            "Delete samples that you no longer need, or wait until they expire.",
            retry_after=_seconds_until(first),
        )


def admit_job(owner: str, address: str) -> None:
    """Refuse with 429 if too many runs of this visitor are open or were started today. Call within a transaction."""
    _lock(owner, address)
    runs = Job.objects.filter(kind=Job.Kind.RUN)
    mine, theirs = runs.filter(owner=owner), runs.filter(address=address)
    _a_day(mine, theirs, settings.JOBS_A_DAY, "runs")
    at_once = mine.filter(state__in=Job.OPEN).count()
    if at_once >= settings.JOBS_AT_ONCE:
        raise Refusal(
            429,
            "quota",
            f"{at_once} of your runs are waiting or running, the most one visitor may have at once.",
            "Wait until one has finished, or cancel one.",
            retry_after=30,
        )


def _a_day(mine: QuerySet[Any], theirs: QuerySet[Any], limit: int, what: str) -> None:
    for rows, most in ((mine, limit), (theirs, limit * PEOPLE_BEHIND_ONE_ADDRESS)):
        recent = rows.filter(created__gt=Now() - DAY).order_by("-created").values_list("created", flat=True)
        if recent.count() >= most:
            raise Refusal(
                429,
                "quota",
                f"You have reached the {limit} {what} that one visitor may make in 24 hours.",
                "Try again later; for more, install the tool on your own computer.",
                retry_after=_seconds_until(recent[most - 1] + DAY),
            )


def _lock(owner: str, address: str) -> None:
    """Hold both rows until the transaction ends, always in the same order."""
    keys = sorted({f"owner:{owner}", f"address:{address}"})
    for key in keys:
        Visitor.objects.get_or_create(key=key)
    list(Visitor.objects.select_for_update().filter(key__in=keys).order_by("key"))
    Visitor.objects.filter(key__in=keys).update(seen=Now())


def _seconds_until(moment: datetime | None) -> int:
    return max(1, int((moment - timezone.now()).total_seconds()) + 1) if moment else 60

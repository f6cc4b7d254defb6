"""The life of a job: the only place that changes a state, each change by one conditional UPDATE.

queued -> running -> succeeded, refused, failed, cancelled or lost; a retry is running -> queued. Time is the
database's own. A worker writes only while its token is still the job's, so a second delivery, a frozen worker that
wakes up, or two dispatchers at once change nothing. The database allows one terminal event a job.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet, Window
from django.db.models.functions import Now, RowNumber

from analysis_runner.models import Artifact, Job, JobEvent, Sample

QUEUED, RUNNING = Job.State.QUEUED, Job.State.RUNNING
SAMPLE_FOLLOWS = {
    QUEUED: Sample.State.UPLOADED,
    RUNNING: Sample.State.PROBING,
    Job.State.SUCCEEDED: Sample.State.READY,
    Job.State.REFUSED: Sample.State.REFUSED,
    Job.State.FAILED: Sample.State.REFUSED,
    Job.State.LOST: Sample.State.REFUSED,
}
LOST = {
    "reason": "worker_lost",
    "sentence": "The computer that worked on this stopped without a word, several times.",
    "cure": "Try a smaller image or a crop; if it happens again, quote the number of this job.",
}
CANCELLED = {
    "reason": "cancelled_by_user",
    "sentence": "You stopped this run.",
    "cure": "Start it again whenever you like.",
}


def submit(job: Job) -> tuple[Job, bool]:
    """Insert a queued job and True; or, if its owner used its key before, return that job and False."""
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            _record(job.pk, QUEUED)
    except IntegrityError:
        return Job.objects.get(owner=job.owner, key=job.key), False
    return Job.objects.get(pk=job.pk), True


def claim(job_id: UUID | str) -> Job | None:
    """Move a queued job to running and return it; None if somebody else has it or it is no longer wanted."""
    token = secrets.token_hex(16)
    with transaction.atomic():
        won = Job.objects.filter(pk=job_id, state=QUEUED).update(
            state=RUNNING,
            token=token,
            lease_until=_lease(),
            attempt=F("attempt") + 1,
            started=Now(),
            progress=0,
            doing="",
        )
        if not won:
            return None
        job = Job.objects.select_related("sample").get(pk=job_id)
        _record(job.pk, RUNNING, job)
        _sample_follows(job, RUNNING)
    return job


def beat(job: Job, progress: float = 0.0, doing: str = "") -> bool:
    """Prolong the lease and show how far the job is; False if it is no longer ours and must be stopped."""
    return bool(_held(job).update(lease_until=_lease(), progress=progress, doing=doing[:160]))


def still_ours(job: Job) -> bool:
    return _held(job).exists()


def postpone(job: Job, seconds: float, doing: str) -> None:
    """Put a job back that this worker cannot do yet, such as one whose tool is still being set up."""
    with transaction.atomic():
        later = Now() + timedelta(seconds=seconds)
        if _held(job).update(
            state=QUEUED,
            token="",
            attempt=F("attempt") - 1,
            not_before=later,
            lease_until=None,
            published=0,
            doing=doing,
        ):
            _record(job.pk, QUEUED, job)
            _sample_follows(job, QUEUED)


def give_back(job: Job) -> None:
    """End the lease now: this worker cannot do the job, and the next look of the dispatcher takes it back."""
    _held(job).update(lease_until=Now())


def finish(job: Job, state: Job.State, facts: Mapping[str, Any], artifacts: Iterable[Artifact] = ()) -> bool:
    """Set the terminal state with its results; False if the job is no longer ours and its files must go.

    Safe to repeat after a commit whose reply was lost.
    """
    with transaction.atomic():
        if not _held(job).update(state=state, finished=Now(), lease_until=None, progress=1, **facts):
            return Job.objects.filter(pk=job.pk, token=job.token, state=state).exists()
        _record(job.pk, state, job)
        Artifact.objects.bulk_create(artifacts)
        _sample_follows(job, state, facts)
    return True


def cancel(job_id: UUID) -> bool:
    """Cancel an open job at once. Its worker notices at its next look and kills the tool."""
    with transaction.atomic():
        done = Job.objects.filter(pk=job_id, kind=Job.Kind.RUN, state__in=Job.OPEN).update(
            state=Job.State.CANCELLED, finished=Now(), lease_until=None, **CANCELLED
        )
        if done:
            _record(job_id, Job.State.CANCELLED)
    return bool(done)


def reap() -> int:
    """Take jobs back whose worker fell silent: to the queue, or lost after the last attempt."""
    late = Job.objects.filter(state=RUNNING, lease_until__lt=Now()).select_related("sample")
    return sum(_take_back(job) for job in late[:200])


def _take_back(job: Job) -> bool:
    again = job.attempt < job.max_attempts
    change: dict[str, Any] = (
        {"state": QUEUED, "token": "", "published": 0, "not_before": Now() + timedelta(seconds=2**job.attempt)}
        if again
        else {"state": Job.State.LOST, "finished": Now(), **LOST}
    )
    with transaction.atomic():
        won = _held(job).filter(lease_until__lt=Now()).update(lease_until=None, **change)
        if won:
            _record(job.pk, change["state"], job)
            _sample_follows(job, change["state"], {} if again else LOST)
    return bool(won)


def waiting_queues() -> list[str]:
    """Return the queues in which a job is due a wake-up."""
    ready = Job.objects.filter(state=QUEUED, not_before__lte=Now())
    return list(ready.order_by("queue").values_list("queue", flat=True).distinct())


def due(queue: str) -> list[UUID]:
    """Queued jobs to wake a worker for, fairest first: each owner's first, then each owner's second, and so on.

    At most `PUBLISH_AHEAD` wake-ups are out at a time, so that the order is decided here and not by the broker.
    """
    waiting = Job.objects.filter(state=QUEUED, queue=queue)
    room = settings.PUBLISH_AHEAD - waiting.filter(published__gt=0, not_before__gt=Now()).count()
    if room <= 0:
        return []
    ordered = waiting.annotate(
        turn=Window(RowNumber(), partition_by=F("owner"), order_by=["created", "id"]),
        ready=ExpressionWrapper(Q(not_before__lte=Now()), BooleanField()),
    ).order_by("turn", "created")
    return list(islice((pk for pk, ready in ordered.values_list("pk", "ready").iterator() if ready), room))


def announce(job_id: UUID) -> bool:
    """Note that a wake-up is about to be sent; False if another dispatcher was faster.

    The next one is due after 5, 10, 20, 40 and then every 60 seconds, should this one be lost.
    """
    job = Job.objects.filter(pk=job_id, state=QUEUED, not_before__lte=Now())
    sent = job.values_list("published", flat=True).first()
    if sent is None:
        return False
    pause = timedelta(seconds=min(5 * 2 ** min(sent, 4), 60))
    return bool(job.filter(published=sent).update(published=sent + 1, not_before=Now() + pause))


def retract(job_id: UUID) -> None:
    """Make a wake-up that could not be sent due again at once."""
    Job.objects.filter(pk=job_id, state=QUEUED).update(published=0, not_before=Now())


def receive(sample: Sample, job: Job) -> None:
    """Keep the facts of a draft whose file has arrived and queue its inspection, or neither."""
    with transaction.atomic():
        arrived = Sample.objects.filter(pk=sample.pk, state=Sample.State.DRAFT).update(
            state=Sample.State.UPLOADED, kind=sample.kind, size=sample.size, sha256=sample.sha256
        )
        if arrived:
            submit(job)


def expire(sample_id: UUID) -> bool:
    """Mark a sample as deleted, cancel what still waits for it, and forget what its owner called it."""
    with transaction.atomic():
        done = (
            Sample.objects.filter(pk=sample_id)
            .exclude(state=Sample.State.EXPIRED)
            .update(state=Sample.State.EXPIRED, removed=Now(), name="", inspection={})
        )
        for job_id in Job.objects.filter(sample=sample_id, state__in=Job.OPEN).values_list("pk", flat=True):
            if Job.objects.filter(pk=job_id, state__in=Job.OPEN).update(
                state=Job.State.CANCELLED, finished=Now(), lease_until=None, **(CANCELLED | {"reason": "expired"})
            ):
                _record(job_id, Job.State.CANCELLED)
    return bool(done)


def forget(job_id: UUID) -> bool:
    """Mark a job's results as deleted. The row stays, without what it found."""
    cancel(job_id)
    with transaction.atomic():
        done = (
            Job.objects.filter(pk=job_id, removed=None)
            .exclude(state__in=Job.OPEN)
            .update(removed=Now(), summary="", measures={}, warnings=[], objects_found=None, log="", parameters={})
        )
        Artifact.objects.filter(job=job_id).delete()
    return bool(done)


def _lease() -> Any:
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)


def _held(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, state=RUNNING, token=job.token)


def _record(job_id: UUID, kind: str, job: Job | None = None) -> None:
    attempt, token = (job.attempt, job.token) if job else (0, "")
    JobEvent.objects.create(job_id=job_id, kind=kind, attempt=attempt, token=token)


def _sample_follows(job: Job, state: str, facts: Mapping[str, Any] | None = None) -> None:
    """Give a sample the state of its inspection."""
    if job.kind != Job.Kind.INSPECT:
        return
    known = {key: value for key, value in (facts or {}).items() if key in ("reason", "sentence", "cure")}
    found = {"inspection": facts["measures"]} if facts and "measures" in facts else {}
    Sample.objects.filter(pk=job.sample_id).exclude(state=Sample.State.EXPIRED).update(
        state=SAMPLE_FOLLOWS[Job.State(state)], **known, **found
    )

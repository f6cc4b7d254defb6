"""Samples and results go after their time, at once on request, and nothing is left behind that no row knows."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models.functions import Now

from analysis_runner import lifecycle, outputs, workplace
from analysis_runner.models import Job, Sample, Visitor

DRAFT_HOURS = 2
ANONYMOUS_AFTER = timedelta(days=2)
FORGOTTEN_RUN_SECONDS = 6 * 3600


def purge() -> dict[str, int]:
    """Delete what has had its time; returns how many of each. Safe to run several at once."""
    old = Sample.objects.filter(delete_after__lt=Now()).exclude(state=Sample.State.EXPIRED)
    old = old.exclude(jobs__state__in=Job.OPEN)
    drafts = Sample.objects.filter(state=Sample.State.DRAFT, created__lt=Now() - timedelta(hours=DRAFT_HOURS))
    done = Job.objects.filter(kind=Job.Kind.RUN, delete_after__lt=Now(), removed=None)
    done = done.exclude(state__in=Job.OPEN)
    counts = {
        "samples": sum(remove_sample(s) for s in [*old, *drafts]),
        "results": sum(remove_job(j) for j in done),
        "orphans": sweep(),
        "work folders": workplace.sweep(FORGOTTEN_RUN_SECONDS, time.time()),
    }
    _anonymise()
    return counts


def remove_sample(sample: Sample) -> bool:
    """Delete a sample's file, its preview, and the runs that still wait for it. Its row stays, nameless."""
    gone = lifecycle.expire(sample.pk)
    for job in sample.jobs.filter(kind=Job.Kind.INSPECT):
        remove_job(job)
    outputs.discard(f"samples/{sample.pk}")
    return gone


def remove_everything(sample: Sample) -> None:
    """Delete a sample and the results of every run on it."""
    remove_sample(sample)
    for job in sample.jobs.filter(kind=Job.Kind.RUN):
        remove_job(job)


def remove_job(job: Job) -> bool:
    """Delete a job's files; a run that is still going is cancelled first."""
    gone = lifecycle.forget(job.pk)
    for token in _folders(f"results/{job.pk}"):
        outputs.discard(f"results/{job.pk}/{token}")
    return gone


def sweep() -> int:
    """Delete folders in the storage that belong to no living row; returns how many."""
    swept = 0
    living = set(map(str, Sample.objects.exclude(state=Sample.State.EXPIRED).values_list("pk", flat=True)))
    for name in set(_folders("samples")) - living:
        if not Sample.objects.exclude(state=Sample.State.EXPIRED).filter(pk=_uuid(name)).exists():
            outputs.discard(f"samples/{name}")
            swept += 1
    for name in _folders("results"):
        job = Job.objects.filter(pk=_uuid(name)).first()
        if job and job.open:
            continue
        for token in _folders(f"results/{name}"):
            if job is None or job.removed or token != job.token:
                outputs.discard(f"results/{name}/{token}")
                swept += 1
    return swept


def _anonymise() -> None:
    """Two days after its files, a row forgets whose it was."""
    long_gone = Now() - ANONYMOUS_AFTER
    Sample.objects.filter(removed__lt=long_gone).exclude(owner="").update(owner="", address="")
    Job.objects.filter(removed__lt=long_gone).exclude(address="").update(address="")
    Visitor.objects.filter(seen__lt=long_gone).delete()


def _folders(name: str) -> list[str]:
    try:
        return default_storage.listdir(name)[0]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _uuid(name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        return UUID(int=0)  # no row has it

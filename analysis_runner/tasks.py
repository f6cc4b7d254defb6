"""What the Celery workers do. Messages are wake-ups: each task is safe to run twice, late, or in vain."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from celery.signals import worker_init
from django.conf import settings

from analysis_runner import attempts, lifecycle, sandbox, self_test, tidying

logger = logging.getLogger(__name__)


@shared_task(name="analysis_runner.run_job", acks_late=True)
def run_job(job_id: str) -> None:
    attempts.attempt(job_id)


@shared_task(name="analysis_runner.recover_jobs")
def recover_jobs() -> None:
    lifecycle.reap()


@shared_task(name="analysis_runner.purge")
def purge() -> None:
    tidying.purge()


@worker_init.connect
def prove_the_sandbox(**_: Any) -> None:
    """Before the first job: does the sandbox hold? In production a worker without one does not start."""
    try:
        broken = self_test.broken_out()
    except sandbox.NoSandboxError as error:
        if settings.PRODUCTION:
            raise SystemExit(str(error)) from error
        broken = [str(error)]
    if broken:
        logger.error("The sandbox does not hold here: %s. See manage.py doctor.", "; ".join(broken))
        if settings.PRODUCTION:
            raise SystemExit("Production runs no tool without its sandbox.")

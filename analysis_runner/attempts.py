"""One attempt of a worker at a job: claim it, keep the lease while the program runs, finish it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from analysis_runner import environments, lifecycle, outputs, runs, sandbox, workplace
from analysis_runner.descriptions import BrokenDescriptionError, find_tool
from analysis_runner.models import Job
from analysis_runner.refusals import Refusal
from analysis_runner.written import Progress

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
DATABASE_AWAY = (OperationalError, InterfaceError)
LOOK_EVERY = 1.0
WAIT_FOR_TOOL = timedelta(minutes=10)


def attempt(job_id: str) -> None:
    """Do a job if it is still to be done. Safe to call twice, or too late."""
    job = lifecycle.claim(job_id)
    if job is None:
        return
    try:
        with workplace.folder() as work:
            _do(job, work)
    except sandbox.NoSandboxError:
        logger.exception("job %s", job_id)
        lifecycle.give_back(job)
    except Exception:
        # Not the tool's fault but ours (a full disk, the storage away): another attempt may do better.
        logger.exception("job %s", job_id)
        persist(lambda: lifecycle.give_back(job))


def _do(job: Job, work: Any) -> None:
    with outputs.at_hand(job.sample.file, work) as sample:
        if not sample.exists():
            persist(lambda: lifecycle.finish(job, Job.State.REFUSED, GONE))
            return
        run = runs.Run(work, sample)
        with Heart(job, run.progress) as heart:
            run.still_wanted = heart.beats
            outcome = _run(job, run)
            if not outcome.wanted:
                return
            if outcome.facts.get("reason") == "tool_unavailable" and _young(job):
                lifecycle.postpone(job, 3.0, "The tool is being set up")
                return
            artifacts = outputs.keep(job, outcome.files)
            if not persist(lambda: lifecycle.finish(job, outcome.state, outcome.facts, artifacts)):
                outputs.discard(job.folder)


def _young(job: Job) -> bool:
    """Whether it may still be worth waiting for a tool that is being set up."""
    return timezone.now() - job.created < WAIT_FOR_TOOL


def _run(job: Job, run: runs.Run) -> runs.Outcome:
    if job.kind == Job.Kind.INSPECT:
        return run.inspection(job.sample.name)
    try:
        tool = find_tool(job.tool)
        environment = f"{tool.slug}-{environments.digest(tool.folder)}"
    except (Refusal, BrokenDescriptionError, environments.EnvironmentMissingError):
        return runs.unavailable(job.tool)
    request = runs.request(job.tool, job.parameters, job.sample.name, job.sample.inspection, job.selection)
    outcome = run.tool(tool, request)
    outcome.facts.update(version=tool.version, environment=environment)
    return outcome


class Heart:
    """Prolongs the lease and shows the progress while the program runs; stops beating once the job is not ours."""

    def __init__(self, job: Job, progress: Callable[[], Progress | None]) -> None:
        self.job, self.progress = job, progress
        self.lost, self.stop = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._beat_on, daemon=True)

    def __enter__(self) -> Heart:
        self.thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop.set()
        self.thread.join(timeout=30)

    def beats(self) -> bool:
        return not self.lost.is_set()

    def _beat_on(self) -> None:
        shown: tuple[float, str] = (0.0, "")
        last = time.monotonic()
        while not self.stop.wait(min(LOOK_EVERY, settings.LEASE_SECONDS / 3)):
            said = self.progress()
            now = (said.fraction, said.text) if said else shown
            try:
                if now == shown and time.monotonic() - last < settings.LEASE_SECONDS / 3:
                    ours = lifecycle.still_ours(self.job)
                else:
                    ours = lifecycle.beat(self.job, *now)
                    shown, last = now, time.monotonic()
            except DATABASE_AWAY:
                connection.close()
                continue
            if not ours:
                self.lost.set()
                break
        connection.close()


def persist(call: Callable[[], Answer], seconds: float = 60.0) -> Answer:
    """Repeat a call while the database is away; only for calls that are safe to repeat."""
    until = time.monotonic() + seconds
    while True:
        try:
            return call()
        except DATABASE_AWAY:
            if time.monotonic() > until:
                raise
            connection.close()
            time.sleep(0.5)


GONE = {
    "reason": "expired",
    "sentence": "The sample was deleted before the run began.",
    "cure": "Upload it again.",
}

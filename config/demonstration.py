"""The whole road without a browser: an interview with a user who answers from a list, and the tool that it leads to."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.http import QueryDict

from analysis_runner import asking, attempts, owners, receiving
from analysis_runner.descriptions import Tool
from analysis_runner.models import Job
from recommender.interview import Step, encode, step

USER = QueryDict(
    "goal.main=count&goal.main=measure&obj.kind=nucleus&img.modality=confocal&img.dims=d3_aniso&obj.crowding=some_touch"
    "&obj.label=fill&goal.output=table&goal.features=shape&img.time=no&me.cost=free"
)
"""Somebody who wants to count and measure touching nuclei in 3D, confocal. What she was not told to say, she is not
sure of."""
MOST_QUESTIONS = 25


def interview() -> Iterator[Step]:
    """Give each step as she meets it; the last one has no question left, or is the last that she has patience for."""
    now = step(QueryDict(""))
    while now.question and not now.finished and now.number < MOST_QUESTIONS:
        yield now
        question = now.question
        offered = {option.value for option in question.options}
        picked = tuple(v for v in USER.getlist(question.id) if v in offered)
        now = step(QueryDict(encode({**now.answers, question.id: picked})))
    yield now


def run(tool: Tool) -> tuple[Job, Job]:
    """Send a tool's bundled sample down the road of an upload; returns its inspection and its run, both at an end.

    Raises
    ------
    Refusal
        If the sample is refused, or does not suit the tool.
    """
    owner = owners.owner_of(owners.new_token())
    sample = receiving.receive_bundled(tool.golden_sample, owner, "")
    inspection = work(sample.jobs.get())
    sample.refresh_from_db()
    job, _ = asking.ask(tool, sample, tool.golden["parameters"], {})
    return inspection, work(job)


def work(job: Job) -> Job:
    """Be the worker of one job until it has ended; if another worker is faster, wait for that one."""
    while job.open:
        attempts.attempt(str(job.pk))
        job.refresh_from_db()
        if job.open:
            time.sleep(0.2)
    return job

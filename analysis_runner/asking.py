"""Ask for a run: check that the sample suits the tool, the choices and the parameters; then one row is inserted."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from analysis_runner import fitting, lifecycle, parameters, quotas
from analysis_runner.descriptions import Tool
from analysis_runner.models import Job, Sample
from analysis_runner.receiving import keep_until
from analysis_runner.refusals import Refusal


def ask(
    tool: Tool,
    sample: Sample,
    given: Mapping[str, Any],
    chosen: Mapping[str, Any],
    *,
    address: str = "",
    key: str = "",
) -> tuple[Job, bool]:
    """Return a queued job and True, or the job that the same owner asked for under the same key and False.

    Raises
    ------
    Refusal
        400, 409, 410, 422 or 429, with what to change.
    """
    body = _digest({"tool": tool.slug, "sample": str(sample.pk), "parameters": given, "chosen": chosen})
    if key and (earlier := _earlier(sample.owner, key, body)):
        return earlier, False
    require_ready(sample)
    job = Job(
        kind=Job.Kind.RUN,
        sample=sample,
        owner=sample.owner,
        address=address,
        key=f"visitor {key}" if key else f"once {uuid.uuid4()}",
        body=body,
        tool=tool.slug,
        version=tool.version,
        queue=tool.queue,
        selection=fitting.select(tool, sample.inspection, chosen),
        parameters=parameters.check(tool, given, sample.inspection),
        delete_after=keep_until(),
    )
    with transaction.atomic():
        quotas.admit_job(sample.owner, address)
        if key and (earlier := _earlier(sample.owner, key, body)):
            return earlier, False
        return lifecycle.submit(job)


def require_ready(sample: Sample) -> None:
    """Refuse unless the sample has been looked at and can be used."""
    if sample.state == Sample.State.EXPIRED:
        raise Refusal(410, "expired", "This sample has been deleted.", "Upload it again.")
    if sample.state == Sample.State.REFUSED:
        raise Refusal(409, sample.reason or "refused", sample.sentence, sample.cure)
    if sample.state != Sample.State.READY:
        sentence = "The sample is still being looked at."
        raise Refusal(409, "sample_not_ready", sentence, "Ask again in a few seconds.", retry_after=2)


def _earlier(owner: str, key: str, body: str) -> Job | None:
    job = Job.objects.filter(owner=owner, key=f"visitor {key}").first()
    if job and job.body != body:
        sentence = "This Idempotency-Key was used before for another request."
        raise Refusal(409, "key_reused", sentence, "Send a new key with each new request.")
    return job


def _digest(asked: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()

"""Who may see what, and how a refusal looks as a page. Other people's samples and jobs do not exist (404)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails

from analysis_runner import owners
from analysis_runner.models import Job, Sample
from analysis_runner.refusals import Refusal


class HtmxRequest(HttpRequest):
    htmx: HtmxDetails


def refusals_as_pages(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HtmxRequest, **named: Any) -> HttpResponse:
        try:
            return view(request, **named)
        except Refusal as refusal:
            if refusal.status == 404:
                raise Http404(refusal.sentence) from refusal
            return refused(request, "analysis_runner/refused.html", {}, refusal)

    return guarded


def refused(request: HttpRequest, template: str, context: dict[str, Any], refusal: Refusal) -> HttpResponse:
    """Render a page with the refusal in it, and its status."""
    response = render(request, template, context | {"refusal": refusal}, status=refusal.status)
    if refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def owner(request: HttpRequest) -> str:
    token = owners.browser_token(request)
    if not token:
        raise Http404("This is not yours, or your browser does not send the cookie that says so.")
    return owners.owner_of(token)


def own_sample(request: HttpRequest, sample_id: UUID) -> Sample:
    sample = Sample.objects.filter(pk=sample_id, owner=owner(request)).first()
    if sample is None:
        raise Http404("There is no such sample of yours.")
    return sample


def own_job(request: HttpRequest, job_id: UUID) -> Job:
    jobs = Job.objects.filter(pk=job_id, owner=owner(request), kind=Job.Kind.RUN).select_related("sample")
    job = jobs.first()
    if job is None:
        raise Http404("There is no such run of yours.")
    return job


def partial(request: HtmxRequest) -> bool:
    """Whether htmx asked for the changing part only."""
    return bool(request.htmx) and not request.htmx.history_restore_request

"""The interview and its ranking as pages. The whole state is in the query string."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url
from django_htmx.middleware import HtmxDetails

from recommender import pages
from recommender.tables import EmptyCatalogError


class HtmxRequest(HttpRequest):
    htmx: HtmxDetails


def needs_a_catalog(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Say plainly that nothing is loaded yet, instead of failing."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except EmptyCatalogError as error:
            return render(request, "recommender/empty.html", {"error": error}, status=error.status)

    return guarded


@require_safe
@needs_a_catalog
@vary_on_headers("HX-Request")
def find(request: HtmxRequest) -> HttpResponse:
    """Ask the next question beside the shortlist so far."""
    here = reverse("recommender:find")
    visit = pages.visit(request.GET)
    address = f"{here}?{visit.step.query}"
    partial = request.htmx and not request.htmx.history_restore_request
    if visit.answered_now and not partial:
        return redirect(address)
    context = pages.context(visit, here, reverse("recommender:results"))
    response = render(request, "recommender/swap.html" if partial else "recommender/find.html", context)
    return push_url(response, address) if visit.answered_now else response


@require_safe
@needs_a_catalog
def results(request: HttpRequest) -> HttpResponse:
    """Show the ranking with its reasons."""
    visit = pages.visit(request.GET)
    context = pages.context(visit, reverse("recommender:find"), reverse("recommender:results"))
    return render(request, "recommender/results.html", context | {"address": request.build_absolute_uri()})

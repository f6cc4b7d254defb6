"""The widget: one script for a facility's page, and the interview in a frame that only this page may show."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from portals import colours
from portals.models import Facility
from recommender import pages

SCRIPT = Path(__file__).parent / "static" / "portals" / "embed.js"
FramedView = Callable[[HttpRequest, Facility], HttpResponse]


@require_safe
def embed(_: HttpRequest) -> HttpResponseBase:
    """Return the script that a facility's page includes."""
    text = SCRIPT.read_bytes()
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def framed(view: FramedView) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """Let the pages of the named facility, and nobody else, show what the view returns."""

    @require_safe
    @wraps(view)
    def shown(request: HttpRequest, slug: str) -> HttpResponseBase:
        facility = get_object_or_404(Facility, slug=slug)

        @xframe_options_exempt
        @csp_replace({"frame-ancestors": facility.origins})
        def here(request: HttpRequest) -> HttpResponseBase:
            return view(request, facility)

        return here(request)

    return shown


@framed
def frame(request: HttpRequest, facility: Facility) -> HttpResponse:
    """Ask the next question."""
    visit = pages.visit(request.GET)
    if visit.answered_now:
        return redirect(f"{facility.get_absolute_url()}?{visit.step.query}")
    return _render(request, "portals/find.html", facility, visit)


@framed
def results(request: HttpRequest, facility: Facility) -> HttpResponse:
    """Show the ranking with its reasons."""
    return _render(request, "portals/results.html", facility, pages.visit(request.GET))


def _render(request: HttpRequest, template: str, facility: Facility, visit: pages.Visit) -> HttpResponse:
    here, ranked = facility.get_absolute_url(), reverse("portals:results", args=[facility.slug])
    context = pages.context(visit, here, ranked) | {
        "facility": facility,
        "outside": True,
        "parents": " ".join(facility.origins),
    }
    if facility.colour:
        themes = {"light": colours.LIGHT, "dark": colours.DARK}
        context |= {name: colours.accent(facility.colour, theme) for name, theme in themes.items()}
    return render(request, template, context)

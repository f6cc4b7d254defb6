"""Browsing the catalog, and the sheet of one entry."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import replace_url
from django_htmx.middleware import HtmxDetails

from catalog import searching, sheets
from catalog.models import Entry, Option

PAGE = 24
PLATFORMS = {"windows": "Windows", "macos": "macOS", "linux": "Linux", "web": "In the browser"}
USES = {
    "desktop": "program with windows",
    "plugin": "plugin",
    "library": "library",
    "command_line": "command line",
    "web": "website",
    "notebook": "notebook",
}


class HtmxRequest(HttpRequest):
    htmx: HtmxDetails


@require_safe
@vary_on_headers("HX-Request")
def tools(request: HtmxRequest) -> HttpResponse:
    return _browse(request, Entry.Kind.TOOL)


@require_safe
@vary_on_headers("HX-Request")
def models(request: HtmxRequest) -> HttpResponse:
    return _browse(request, Entry.Kind.MODEL)


@require_safe
def tool(request: HttpRequest, slug: str) -> HttpResponse:
    return _sheet(request, Entry.Kind.TOOL, slug)


@require_safe
def model(request: HttpRequest, slug: str) -> HttpResponse:
    return _sheet(request, Entry.Kind.MODEL, slug)


def _browse(request: HtmxRequest, kind: Entry.Kind) -> HttpResponse:
    """List the entries of a kind; with htmx only the part of the page that changes."""
    filters = searching.Filters.read(request.GET)
    found = searching.find(kind, filters)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "kind": kind,
        "here": reverse(f"catalog:{kind}s"),
        "filters": filters,
        "page": page,
        "total": Entry.objects.filter(kind=kind).count(),
        "kept": urlencode(filters.chosen),
    }
    if request.htmx and not request.htmx.history_restore_request:
        part = render(request, "catalog/found.html", context | {"announced": True})
        return replace_url(part, f"{context['here']}?{context['kept']}".rstrip("?"))
    return render(request, "catalog/browse.html", context | _offered(kind))


def _offered(kind: Entry.Kind) -> dict[str, Any]:
    """Return what the filters offer: only what some entry of this kind has."""
    hosts: Counter[str] = Counter()
    for links in Entry.objects.filter(kind=kind).values_list("hosts", "runs_in"):
        hosts.update(links[0] + links[1])
    names = dict(Entry.objects.filter(slug__in=hosts).values_list("slug", "name"))
    return {
        "goals": _options(searching.GOAL, kind),
        "modalities": _options(searching.MODALITY, kind),
        "hosts": [(slug, names.get(slug, slug), count) for slug, count in hosts.most_common()],
        "platforms": list(PLATFORMS.items()) if kind == Entry.Kind.TOOL else [],
    }


def _options(question: str, kind: Entry.Kind) -> list[Option]:
    claimed = Option.objects.filter(
        question_id=question, claims__strength__gte=searching.SUITS, claims__entry__kind=kind
    )
    return list(claimed.annotate(count=Count("claims__entry", distinct=True)).order_by("position"))


def _sheet(request: HttpRequest, kind: Entry.Kind, slug: str) -> HttpResponse:
    entry = get_object_or_404(Entry, kind=kind, slug=slug)
    claims = sheets.claims_of(entry)
    sections = sheets.sections(claims)
    context = {
        "entry": entry,
        "sections": sections,
        "others": sum(not section.telling for section in sections),
        "claims": len(claims),
        "read": sum(c.verified for c in claims),
        "similar": sheets.similar_query(claims),
        "near": sheets.neighbours(entry),
        "platforms": [PLATFORMS.get(p, p) for p in entry.platforms],
        "uses": [USES.get(u, u) for u in entry.use_as],
        "open": searching.is_open(entry),
        "maintained": date.fromisoformat(when) if (when := entry.maintenance.get("as_of")) else None,
    }
    return render(request, "catalog/entry.html", context)

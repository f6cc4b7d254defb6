"""Browsing the catalog, and the sheet of one entry."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import replace_url
from django_htmx.middleware import HtmxDetails

from catalog import comparing, deriving, facets, facts, searching, sheets
from catalog.exporting import jsonld
from catalog.exporting.described import Described
from catalog.models import Claim, Entry

PAGE = 24


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
def compare(request: HttpRequest) -> HttpResponse:
    """Show up to four entries side by side."""
    entries, problems = comparing.named(request.GET.getlist("entry")[:20])
    chosen = [{"entry": e, "without": urlencode([("entry", o.slug) for o in entries if o is not e])} for e in entries]
    context = {
        "here": request.path,
        "entries": entries,
        "chosen": chosen,
        "problems": problems,
        "most": comparing.MOST,
        "groups": comparing.compared(entries) if len(entries) > 1 else [],
        "everything": Entry.objects.values_list("slug", "name"),
    }
    return render(request, "catalog/compare.html", context)


@require_safe
def tool(request: HttpRequest, slug: str) -> HttpResponse:
    return _sheet(request, Entry.Kind.TOOL, slug)


@require_safe
def model(request: HttpRequest, slug: str) -> HttpResponse:
    return _sheet(request, Entry.Kind.MODEL, slug)


def _browse(request: HtmxRequest, kind: Entry.Kind) -> HttpResponse:
    """List the entries of a kind; with htmx only the parts of the page that change."""
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
        "facets": facets.offered(kind, filters, found.counts),
    }
    if request.htmx and not request.htmx.history_restore_request:
        part = render(request, "catalog/found.html", context | {"announced": True})
        return replace_url(part, f"{context['here']}?{context['kept']}".rstrip("?"))
    return render(request, "catalog/browse.html", context)


def _described(request: HttpRequest, entry: Entry, claims: list[Claim]) -> SafeString:
    """Return what machines read of an entry, for the head of its page."""
    homes = Entry.objects.filter(slug__in=[*entry.hosts, *entry.runs_in])
    names = dict(homes.values_list("slug", "name"))
    page = request.build_absolute_uri(entry.get_absolute_url())
    thing = jsonld.thing(Described(entry, claims), page, names)
    return jsonld.embedded(thing, str(getattr(request, "csp_nonce", "")))


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
        "platforms": [facets.PLATFORMS.get(p, p) for p in entry.platforms],
        "uses": [facets.USES.get(u, u) for u in entry.use_as],
        "open": deriving.is_open(entry.licence),
        "maintained": date.fromisoformat(when) if (when := entry.maintenance.get("as_of")) else None,
        "checks": facts.checked(entry),
        "visits": facts.visits(entry, claims),
        "wrong": reverse(f"catalog:{kind}_wrong", args=[slug]),
        "jsonld": _described(request, entry, claims),
    }
    return render(request, "catalog/entry.html", context)

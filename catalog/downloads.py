"""The whole catalog to take away, in one file each; worked out once for each state of the catalog."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import condition, require_safe

from catalog.exporting import biotools, jsonld, tables
from catalog.exporting.described import Described, everything
from catalog.models import Revision

DAY = 24 * 60 * 60


class Form(NamedTuple):
    """One way to take the catalog away; `write` gets the entries and the address of this site."""

    media_type: str
    write: Callable[[list[Described], str], str]


def _graph(described: list[Described], address: str) -> str:
    names = {d.entry.slug: d.entry.name for d in described}
    things = [jsonld.thing(d, address + d.entry.get_absolute_url(), names) for d in described]
    return json.dumps(jsonld.document(things), ensure_ascii=False)


FORMS = {
    "export.csv": Form("text/csv; charset=utf-8", lambda described, _: tables.entries(described)),
    "export.claims.csv": Form("text/csv; charset=utf-8", lambda described, _: tables.claims(described)),
    "export.jsonld": Form("application/ld+json", _graph),
    "biotools.json": Form(
        "application/json", lambda described, address: json.dumps(biotools.page(described, address), ensure_ascii=False)
    ),
}


def _etag(request: HttpRequest, name: str) -> str:
    """Return a name for the very bytes: they depend on the catalog, the form and the address of this site."""
    return f'"{sha256(f"{Revision.current()} {name} {_address(request)}".encode()).hexdigest()[:32]}"'


def _address(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("website:home")).rstrip("/")


@require_safe
@condition(etag_func=_etag)
def whole(request: HttpRequest, name: str) -> HttpResponse:
    """Give the whole catalog in one of its forms."""
    form = FORMS[name]
    key = f"catalog-whole-{_etag(request, name)}"
    text = cache.get(key)
    if text is None:
        text = form.write(everything(), _address(request))
        cache.set(key, text, DAY)
    response = HttpResponse(text, content_type=form.media_type)
    response["Content-Disposition"] = f'attachment; filename="twenty-questions-{name}"'
    response["Cache-Control"] = "public, no-cache"
    return response

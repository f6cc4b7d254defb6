"""Entries as schema.org SoftwareApplication, after the Bioschemas profile ComputationalTool 1.0."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from catalog.exporting.biotools import EDAM
from catalog.exporting.described import Described
from catalog.models import Entry

PROFILE = "https://bioschemas.org/profiles/ComputationalTool/1.0-RELEASE"
SYSTEMS = {"linux": "Linux", "macos": "macOS", "windows": "Windows", "web": "Web browser"}
CATEGORY = "Bioimage analysis"
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def thing(described: Described, page: str, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return one entry, without its context.

    Parameters
    ----------
    described : Described
        The entry and its claims.
    page : str
        The address of its page, absolute or relative to where this is read.
    names : mapping of str to str, optional
        Names of the entries that it runs in, by slug.
    """
    entry = described.entry
    homes = [(names or {}).get(slug, slug) for slug in [*entry.hosts, *entry.runs_in]]
    help_pages = filter(None, [entry.documentation, *entry.tutorials])
    features = [*described.texts("goal.main"), *(EDAM + term.id for term in described.terms("operation"))]
    found = {
        "@type": "SoftwareApplication",
        "@id": page,
        "http://purl.org/dc/terms/conformsTo": {"@id": PROFILE, "@type": "CreativeWork"},
        "name": entry.name,
        "alternateName": entry.aliases,
        "description": entry.summary,
        "url": entry.homepage or entry.repository or page,
        "applicationCategory": CATEGORY,
        "applicationSubCategory": "Pretrained model" if entry.kind == Entry.Kind.MODEL else "",
        "featureList": features,
        "keywords": ", ".join(entry.keywords),
        "license": _licence(entry.licence),
        "isAccessibleForFree": {"free": True, "paid": False}.get(entry.cost),
        "operatingSystem": ", ".join(SYSTEMS[system] for system in entry.platforms if system in SYSTEMS),
        "softwareRequirements": homes,
        "codeRepository": entry.repository,
        "downloadUrl": entry.weights,
        "softwareHelp": [{"@type": "CreativeWork", "url": url} for url in help_pages],
        "citation": f"https://doi.org/{entry.citation}" if entry.citation else "",
        "subjectOf": {"@type": "WebPage", "url": entry.source} if entry.source else "",
    }
    return {key: value for key, value in found.items() if value not in ("", [], None)}


def document(things: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return one document of many things."""
    return {"@context": "https://schema.org", "@graph": list(things)}


def embedded(one: Mapping[str, Any], nonce: str = "") -> SafeString:
    """Return a thing as a script element that no text in it can end or leave."""
    said = json.dumps({"@context": "https://schema.org", **one}, ensure_ascii=False).translate(_ESCAPES)
    mark = format_html(' nonce="{}"', nonce) if nonce else ""
    return format_html('<script type="application/ld+json"{}>{}</script>', mark, mark_safe(said))  # noqa: S308


def _licence(licence: str) -> str:
    """Return the address of an SPDX licence; any other by its words, but never 'proprietary' as if it were one."""
    if not licence or licence == "proprietary":
        return ""
    return f"https://spdx.org/licenses/{licence}" if _SPDX.fullmatch(licence) else licence

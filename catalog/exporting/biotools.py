"""Tools as bio.tools takes them: JSON after biotoolsSchema, with EDAM terms only where they say what we claim."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from catalog.exporting.described import Described
from catalog.importing import mapping
from catalog.importing.biotools import COSTS, SYSTEMS, TYPES
from catalog.models import Entry

EDAM = "http://edamontology.org/"
IMAGING = {"term": "Imaging", "uri": f"{EDAM}topic_3382"}
IMAGE_ANALYSIS = {"term": "Image analysis", "uri": f"{EDAM}operation_3443"}
IMAGE = {"term": "Image", "uri": f"{EDAM}data_2968"}
LICENCES = {
    "0BSD", "AFL-3.0", "AGPL-3.0", "AGPL-3.0-or-later", "Apache-2.0", "Artistic-2.0", "BSD-1-Clause", "BSD-2-Clause",
    "BSD-3-Clause", "BSD-3-Clause-Clear", "BSD-4-Clause", "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-NC-3.0",
    "CC-BY-NC-4.0", "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0", "CC-BY-SA-3.0",
    "CC-BY-SA-4.0", "CC0-1.0", "CDDL-1.0", "CDDL-1.1", "CECILL-2.1", "CECILL-B", "CECILL-C", "ECL-2.0", "EPL-1.0",
    "EPL-2.0", "EUPL-1.1", "EUPL-1.2", "GPL-1.0", "GPL-1.0-or-later", "GPL-2.0", "GPL-2.0-or-later", "GPL-3.0",
    "GPL-3.0-or-later", "ISC", "LGPL-2.0", "LGPL-2.0-or-later", "LGPL-2.1", "LGPL-2.1-or-later", "LGPL-3.0",
    "LGPL-3.0-or-later", "MIT", "MIT-0", "MPL-1.1", "MPL-2.0", "NCSA", "OSL-3.0", "PSF-2.0", "Python-2.0", "UPL-1.0",
    "Unlicense", "WTFPL", "Zlib",
}  # fmt: skip
"""Those SPDX identifiers that biotoolsSchema knows and a program may have; it knows '-or-later', but not '-only'."""
_NOT_IN_A_NAME = re.compile(r"[^ ()+,\-.0-9:;A-Z_a-z]+")
_DOI = re.compile(r"10\.[0-9]{4,9}/[()\-.0-9:;<>A-Z\[\]_a-z/]+")
_PAID = {ours: theirs for theirs, ours in COSTS.items()}
_SYSTEM = {ours: theirs for theirs, ours in SYSTEMS.items()}
_TYPE = {ours: theirs for theirs, ours in TYPES.items()}


def page(described: Iterable[Described], address: str = "") -> dict[str, Any]:
    """Return the tools as a page of the bio.tools API holds them.

    Models are no tools there and are left out, as is a tool without any address, which bio.tools refuses.
    """
    tools = [record(d, address) for d in described if d.entry.kind == Entry.Kind.TOOL]
    found = [tool for tool in tools if tool["homepage"].startswith(("https://", "http://"))]
    return {"count": len(found), "next": None, "previous": None, "list": found}


def record(described: Described, address: str = "") -> dict[str, Any]:
    """Return one tool; `address` is that of this site, for tools that have no page of their own."""
    entry = described.entry
    own = [entry.homepage, entry.repository, entry.documentation, entry.source]
    found = {
        "name": _name(entry.name) or entry.slug,
        "description": entry.summary if len(entry.summary) >= 10 else f"Software: {entry.summary}",
        "homepage": next(filter(None, own), f"{address.rstrip('/')}{entry.get_absolute_url()}"),
        "toolType": [_TYPE[use] for use in entry.use_as if use in _TYPE],
        "topic": [IMAGING, *map(_said, described.terms("topic"))],
        "operatingSystem": [_SYSTEM[system] for system in entry.platforms if system in _SYSTEM],
        "license": _licence(entry.licence),
        "cost": _PAID.get(entry.cost, ""),
        "maturity": "Legacy" if entry.maintenance.get("state") in {"ended", "dormant"} else "",
        "function": [_function(described)],
        "link": [{"url": entry.repository, "type": ["Repository"]}] if entry.repository else [],
        "documentation": [
            *([{"url": entry.documentation, "type": ["General"]}] if entry.documentation else []),
            *({"url": url, "type": ["Training material"]} for url in entry.tutorials),
        ],
        "publication": [{"doi": entry.citation, "type": ["Primary"]}] if _DOI.fullmatch(entry.citation) else [],
    }
    return {key: value for key, value in found.items() if value}


def _name(name: str) -> str:
    """Return a name in the letters and signs that biotoolsSchema allows."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return " ".join(_NOT_IN_A_NAME.sub(" ", plain).split())[:100]


def _licence(licence: str) -> str:
    if not licence:
        return ""
    if licence == "proprietary":
        return "Proprietary"
    bare = licence.removesuffix("-only")
    return next((name for name in (licence, bare) if name in LICENCES), "Other")


def _function(described: Described) -> dict[str, Any]:
    formats = [_said(term) for term in described.terms("format")]
    return {
        "operation": [IMAGE_ANALYSIS, *map(_said, described.terms("operation"))],
        **({"input": [{"data": IMAGE, "format": formats}]} if formats else {}),
    }


def _said(term: mapping.Term) -> dict[str, str]:
    return {"term": term.label, "uri": EDAM + term.id}

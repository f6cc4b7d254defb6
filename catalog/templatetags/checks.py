"""When something was last checked, where, and how to say that it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import template

from catalog import facts
from catalog.models import Link

register = template.Library()


@register.inclusion_tag("catalog/checked.html")
def checked(line: Any, visits: Mapping[str, Link] | str = "") -> dict[str, Any]:
    """Tell where a line of claims was found, and when somebody last read it there."""
    return {
        "url": line.source,
        "read": line.read,
        "confirmed": line.confirmed,
        "follows": facts.follows(line.follows_from) if line.follows_from else "",
        "visit": visits.get(line.source) if isinstance(visits, Mapping) else None,
    }


@register.inclusion_tag("catalog/fact_checked.html", takes_context=True)
def fact_checked(context: template.Context, name: str, url: str = "") -> dict[str, Any]:
    """Tell when a fact was last checked, and when its web address last answered."""
    found: facts.Checked = context["checks"][name]
    entry = context["entry"]
    visit: Link | None = context["visits"].get(url) if url else None
    read: date | None = found.read
    return {
        "read": read,
        "source": found.source if found.source != entry.source else "",
        "estimate": name == "reach",
        "visit": visit,
        "wrong": f"{context['wrong']}?about={name}",
        "words": facts.NAMES[name],
    }

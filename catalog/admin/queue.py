"""The curator's queue: everything that waits, on one page."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog import links, waiting
from catalog.admin import wording
from catalog.coverage import ENOUGH
from catalog.models import Concern


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show what people and imports say, and what is old, unread, dead or thin."""
    if not request.user.has_perm("catalog.view_concern"):
        raise PermissionDenied
    said = {
        "disputes": (Concern.Kind.DISPUTE, "Somebody says that it is wrong"),
        "suggestions": (Concern.Kind.SUGGESTION, "Suggested tools"),
        "conflicts": (Concern.Kind.CONFLICT, "An import says something else"),
    }
    stale, unread = waiting.stale(), waiting.unread()
    context = {
        **admin.site.each_context(request),
        "title": "Queue",
        "said": [
            {
                "name": name,
                "kind": str(kind),
                "title": title,
                "count": waiting.concerns(kind).count(),
                "rows": [
                    (concern, wording.about(concern), wording.what(concern))
                    for concern in waiting.concerns(kind)[: waiting.SHOWN]
                ],
            }
            for name, (kind, title) in said.items()
        ],
        "sent_back": waiting.sent_back(),
        "dead": waiting.dead_links(),
        "dead_count": links.dead().count(),
        "stale": stale[: waiting.SHOWN],
        "stale_count": stale.count(),
        "unread": unread[: waiting.SHOWN],
        "unread_entries": unread.count(),
        "unread_claims": waiting.unread_claims(),
        "holes": waiting.holes(),
        "enough": ENOUGH,
    }
    return render(request, "catalog/admin/queue.html", context)

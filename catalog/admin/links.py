"""What visits to the cards' web addresses found; `check_links` writes it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.links import DEAD
from catalog.models import Link


class Dead(admin.SimpleListFilter):
    title, parameter_name = "state", "dead"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("yes", f"dead: failed {DEAD} times or more"), ("once", "failed once"), ("no", "there")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Link]) -> QuerySet[Link]:  # noqa: ARG002
        match self.value():
            case "yes":
                return queryset.filter(failures__gte=DEAD)
            case "once":
                return queryset.filter(failures=1)
            case "no":
                return queryset.filter(failures=0)
        return queryset


@admin.register(Link)
class LinkAdmin(admin.ModelAdmin[Link]):
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_display = ["url", "visit", "checked", "status", "failures", "note"]
    list_filter = [Dead, "checked", "status"]
    search_fields = ["url", "note"]

    @admin.display(description="")
    def visit(self, link: Link) -> SafeString:
        return format_html('<a href="{}" rel="noopener noreferrer">open</a>', link.url)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Link | None = None) -> bool:  # noqa: ARG002
        return False

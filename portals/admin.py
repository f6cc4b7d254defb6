from __future__ import annotations

from django.contrib import admin

from portals.models import Facility


@admin.register(Facility)
class FacilityAdmin(admin.ModelAdmin[Facility]):
    list_display = ["name", "slug", "origins", "contact"]
    search_fields = ["name", "slug", "contact"]

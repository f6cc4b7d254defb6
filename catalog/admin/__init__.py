"""The pages for curators: entries and their claims, what waits to be decided, links and audits."""

from __future__ import annotations

from django.contrib import admin

from catalog.admin import audits, concerns, entries, links, options

__all__ = ["audits", "concerns", "entries", "links", "options"]

admin.site.site_header = admin.site.site_title = "Twenty Questions: curators"
admin.site.index_title = "The catalog"
admin.site.index_template = "catalog/admin/index.html"

from __future__ import annotations

import re

from django.contrib import admin
from django.urls import path, re_path

from catalog import downloads, views
from catalog.admin.queue import queue

app_name = "catalog"
urlpatterns = [
    path("tools/", views.tools, name="tools"),
    re_path(rf"^tools/(?P<name>{'|'.join(map(re.escape, downloads.FORMS))})$", downloads.whole, name="whole"),
    path("tools/<slug:slug>/", views.tool, name="tool"),
    path("compare/", views.compare, name="compare"),
    path("models/", views.models, name="models"),
    path("models/<slug:slug>/", views.model, name="model"),
    path("admin/catalog/queue/", admin.site.admin_view(queue), name="queue"),
]

from __future__ import annotations

import re

from django.contrib import admin
from django.urls import path, re_path

from catalog import corrections, downloads, views
from catalog.admin.queue import queue

app_name = "catalog"
urlpatterns = [
    path("tools/", views.tools, name="tools"),
    re_path(rf"^tools/(?P<name>{'|'.join(map(re.escape, downloads.FORMS))})$", downloads.whole, name="whole"),
    path("tools/suggest/", corrections.suggest, name="suggest"),
    path("tools/suggest/thanks/", corrections.thanks, name="suggest_thanks"),
    path("tools/<slug:slug>/", views.tool, name="tool"),
    path("tools/<slug:slug>/wrong/", corrections.wrong, {"kind": "tool"}, name="tool_wrong"),
    path("tools/<slug:slug>/wrong/thanks/", corrections.thanks, {"kind": "tool"}, name="tool_thanks"),
    path("compare/", views.compare, name="compare"),
    path("models/", views.models, name="models"),
    path("models/<slug:slug>/", views.model, name="model"),
    path("models/<slug:slug>/wrong/", corrections.wrong, {"kind": "model"}, name="model_wrong"),
    path("models/<slug:slug>/wrong/thanks/", corrections.thanks, {"kind": "model"}, name="model_thanks"),
    path("admin/catalog/queue/", admin.site.admin_view(queue), name="queue"),
]

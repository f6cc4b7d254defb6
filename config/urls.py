"""The URL map. Each app owns its pages (`urls`) and its JSON (`api`)."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("website.urls")),
    path("", include("catalog.urls")),
    path("", include("recommender.urls")),
    path("", include("analysis_runner.urls")),
    path("", include("portals.urls")),
    path("api/v1/", include("config.api")),
    path("admin/", admin.site.urls),
]

"""The URL map. Each app owns its pages (`urls`) and its JSON (`api`)."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from config import problems

urlpatterns = [
    path("", include("website.urls")),
    path("", include("catalog.urls")),
    path("", include("recommender.urls")),
    path("", include("analysis_runner.urls")),
    path("", include("portals.urls")),
    path("api/v1/", include("config.api")),
    re_path(r"^api/", problems.unknown),
    path("admin/", admin.site.urls),
]
handler400 = problems.bad_request
handler500 = problems.server_error

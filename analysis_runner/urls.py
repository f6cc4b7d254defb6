from __future__ import annotations

from django.urls import URLPattern

app_name = "analysis_runner"
urlpatterns: list[URLPattern] = []

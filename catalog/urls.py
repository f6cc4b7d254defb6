from __future__ import annotations

from django.urls import path

from catalog import views

app_name = "catalog"
urlpatterns = [
    path("tools/", views.tools, name="tools"),
    path("tools/<slug:slug>/", views.tool, name="tool"),
    path("compare/", views.compare, name="compare"),
    path("models/", views.models, name="models"),
    path("models/<slug:slug>/", views.model, name="model"),
]

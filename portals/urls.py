from __future__ import annotations

from django.urls import path

from portals import views

app_name = "portals"
urlpatterns = [
    path("embed.js", views.embed, name="embed"),
    path("embed/<slug:slug>/", views.frame, name="frame"),
    path("embed/<slug:slug>/results/", views.results, name="results"),
]

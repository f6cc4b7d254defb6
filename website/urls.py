from __future__ import annotations

from django.urls import path

from website import views

app_name = "website"
urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_page, name="help"),
    path("privacy/", views.privacy, name="privacy"),
]

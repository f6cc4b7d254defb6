from __future__ import annotations

from django.urls import path

from recommender import views

app_name = "recommender"
urlpatterns = [
    path("find/", views.find, name="find"),
    path("find/results/", views.results, name="results"),
]

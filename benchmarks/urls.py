from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def empty(_: HttpRequest) -> HttpResponse:
    return HttpResponse("")


urlpatterns = [path("empty/", empty), path("", include("config.urls"))]

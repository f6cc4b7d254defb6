"""The pages that belong to no part: home, help, privacy. The numbers on them come from template tags."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "website/home.html")


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "website/help.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "website/privacy.html")

"""The JSON API's URL map, version 1. Each app owns its part in its `api` module."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path, re_path, reverse
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer2
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config import calls, problems

LISTS = {
    "questions": "catalog_api:questions",
    "tools": "catalog_api:tools",
    "models": "catalog_api:models",
    "recommendations": "recommender_api:recommendations",
    "run_tools": "runner_api:run_tools",
    "samples": "runner_api:samples",
    "jobs": "runner_api:jobs",
    "schema": "schema",
    "docs": "docs",
}


class Index(APIView):
    @extend_schema(operation_id="index", summary="Where everything is", tags=["index"], responses={200: dict[str, str]})
    def get(self, request: Request) -> Response:
        """Name the addresses to start from."""
        return Response({name: request.build_absolute_uri(reverse(route)) for name, route in LISTS.items()})


class Schema(SpectacularAPIView):
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer2]


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show the schema as a page on which every call can be tried."""
    subjects, shapes = calls.everything()
    return render(request, "config/docs.html", {"subjects": subjects, "shapes": shapes})


urlpatterns = [
    path("", Index.as_view(), name="index"),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    path("", include("catalog.api")),
    path("", include("recommender.api")),
    path("", include("analysis_runner.api")),
    re_path(r"", problems.unknown),
]

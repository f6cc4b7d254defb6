"""The page of a run: its progress, then its result."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from analysis_runner import lifecycle, tables, tidying
from analysis_runner.descriptions import Tool, find_tool
from analysis_runner.models import Artifact, Job
from analysis_runner.refusals import Refusal
from analysis_runner.views.access import HtmxRequest, own_job, partial
from analysis_runner.views.files import serve

CHOSEN = {
    "stack": "Stack holds",
    "channel": "Channel",
    "plane": "Plane",
    "series": "Image of the file",
    "pixel_size_xy_um": "Width of a pixel",
    "pixel_size_z_um": "Distance between planes",
    "time_step_s": "Time between frames",
}
COUNTED = ("channel", "plane", "series")
UNITS = {"pixel_size_xy_um": "µm", "pixel_size_z_um": "µm", "time_step_s": "s"}


@require_safe
@vary_on_headers("HX-Request")
def job(request: HtmxRequest, job_id: UUID) -> HttpResponse:
    it = own_job(request, job_id)
    part = partial(request)
    template = "analysis_runner/job.html" + ("#job" if part else "")
    response = render(request, template, context(it) | {"partial": part})
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def file(request: HttpRequest, job_id: UUID, name: str) -> FileResponse:
    artifact = get_object_or_404(Artifact, job=own_job(request, job_id), name=name)
    return serve(artifact, inline="download" not in request.GET)


@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    it = own_job(request, job_id)
    lifecycle.cancel(it.pk)
    return redirect(it)


@require_POST
def delete(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Delete the files of this run now."""
    tidying.remove_job(own_job(request, job_id))
    return redirect(reverse("analysis_runner:tools") + "?deleted")


def context(it: Job) -> dict[str, Any]:
    try:
        tool = find_tool(it.tool)
    except Refusal:
        tool = None
    files = list(it.artifacts.all())
    return {
        "job": it,
        "tool": tool,
        "tool_name": tool.name if tool else it.tool,
        "files": files,
        "pictures": [f for f in files if f.content_type == "image/png"],
        "table": tables.head(files, tool),
        "measures": [(name.replace("_", " "), value) for name, value in it.measures.items()],
        "used": _used(it, tool),
        "again": urlencode({"tool": it.tool, **_given(it)}),
        "ahead": it.ahead(),
        "every": "1s" if (timezone.now() - it.created).total_seconds() < 60 else "3s",
    }


def _given(it: Job) -> dict[str, Any]:
    """Return what was asked for, as the form on the sample's page takes it."""
    asked = {**it.parameters, **{name: value for name, value in it.selection.items() if name != "axes"}}
    words = {True: "true", False: "false"}
    return {k: words[v] if isinstance(v, bool) else v for k, v in asked.items() if v is not None}


def _used(it: Job, tool: Tool | None) -> list[tuple[str, object, str]]:
    """Return the parameters of the run as people read them: words, value, unit."""
    known = {parameter.name: parameter for parameter in tool.parameters} if tool else {}
    rows: list[tuple[str, object, str]] = [
        (CHOSEN[name], value + 1 if name in COUNTED else value, UNITS.get(name, ""))
        for name, value in it.selection.items()
        if name in CHOSEN
    ]
    for name, value in it.parameters.items():
        parameter = known.get(name)
        unit = (parameter.unit or "") if parameter and value is not None else ""
        rows.append((parameter.text if parameter else name, _shown(value), unit))
    return rows


def _shown(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not given" if value is None else value

"""The page of a sample: what was found in it, what must be chosen of it, and the parameters of a run."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from analysis_runner import asking, calibration, fitting, owners, parameters, tidying
from analysis_runner.descriptions import Tool, all_tools, find_tool
from analysis_runner.models import Artifact, Job, Sample
from analysis_runner.refusals import Refusal
from analysis_runner.views.access import HtmxRequest, own_sample, partial, refusals_as_pages, refused
from analysis_runner.views.files import serve

CHOICES = (*fitting.CHOICES, *calibration.NAMES)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@refusals_as_pages
def sample(request: HtmxRequest, sample_id: UUID) -> HttpResponse:
    """Show what is known of a sample; with a tool, the form that starts a run."""
    it = own_sample(request, sample_id)
    tool = find_tool(slug) if (slug := request.GET.get("tool") or request.POST.get("tool")) else None
    if request.method == "POST" and tool:
        return _start(request, it, tool)
    part = partial(request)
    template = "analysis_runner/sample.html" + ("#sample" if part else "")
    return render(request, template, context(it, tool, request.GET.dict()) | {"partial": part})


@require_safe
def preview(request: HttpRequest, sample_id: UUID) -> FileResponse:
    it = own_sample(request, sample_id)
    shown = Artifact.objects.filter(job__sample=it, job__kind=Job.Kind.INSPECT, name="preview.png").first()
    return serve(shown, inline=True)


@require_POST
def delete(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    """Delete the image and all that was made from it, now."""
    tidying.remove_everything(own_sample(request, sample_id))
    return redirect(reverse("analysis_runner:tools") + "?deleted")


def context(it: Sample, tool: Tool | None, given: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows: facts, then either the form of a tool or the tools that would fit."""
    shown: dict[str, Any] = {"sample": it, "found": it.inspection, "tool": tool, "open": _open(it)}
    if it.state != Sample.State.READY:
        return shown
    shown |= {"sizes": list(zip(it.inspection["axes"], it.inspection["shape"], strict=False))}
    shown |= {
        "interview": urlencode([(f["key"], f["value"]) for f in it.inspection.get("facts", ()) if "." in f["key"]])
    }
    if tool is None:
        return shown | {"fitting": [other for other in all_tools().values() if _fits(other, it)]}
    try:
        choices = fitting.choices(tool, it.inspection, given.get("stack", ""))
    except Refusal as refusal:
        fitting_tools = [other for other in all_tools().values() if _fits(other, it)]
        return shown | {"misfit": refusal, "fitting": fitting_tools}
    asked_first = [c for c in choices if c.name == "stack" and not given.get("stack")]
    return shown | {
        "first": asked_first[0] if asked_first else None,
        "choices": [{"choice": c, "value": given.get(c.name, "")} for c in choices],
        "scales": [
            {"scale": scale, "value": _words(given.get(scale.name, "" if scale.known is None else f"{scale.known:g}"))}
            for scale in calibration.scales(tool, it.inspection)
        ],
        "fields": [_field(p, it, given) for p in tool.parameters],
        "key": given.get("key") or str(uuid.uuid4()),
    }


def _start(request: HtmxRequest, it: Sample, tool: Tool) -> HttpResponse:
    given = request.POST.dict()
    values = {p.name: given.get(p.name, "") for p in tool.parameters}
    chosen = {name: given[name] for name in CHOICES if given.get(name)}
    try:
        job, _ = asking.ask(tool, it, values, chosen, address=owners.address_of(request), key=given.get("key", "")[:64])
    except Refusal as refusal:
        shown = context(it, tool, {name: str(value) for name, value in given.items()})
        wrong = refusal.fields if isinstance(refusal, parameters.WrongParameters) else {}
        for field in shown.get("fields", ()):
            field["error"] = wrong.get(field["parameter"].name, "")
        return refused(request, "analysis_runner/sample.html", shown, refusal)
    return redirect(job)


def _field(parameter: Any, it: Sample, given: Mapping[str, str]) -> dict[str, Any]:
    """Return a parameter with the value to show: as typed, else from the file, else the default."""
    known = parameters.default(parameter, it.inspection)
    value = given.get(parameter.name, "" if known is None else known)
    from_file = bool(parameter.default_from) and known is not None and known != parameter.default
    return {"parameter": parameter, "value": _words(value), "from_file": from_file, "error": ""}


def _words(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _fits(tool: Tool, it: Sample) -> bool:
    try:
        fitting.choices(tool, it.inspection)
    except Refusal:
        return False
    return True


def _open(it: Sample) -> bool:
    return it.state in (Sample.State.DRAFT, Sample.State.UPLOADED, Sample.State.PROBING)

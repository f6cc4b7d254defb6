"""The tools that run here, and the page of one: what it needs, and the upload."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from analysis_runner import environments, owners, receiving
from analysis_runner.descriptions import Tool, all_tools, find_tool
from analysis_runner.models import Sample
from analysis_runner.refusals import Refusal
from analysis_runner.sniffing import CURE as FORMATS
from analysis_runner.views.access import HtmxRequest, refusals_as_pages, refused

TAKES = {
    "YX": "one plane, one channel",
    "ZYX": "a stack in depth, one channel",
    "TYX": "a movie, one channel",
    "HYX": "a lifetime image with time bins",
    "YXS": "a colour image",
}


@require_safe
def tools(request: HttpRequest) -> HttpResponse:
    listed = [{"tool": tool, "takes": TAKES[tool.input.axes]} for tool in all_tools().values()]
    return render(request, "analysis_runner/tools.html", {"listed": listed, "deleted": "deleted" in request.GET})


@require_http_methods(["GET", "HEAD", "POST"])
@refusals_as_pages
def run(request: HtmxRequest, slug: str) -> HttpResponse:
    """Say what a tool needs; take an upload, or a copy of the tool's own example."""
    tool = find_tool(slug)
    if request.method != "POST":
        return render(request, "analysis_runner/run.html", _context(tool))
    token = owners.browser_token(request) or owners.new_token()
    try:
        sample = _sample(request, tool, owners.owner_of(token))
    except Refusal as refusal:
        return refused(request, "analysis_runner/run.html", _context(tool), refusal)
    example = tool.golden.get("parameters") or {} if request.POST.get("sample") == "bundled" else {}
    response = redirect(f"{sample.get_absolute_url()}?{urlencode({'tool': tool.slug, **example})}")
    owners.remember(response, token)
    return response


def _sample(request: HttpRequest, tool: Tool, owner: str) -> Sample:
    address = owners.address_of(request)
    if request.POST.get("sample") == "bundled":
        return receiving.receive_bundled(tool.golden_sample, owner, address)
    receiving.refuse_if_stopped(request)
    file = request.FILES.get("file")
    if file is None:
        raise Refusal(400, "no_file", "No file was chosen.", "Choose an image, then press Upload.")
    return receiving.receive(file, file.name or "", owner, address)


def _context(tool: Tool) -> dict[str, Any]:
    try:
        environments.find(tool.folder)
        ready = True
    except environments.EnvironmentMissingError:
        ready = False
    facts = {"takes": TAKES[tool.input.axes], "formats": FORMATS, "ready": ready}
    return {"tool": tool, "most_mb": settings.MAX_UPLOAD_MB, "hours": settings.KEEP_HOURS, **facts}

"""Files that tools made, handed out so that no browser takes them for anything else than they are."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404

from analysis_runner.models import Artifact

SHOWN = ("image/png",)


def serve(artifact: Artifact | None, *, inline: bool = False) -> FileResponse:
    """Return the file; all but PNG images as attachments, and nothing in it may act."""
    if artifact is None or not default_storage.exists(artifact.path):
        raise Http404("There is no such file, or it has been deleted.")
    shown = inline and artifact.content_type in SHOWN
    response = FileResponse(
        default_storage.open(artifact.path),
        as_attachment=not shown,
        filename=artifact.name,
        content_type=artifact.content_type,
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response

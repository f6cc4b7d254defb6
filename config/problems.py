"""Every error of the JSON API as `application/problem+json` (RFC 9457): what is wrong, a code, and a cure."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import Resolver404, resolve
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
DOCS = "/api/v1/docs/"

_CURES = {
    "parse_error": "Send valid JSON, or a form, and say which with the header Content-Type.",
    "not_authenticated": "Send the owner_token of your first upload as 'Authorization: Bearer <token>'.",
    "method_not_allowed": f"Use a method that the header Allow names; {DOCS} describes every address.",
    "not_acceptable": "This API speaks JSON. Send 'Accept: application/json', or no Accept header.",
    "unsupported_media_type": "Send a Content-Type that this address takes; its description is at " + DOCS,
    "throttled": "Wait as many seconds as the header Retry-After says, then go on more slowly.",
    "not_found": "Check the address; the lists at /api/v1/ name everything that exists.",
    "invalid": f"Correct what `errors` names, and send it again. {DOCS} describes every field.",
}


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """Return the response to any exception raised in a view of the API; wired as DRF's EXCEPTION_HANDLER."""
    set_rollback()
    request: HttpRequest = context["request"]
    status, body, headers = _told(_known(error)) or _crashed(error, request)
    return Response(_filled(status, body, request.path), status=status, headers=headers, content_type=MEDIA_TYPE)


def _known(error: Exception) -> Exception:
    """Return Django's own exceptions as DRF's, which carry a status and a code."""
    match error:
        case Http404():
            return exceptions.NotFound("There is nothing at this address.")
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            too_big = exceptions.APIException("The request is larger than this address takes.", "too_large")
            too_big.status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            return too_big
        case SuspiciousOperation():
            return exceptions.ParseError("The request could not be read.")
    return error


def _told(error: Any) -> tuple[int, dict[str, Any], dict[str, str]] | None:
    """Return status, body and headers of an exception that says what is wrong; None if it does not."""
    if hasattr(error, "sentence") and hasattr(error, "code"):
        body = {"detail": error.sentence, "code": error.code, "cure": getattr(error, "cure", "")}
        if fields := getattr(error, "fields", None):
            body["errors"] = [{"field": f, "detail": str(s), "code": error.code} for f, s in fields.items()]
        return error.status, body, _headers(error.status, getattr(error, "retry_after", None))
    if not isinstance(error, exceptions.APIException):
        return None
    status = int(error.status_code)
    if isinstance(error, exceptions.ValidationError):
        return status, _validation(error), {}
    code = getattr(error.detail, "code", error.default_code)
    body = {"detail": str(error.detail), "code": code, "cure": getattr(error, "cure", _CURES.get(code, ""))}
    return status, body, _headers(status, getattr(error, "wait", None))


def _validation(error: exceptions.ValidationError) -> dict[str, Any]:
    """Return what is wrong with each field; the first is the sentence, and its code the code."""
    errors = list(_leaves(error.detail, ""))
    first = errors[0] if errors else {"field": "", "detail": "The request is not valid.", "code": "invalid"}
    sentence = f"{first['field']}: {first['detail']}" if first["field"] else first["detail"]
    return {
        "detail": sentence,
        "code": first["code"],
        "cure": getattr(error, "cure", _CURES["invalid"]),
        "errors": errors,
    }


def _leaves(detail: Any, field: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            inside = field if name == "non_field_errors" else f"{field}.{name}".strip(".")
            yield from _leaves(inner, inside)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _leaves(inner, field)
    else:
        yield {"field": field, "detail": str(detail), "code": getattr(detail, "code", "invalid")}


def _crashed(error: Exception, request: HttpRequest) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Log the traceback under an id, and tell the id only."""
    mark = uuid.uuid4().hex[:12]
    logger.error("%s %s %s", mark, request.method, request.path, exc_info=error)
    got_request_exception.send(sender=answer, request=request)
    return 500, _broken(mark), {}


def _broken(mark: str) -> dict[str, Any]:
    cure = f"Try again in a minute. If it stays, tell us and quote {mark}." if mark else "Try again in a minute."
    return {"detail": "Something broke on our side.", "code": "internal_error", "cure": cure}


def _headers(status: int, seconds: float | None) -> dict[str, str]:
    headers = {"Retry-After": f"{seconds:.0f}"} if seconds else {}
    return headers | ({"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {})


def _filled(status: int, body: dict[str, Any], path: str) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, **body, "instance": path}


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    """Answer an address below /api/ that does not exist; send on whoever left out the slash at its end."""
    if not request.path.endswith("/") and _exists(f"{request.path_info}/"):
        query = request.META.get("QUERY_STRING", "")
        where = f"{request.path}/" + (f"?{query}" if query else "")
        return HttpResponseRedirect(where, preserve_request=True)
    return _outside(
        request,
        404,
        {
            "detail": f"There is nothing at {request.path[:200]}.",
            "code": "unknown_address",
            "cure": f"Addresses end with a slash. /api/v1/ lists them, {DOCS} describes them.",
        },
    )


def _exists(path: str) -> bool:
    try:
        return resolve(path).func is not unknown
    except Resolver404:
        return False


def _outside(request: HttpRequest, status: int, body: dict[str, Any]) -> HttpResponse:
    return JsonResponse(_filled(status, body, request.path), status=status, content_type=MEDIA_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django itself refuses: as a problem below /api/, as a page elsewhere."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    body = {"detail": "The request could not be read.", "code": "parse_error", "cure": _CURES["parse_error"]}
    return _outside(request, 400, body)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a crash outside the API's views, where DRF cannot."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    return _outside(request, 500, _broken(""))

"""Whose a sample is, without accounts: who holds the token that came with the first upload.

A browser keeps it in a signed, HttpOnly cookie, set by the first upload and by nothing else; a program sends it as
`Authorization: Bearer <token>`. Rows keep only its hash, so the database cannot tell anybody a usable token.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

COOKIE = "__Host-owner" if settings.SESSION_COOKIE_SECURE else "owner"
COOKIE_LIVES = timedelta(days=7)
SIGNER = Signer(salt="analysis_runner.owner", sep=".")


def new_token() -> str:
    """Return a new token: 256 random bits, signed, so that nobody can make their own."""
    return SIGNER.sign(secrets.token_urlsafe(32))


def owner_of(token: str) -> str:
    """Return the name under which the rows of this token are kept; empty if we did not sign it."""
    try:
        return hashlib.sha256(SIGNER.unsign(token).encode()).hexdigest()
    except BadSignature:
        return ""


def browser_token(request: HttpRequest) -> str:
    """Return the token in the cookie, or an empty string."""
    token = request.COOKIES.get(COOKIE, "")
    return token if owner_of(token) else ""


def program_token(request: HttpRequest) -> str:
    """Return the token in the Authorization header, or an empty string."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and owner_of(token.strip()) else ""


def remember(response: HttpResponse, token: str) -> None:
    response.set_cookie(
        COOKIE, token, max_age=COOKIE_LIVES, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def address_of(request: HttpRequest) -> str:
    """Return a keyed hash of the network address; only as many forwarders are believed as there are proxies."""
    address = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if settings.NUM_PROXIES and len(hops) >= settings.NUM_PROXIES:
        address = hops[-settings.NUM_PROXIES]
    return salted_hmac("analysis_runner.address", address, algorithm="sha256").hexdigest()

"""The origins of a facility's own pages: exactly the places whose pages may show its widget."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
HERE = ("localhost", "127.0.0.1")
PORTS = {"https": 443, "http": 80}


def origin(text: str) -> str:
    """Return an origin as browsers write it: scheme and host in lower case, and the port unless it is the usual one.

    Raises
    ------
    ValidationError
        If it is not one exact origin, or not encrypted outside this machine; the message says what to write.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii").lower()
    except ValueError:
        raise _wrong(text, "is not an address.", "Write it like https://microscopy.example.org.") from None
    if parts.scheme not in PORTS:
        raise _wrong(text, "does not begin with https://.", "Write it like https://microscopy.example.org.")
    if "*" in text:
        raise _wrong(text, "has a wildcard.", "Name each host by itself, with one --origin each.")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username or parts.password:
        raise _wrong(text, "has more than scheme, host and port.", f"Write {parts.scheme}://{host} only.")
    if not HOST.fullmatch(host):
        raise _wrong(text, "names no host.", "Write it like https://microscopy.example.org.")
    if parts.scheme == "http" and host not in HERE:
        raise _wrong(text, "is not encrypted.", f"Use https://{host}; http is for localhost and 127.0.0.1 only.")
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, PORTS[parts.scheme]) else "")


def check_origins(value: object) -> None:
    """Refuse anything but a list of at least one origin, each as browsers write it."""
    if not isinstance(value, list) or not value:
        raise ValidationError("At least one origin is needed, such as https://microscopy.example.org.", "no_origin")
    for each in value:
        if not isinstance(each, str) or origin(each) != each:
            written = origin(each) if isinstance(each, str) else "https://…"
            raise ValidationError(f"{each!r} must be written {written!r}.", "wrong_origin")


def _wrong(text: str, what: str, cure: str) -> ValidationError:
    return ValidationError(f"The origin {text[:100]!r} {what} {cure}", "wrong_origin")

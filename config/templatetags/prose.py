"""Descriptions from the schema as text: `this` becomes code, an empty line a new paragraph."""

from __future__ import annotations

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def coded(text: str) -> SafeString:
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S308 - escaped first


@register.filter
def paragraphs(text: str) -> SafeString:
    parts = [part for part in re.split(r"\n\s*\n", text) if part.strip()]
    return mark_safe("".join(f"<p>{coded(part)}</p>" for part in parts))  # noqa: S308 - escaped by coded()

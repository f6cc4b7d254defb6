"""The small drawings beside the options of the questions that are asked most."""

from __future__ import annotations

from functools import cache

from django import template
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
@cache
def drawing(question: str, option: str) -> SafeString:
    """Return the drawing of an option as inline SVG; nothing where there is none."""
    try:
        return mark_safe(get_template(f"recommender/drawings/{question}/{option}.svg").render())  # noqa: S308 - ours
    except TemplateDoesNotExist:
        return SafeString("")

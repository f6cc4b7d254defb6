"""What the site promises its visitors, taken from the settings that keep the promise."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def keeping_time() -> str:
    """Return how long images and results are kept, in words."""
    hours = settings.KEEP_HOURS
    if hours >= 48:
        return f"{hours / 24:g} days"
    return "1 hour" if hours == 1 else f"{hours:g} hours"

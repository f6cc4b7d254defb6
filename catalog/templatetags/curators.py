"""What waits for a curator, for pages that lead to the queue."""

from __future__ import annotations

from django import template

from catalog import waiting

register = template.Library()


@register.simple_tag
def open_concerns() -> int:
    return waiting.to_decide()

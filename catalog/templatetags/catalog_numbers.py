"""How large the catalog is, for pages of parts that know nothing of it."""

from __future__ import annotations

from django import template
from django.db.models import Count, Q

from catalog.models import Claim, Entry, Question

register = template.Library()


@register.simple_tag
def catalog_numbers() -> dict[str, int]:
    """Return the numbers of tools, models, runnable tools, questions, claims, and claims read in their source."""
    entries = Entry.objects.aggregate(
        tools=Count("pk", filter=Q(kind=Entry.Kind.TOOL)),
        models=Count("pk", filter=Q(kind=Entry.Kind.MODEL)),
        runnable=Count("pk", filter=~Q(runs=[])),
    )
    claims = Claim.objects.aggregate(claims=Count("pk"), read=Count("pk", filter=Q(read__isnull=False)))
    return entries | claims | {"questions": Question.objects.count()}

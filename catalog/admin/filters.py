"""What a curator narrows the list of entries by."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest

from catalog.admin.forms import STATES
from catalog.models import Claim, Entry

Choices = list[tuple[str, str]]


class _Filter(admin.SimpleListFilter):
    choices_in_words: ClassVar[Choices] = []

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:  # noqa: ARG002
        return self.choices_in_words


class Maintained(_Filter):
    title, parameter_name = "maintenance", "maintained"
    choices_in_words = [*((state, state) for state in STATES), ("unknown", "not known")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:  # noqa: ARG002
        match self.value():
            case None:
                return queryset
            case "unknown":
                return queryset.filter(maintenance__state__isnull=True)
            case state:
                return queryset.filter(maintenance__state=state)


class Unread(_Filter):
    title, parameter_name = "claims", "unread"
    choices_in_words = [("some", "some not read in their source"), ("none", "all read in their source")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:  # noqa: ARG002
        unread = Exists(Claim.objects.filter(entry=OuterRef("pk"), follows_from="", read__isnull=True))
        if self.value() is None:
            return queryset
        return queryset.filter(unread if self.value() == "some" else ~unread)


class LicenceKnown(_Filter):
    title, parameter_name = "licence", "licence_known"
    choices_in_words = [("yes", "known"), ("no", "not known")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:  # noqa: ARG002
        match self.value():
            case "yes":
                return queryset.exclude(licence="")
            case "no":
                return queryset.filter(licence="")
        return queryset


class Family(_Filter):
    """Families with more than one member; the others tell nothing."""

    title, parameter_name = "family", "family"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:  # noqa: ARG002
        counted = Entry.objects.exclude(family="").values("family").annotate(members=Count("pk")).order_by("family")
        return [(row["family"], f"{row['family']} ({row['members']})") for row in counted if row["members"] > 1]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:  # noqa: ARG002
        return queryset.filter(family=self.value()) if self.value() else queryset

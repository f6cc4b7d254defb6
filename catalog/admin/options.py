"""Options of questions, only to be found by a curator who states a claim; they are edited as cards."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest
from django.urls import URLPattern, path

from catalog.models import Option


def in_words(option: Option) -> str:
    """Return an option with its question: "none" alone says nothing."""
    return f"{option.question.text} → {option.text} ({option.question_id}={option.value})"


class OptionChoices(AutocompleteJsonView):
    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        return super().serialize_result(obj, to_field_name) | {"text": in_words(obj)}


class OptionSelect(AutocompleteSelect):
    url_name = "%s:catalog_option_choices"


@admin.register(Option)
class OptionAdmin(admin.ModelAdmin[Option]):
    search_fields = ["question__id", "question__text", "value", "text"]
    list_select_related = ["question"]
    ordering = ["question__position", "position"]

    def get_urls(self) -> list[URLPattern]:
        choices = OptionChoices.as_view(admin_site=self.admin_site)
        own = path("choices/", self.admin_site.admin_view(choices), name="catalog_option_choices")
        return [own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("question")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return request.user.has_perm("catalog.view_entry")

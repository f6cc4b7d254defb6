"""Verdicts of people who compared claims with their sources."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from catalog import auditing
from catalog.models import Audit


class AuditForm(forms.ModelForm[Audit]):
    """A new verdict names its claim; what the claim says is taken from the catalog."""

    claim = forms.CharField(max_length=120, help_text="As question=option, such as goal.main=count.")

    class Meta:
        model = Audit
        fields = ["entry", "claim", "verdict", "note"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if "entry" in given and "claim" in given:
            try:
                self.found = auditing.find(given["entry"], given["claim"])
            except auditing.VerdictError as error:
                self.add_error("claim", str(error))
        return given


@admin.register(Audit)
class AuditAdmin(admin.ModelAdmin[Audit]):
    form = AuditForm
    list_display = ["on", "entry", "question", "option", "strength", "verdict", "by", "note"]
    list_filter = ["verdict", "by", "on"]
    search_fields = ["entry", "question", "option", "note"]
    date_hierarchy = "on"
    change_list_template = "catalog/admin/audits.html"

    def has_change_permission(self, request: HttpRequest, obj: Audit | None = None) -> bool:  # noqa: ARG002
        return False

    def get_fields(self, request: HttpRequest, obj: Audit | None = None) -> Any:  # noqa: ARG002
        if obj is None:
            return ["entry", "claim", "verdict", "note"]
        return ["entry", "question", "option", "strength", "source", "verdict", "note", "by", "on"]

    def save_model(self, request: HttpRequest, obj: Audit, form: Any, change: bool) -> None:  # noqa: ARG002
        by = request.user.get_username()
        stored = auditing.judge(form.found, obj.verdict, by, obj.note)
        obj.__dict__.update(stored.__dict__)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        tally = auditing.tally()
        low, high = (share * 100 for share in tally.interval)
        told = {"tally": tally, "low": low, "high": high}
        return super().changelist_view(request, {**(extra_context or {}), **told})

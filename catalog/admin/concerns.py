"""Deciding disputes, suggestions and import conflicts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import Truncator

from catalog import curating, judging
from catalog.admin import wording
from catalog.models import Concern, Entry, Option


class DecisionForm(forms.Form):
    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="Why you accept or reject it, for those who ask later.",
    )
    source = forms.URLField(
        required=False, max_length=300, assume_scheme="https", help_text="Where what you accept can be checked."
    )
    read = forms.DateField(
        required=False, widget=AdminDateWidget, label="Read there on", help_text="Empty if nobody has read it there."
    )

    def clean_read(self) -> date | None:
        day: date | None = self.cleaned_data["read"]
        if day and day > date.today():
            raise forms.ValidationError(f"This day lies in the future: {day}.")
        return day


@admin.register(Concern)
class ConcernAdmin(admin.ModelAdmin[Concern]):
    list_display = ["noted", "kind", "about", "field", "words", "state", "decided_by"]
    list_display_links = ["noted", "kind", "about"]
    list_filter = ["state", "kind"]
    search_fields = ["entry", "field", "statement", "source"]
    date_hierarchy = "noted"
    actions = ["reject_as_spam"]

    class Media:
        css = {"all": ["catalog/admin.css"]}
        js = ["admin/js/core.js", "admin/js/calendar.js", "admin/js/admin/DateTimeShortcuts.js"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    @admin.display(description="entry", ordering="entry")
    def about(self, concern: Concern) -> str:
        return wording.about(concern)

    @admin.display(description="in words")
    def words(self, concern: Concern) -> str:
        return Truncator(wording.what(concern)).chars(100)

    @admin.action(description="Reject as spam", permissions=["change"])
    def reject_as_spam(self, request: HttpRequest, queryset: QuerySet[Concern]) -> None:
        rejected = 0
        for pk in queryset.values_list("pk", flat=True):
            try:
                curating.reject(pk, request.user.get_username(), "Spam.")
            except curating.DecisionError as error:
                self.message_user(request, error.sentence, messages.WARNING)
            else:
                rejected += 1
        self.message_user(request, f"{rejected} rejected.")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Show one concern beside what the catalog says, and take a curator's decision on it."""
        concern = get_object_or_404(Concern, pk=object_id if object_id.isdecimal() else 0)
        if not self.has_view_or_change_permission(request, concern):
            raise PermissionDenied
        evidence = {"source": concern.source, "read": concern.seen}
        form = DecisionForm(request.POST or None, initial=evidence)
        if request.method == "POST" and form.is_valid() and self._decided(request, concern, form):
            return redirect("catalog:queue")
        context = {
            **self.admin_site.each_context(request),
            "title": f"{concern.get_kind_display().capitalize()}: {wording.about(concern) or concern.field}",
            "opts": self.opts,
            "media": self.media + form.media,
            "concern": concern,
            "form": form,
            "may_decide": self.has_change_permission(request, concern),
            "may_write": _may_write(request, concern),
            **_beside(concern),
        }
        return render(request, "catalog/admin/concern.html", context)

    def _decided(self, request: HttpRequest, concern: Concern, form: DecisionForm) -> bool:
        """Carry the decision out; False if that is not possible, with the reason at the form."""
        if not self.has_change_permission(request, concern):
            raise PermissionDenied
        given, by = form.cleaned_data, request.user.get_username()
        write = "accept" in request.POST
        if write and not _may_write(request, concern):
            raise PermissionDenied
        try:
            if "reject" in request.POST:
                done = curating.reject(concern.pk, by, given["reason"])
            else:
                evidence = curating.Evidence(given["source"], given["read"])
                done = curating.accept(concern.pk, by, given["reason"], evidence, write=write)
        except curating.DecisionError as error:
            form.add_error(None, error.sentence)
            return False
        said = "It is in the catalog now." if write and curating.writes(done) else ""
        self.message_user(request, f"{done.get_state_display().capitalize()}. {said}")
        return True


def _may_write(request: HttpRequest, concern: Concern) -> bool:
    """Whether a curator may carry out by hand what accepting it does: a suggested card is a new entry."""
    needed = "add" if concern.kind == Concern.Kind.SUGGESTION else "change"
    return request.user.has_perm(f"catalog.{needed}_entry")


def _beside(concern: Concern) -> dict[str, Any]:
    """Return what a curator needs to see beside the concern itself."""
    entry = Entry.objects.filter(pk=concern.entry).first()
    question, _, value = concern.field.partition("=")
    option = Option.objects.select_related("question").filter(question=question, value=value).first()
    suggested = concern.proposed if concern.kind == Concern.Kind.SUGGESTION else None
    return {
        "entry": entry,
        "option": option,
        "held": wording.value(concern, concern.held),
        "now": wording.value(concern, curating.holds(concern)),
        "proposed": wording.value(concern, concern.proposed) if curating.writes(concern) else "",
        "suggested": suggested,
        "mistakes": _mistakes(suggested) if suggested and suggested.get("card") else [],
        "writes": curating.writes(concern),
        "edit": reverse("admin:catalog_entry_change", args=[entry.pk]) if entry else "",
    }


def _mistakes(suggested: dict[str, Any]) -> list[str]:
    try:
        raw = judging.parse(suggested["card"])
    except judging.UnreadableError as error:
        return [str(error)]
    _, mistakes = judging.judge(Entry.Kind.TOOL, str(suggested.get("slug", "")), raw)
    return [f"{m.key} {m.sentence}" for m in mistakes]

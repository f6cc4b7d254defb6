"""Entries with their claims, edited in place."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from catalog import history, loading
from catalog.admin import changes, filters
from catalog.admin.forms import ClaimForm, ClaimFormSet, EntryForm
from catalog.admin.options import OptionSelect, in_words
from catalog.models import Claim, Concern, Entry


class _Claims(admin.TabularInline[Claim, Entry]):
    """Claims are parts of their entry: who may see or edit it may see or edit them."""

    model = Claim

    def _may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(f"catalog.{'change' if obj else 'add'}_entry")

    has_add_permission = has_change_permission = has_delete_permission = _may_edit

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return any(request.user.has_perm(f"catalog.{verb}_entry") for verb in ("view", "change", "add"))


class ClaimInline(_Claims):
    """What the card states."""

    form = ClaimForm
    formset = ClaimFormSet  # type: ignore[assignment]
    extra = 1
    verbose_name_plural = "claims that the card states"
    autocomplete_fields = ["option"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        stated = super().get_queryset(request).filter(follows_from="").select_related("option__question")
        return stated.order_by("option__question__position", "-strength", "option__position")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **more: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **more)
        if db_field.name == "option" and isinstance(field, ModelChoiceField):
            field.widget = OptionSelect(db_field, self.admin_site)
            field.label_from_instance = in_words  # type: ignore[method-assign,assignment]
        return field


class FollowingInline(_Claims):
    """What follows from the facts above; to change it, change the fact, or state a claim of your own."""

    verbose_name_plural = "claims that follow from the facts above"
    fields = ["said", "strength", "follows_from", "source", "read"]
    readonly_fields = ["said", "strength", "follows_from", "source", "read"]
    extra = 0
    can_delete = False
    classes = ["collapse"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        following = super().get_queryset(request).exclude(follows_from="").select_related("option__question")
        return following.order_by("option__question__position", "option__position")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    @admin.display(description="option")
    def said(self, claim: Claim) -> str:
        return in_words(claim.option)


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin[Entry]):
    form = EntryForm
    inlines = [ClaimInline, FollowingInline]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_display = ["name", "kind", "stated", "dated", "last_read", "open_concerns"]
    list_filter = ["kind", "reach", filters.Maintained, filters.Unread, filters.LicenceKnown, filters.Family]
    search_fields = ["name"]
    search_help_text = "Name, slug, other names, keywords"
    ordering = ["name"]
    list_per_page = 50
    change_list_template = "catalog/admin/entries.html"
    fieldsets = [
        (None, {"fields": ["name", "slug", "kind", "summary", "made_for", "aliases", "seen"]}),
        ("Terms", {"fields": [("licence", "cost")]}),
        ("Systems", {"fields": ["platforms", "use_as", "hosts", "runs_in", "framework"]}),
        ("Where it is", {"fields": ["homepage", "repository", "documentation", "tutorials", "weights", "citation"]}),
        ("Kin", {"fields": ["family", "superseded_by", "interchangeable_with"]}),
        ("Words to find it by", {"fields": ["keywords", "assays"]}),
        (
            "State",
            {"fields": ["reach", ("maintenance_state", "maintenance_as_of"), "maintenance_source", "runs"]},
        ),
        ("Where these facts were found", {"fields": ["source", "read", "sources"]}),
    ]

    class Media:
        css = {"all": ["catalog/admin.css"]}

    def get_readonly_fields(self, request: HttpRequest, obj: Entry | None = None) -> list[str]:  # noqa: ARG002
        return ["slug", "kind"] if obj else []

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Entry | None:
        """Return the entry; while it is being saved nobody else saves it."""
        if request.method == "POST":
            Entry.objects.select_for_update().filter(pk=object_id).first()
        return super().get_object(request, object_id, from_field)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        waiting = Concern.objects.filter(entry=OuterRef("pk"), state=Concern.State.OPEN).order_by()
        counted = waiting.values("entry").annotate(n=Count("pk")).values("n")
        stated = Q(claims__follows_from="")
        return (
            super()
            .get_queryset(request)
            .annotate(
                n_stated=Count("claims", filter=stated),
                n_dated=Count("claims", filter=stated & Q(claims__read__isnull=False)),
                last=Max("claims__read", filter=stated),
                n_concerns=Coalesce(Subquery(counted), 0),
            )
        )

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[Entry],
        search_term: str,
    ) -> tuple[QuerySet[Entry], bool]:
        """Find every word in the name, the slug, another name or a keyword.

        SQLite keeps lists as ASCII, where "µ" stands as an escape.
        """
        lists = {f"{name}_text": Cast(name, TextField()) for name in ("aliases", "keywords")}
        found = queryset.alias(**lists)
        for word in search_term.split():
            places: list[Any] = [(f"{name}__icontains", word) for name in ("name", "slug", *lists)]
            places += [(f"{name}__icontains", json.dumps(word)[1:-1]) for name in lists]
            found = found.filter(Q.create(places, connector=Q.OR))
        return found, False

    @admin.display(description="claims", ordering="n_stated")
    def stated(self, entry: Any) -> int:
        return int(entry.n_stated)

    @admin.display(description="read in their source", ordering="n_dated")
    def dated(self, entry: Any) -> str:
        return f"{entry.n_dated / entry.n_stated:.0%}" if entry.n_stated else "-"

    @admin.display(description="last read", ordering="last")
    def last_read(self, entry: Any) -> Any:
        return entry.last

    @admin.display(description="open concerns", ordering="n_concerns")
    def open_concerns(self, entry: Any) -> int | str:
        return entry.n_concerns or ""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if isinstance(formset, ClaimFormSet):
            changes.save_claims(form.instance, formset)
        else:
            super().save_formset(request, form, formset, change)

    def save_model(self, request: HttpRequest, obj: Entry, form: Any, change: bool) -> None:  # noqa: ARG002
        if history.note(obj):
            obj.save(force_insert=not change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        loading.follow(form.instance)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Protect an entry that other cards name: without it they would be wrong."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, missing, [*protected, *changes.naming({entry.pk for entry in objs})]

    def delete_model(self, request: HttpRequest, obj: Entry) -> None:  # noqa: ARG002
        history.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:  # noqa: ARG002
        for entry in queryset:
            history.delete(entry)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show who changed what, also of an entry that is no more: that somebody deleted it is a change too."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        told = changes.of(object_id)
        entry = Entry.objects.filter(pk=object_id).first()
        if entry is None and not told:
            raise Http404
        name = entry.name if entry else f"{object_id}, which is not in the catalog any more"
        context = {
            **self.admin_site.each_context(request),
            "title": f"Who changed what: {name}",
            "opts": self.opts,
            "entry": entry,
            "changes": told,
            **(extra_context or {}),
        }
        return render(request, "catalog/admin/history.html", context)

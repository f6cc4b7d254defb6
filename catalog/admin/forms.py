"""The form of an entry and of its claims, judged as the cards in the repository are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, get_args

from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminURLFieldWidget
from django.db import models

from catalog import cards, history, judging, loading
from catalog.admin.fields import SettledOption, SourceInput, SourcesField, StrengthField
from catalog.facets import PLATFORMS, USES
from catalog.lines import LinesField
from catalog.models import Claim, Entry, Option

FACTS = [name for name in cards.EntryCard.model_fields if name not in ("claims", "maintenance")]
STATES = get_args(cards.Maintenance.model_fields["state"].annotation)


def _boxes(words: dict[str, str]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False, choices=list(words.items()), widget=forms.CheckboxSelectMultiple
    )  # fmt: skip


def _day(help_text: str = "") -> forms.DateField:
    return forms.DateField(required=False, widget=AdminDateWidget, help_text=help_text)


def _plain(column: models.Field[Any, Any], **more: Any) -> forms.Field | None:
    if isinstance(column, models.URLField):
        more["assume_scheme"] = "https"
    return column.formfield(**more)


class EntryForm(forms.ModelForm[Entry]):
    summary = forms.CharField(max_length=300, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}))
    platforms = _boxes(PLATFORMS)
    use_as = _boxes(USES)
    hosts = LinesField(help_text="One slug a line: the programs it runs in.")
    runs_in = LinesField(help_text="For a model: one slug a line, the tools that run it.")
    aliases = LinesField(help_text="One other name a line.")
    interchangeable_with = LinesField(help_text="One slug a line: tools that would serve as well.")
    keywords = LinesField(help_text="One a line: words by which people search for it.")
    assays = LinesField(help_text="One a line: assays and experiments that it is used for.")
    made_for = LinesField(help_text="One a line: what it is made for, as a biologist would say it.")
    tutorials = LinesField(help_text="One web address a line.")
    runs = LinesField(help_text="One a line: the folders in analysis_runner/tools that run it here.")
    sources = SourcesField(
        help_text="One a line, for facts that were not found with the others: licence https://example.org 2026-11-25"
    )
    read = _day("The day on which somebody read the facts in their source.")
    maintenance_state = forms.ChoiceField(required=False, choices=[("", "not known"), *((s, s) for s in STATES)])
    maintenance_as_of = _day()
    maintenance_source = forms.URLField(
        required=False, max_length=300, assume_scheme="https", widget=AdminURLFieldWidget
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Entry
        fields = ["slug", "kind", *FACTS]
        formfield_callback = _plain

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        held = self.instance.maintenance or {}
        for part in ("state", "as_of", "source"):
            self.fields[f"maintenance_{part}"].initial = held.get(part, "")
        if self.instance.pk:
            self.fields["seen"].initial = history.marker(self.instance)

    def clean_platforms(self) -> list[str]:
        return self._in_held_order("platforms")

    def clean_use_as(self) -> list[str]:
        return self._in_held_order("use_as")

    def _in_held_order(self, name: str) -> list[str]:
        """Return what was ticked in the order of the card, so that a save without a change changes nothing."""
        held: list[str] = getattr(self.instance, name)
        return sorted(self.cleaned_data[name], key=lambda value: held.index(value) if value in held else len(held))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.instance.pk and given.get("seen") != history.marker(self.instance):
            raise forms.ValidationError(
                "Somebody has changed this entry while you were editing it. See its history, then open it again and "
                "repeat your change; nothing has been saved.",
                code="changed_since",
            )
        parts = {part: given.get(f"maintenance_{part}") for part in ("state", "as_of", "source")}
        self.instance.maintenance = {
            part: value.isoformat() if isinstance(value, date) else value for part, value in parts.items() if value
        }
        return given

    def _post_clean(self) -> None:
        """Judge the facts. Their claims are judged by the formset, which has the new ones."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        raw = loading.facts_of(self.instance) | {"claims": _placeholder()}
        for mistake in judging.judge(self.instance.kind, self.instance.slug, raw)[1]:
            if not mistake.key.startswith("claims"):
                self.add_error(self._field_of(mistake.key), f"{mistake.key} {mistake.sentence}")

    def _field_of(self, key: str) -> str | None:
        if key == "file name":
            return "slug" if "slug" in self.fields else None
        for name in (key.replace(".", "_"), key.partition(".")[0], "maintenance_state"):
            if name in self.fields and key.startswith(name.partition("_")[0]):
                return name
        return None


def _short_day(help_text: str) -> forms.DateField:
    return forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), help_text=help_text
    )


def _placeholder() -> list[dict[str, Any]]:
    """Return one right claim, for a card without any is refused whole."""
    option = Option.objects.first()
    said = {"question": option.question_id, "suits": {option.value: 1.0}} if option else {}
    return [said | {"source": "https://example.org"}]


class ClaimForm(forms.ModelForm[Claim]):
    source = forms.URLField(max_length=300, assume_scheme="https", widget=SourceInput)
    read = _short_day("Empty: recalled, not verified.")
    confirmed = _short_day("A second reading that agreed.")

    class Meta:
        model = Claim
        fields = ["option", "strength", "source", "read", "confirmed"]

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        exists = self.instance.pk is not None
        self.fields["strength"] = StrengthField(self.instance.strength if exists else None)
        if exists:
            self.fields["option"] = SettledOption(self.instance.option)

    def _get_validation_exclusions(self) -> set[str]:
        """Leave one claim an option to the card's checks: a claim that only follows gives way to a stated one."""
        return {*super()._get_validation_exclusions(), "entry"}  # type: ignore[misc]

    def block(self) -> dict[str, Any]:
        """Return the claim as a block of a card that holds nothing else."""
        given, option = self.cleaned_data, self.cleaned_data["option"]
        said = {"suits": {option.value: given["strength"]}} if given["strength"] else {"unsuited": [option.value]}
        dates = {key: given[key] for key in ("read", "confirmed") if given.get(key)}
        return {"question": option.question_id, "source": given["source"], **said, **dates}


class ClaimFormSet(forms.BaseInlineFormSet[Claim, Entry, ClaimForm]):
    def clean(self) -> None:
        """Judge all claims of the entry together, and tell each mistake at its claim."""
        super().clean()
        if any(form.errors for form in self.forms) or self.instance.kind not in judging.SHAPES:
            return
        said = list(self._stated())
        raw = loading.facts_of(self.instance) | {"claims": [form.block() for form in said]}
        for mistake in judging.judge(self.instance.kind, self.instance.slug, raw)[1]:
            place, *rest = mistake.key.split(".")[1:] or [""]
            if mistake.key == "claims":
                raise forms.ValidationError("State at least one claim: without any, nobody would ever find the entry.")
            if mistake.key.startswith("claims."):
                said[int(place)].add_error(_claim_field(rest), mistake.sentence)

    def _stated(self) -> Iterator[ClaimForm]:
        for form in self.forms:
            if form.cleaned_data.get("option") and form not in self.deleted_forms:
                yield form


def _claim_field(rest: list[str]) -> str:
    match rest:
        case ["source" | "read" | "confirmed" as name, *_]:
            return name
        case ["suits", *_]:
            return "strength"
    return "option"

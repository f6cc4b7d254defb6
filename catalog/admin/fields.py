"""Form fields that show the catalog's lists as text that a person can edit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.lines import LinesField
from catalog.models import Option
from catalog.sheets import strength_words

GRADES = (1.0, 0.7, 0.4, 0.0)


class SourcesField(LinesField):
    """Where single facts were found: one fact a line, with its source and the day it was read there."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        found = {}
        for line in super().to_python(value):
            match line.split():
                case [fact, source, read] if fact not in found:
                    found[fact] = {"source": source, "read": read}
                case _:
                    raise forms.ValidationError(
                        "Write each fact once, as: licence https://example.org/page 2026-11-25. This line is %(line)r.",
                        params={"line": line[:80]},
                    )
        return found

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{fact} {found['source']} {found['read']}" for fact, found in value.items())

    def run_validators(self, value: Any) -> None:
        """Judged with the whole card."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != (initial or {}))
        except forms.ValidationError:
            return True


class SourceInput(forms.URLInput):
    """A web address with a link beside it, to read there what is claimed."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        field = super().render(name, value, attrs, renderer)
        if not str(value or "").startswith(("http://", "https://")):
            return field
        link = format_html('<a class="claim-open" href="{}" target="_blank" rel="noopener noreferrer">open</a>', value)
        return format_html("{}{}", field, link)


class _Said(forms.Widget):
    """Words in the place of an input."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ARG002
        return format_html(
            '<span class="claim-option"><span class="claim-question">{}</span> {}</span>', value.question.text, value
        )


class SettledOption(forms.Field):
    """The option of a claim that exists. Another option would be another claim."""

    def __init__(self, option: Option) -> None:
        self.option = option
        super().__init__(required=False, disabled=True, widget=_Said())

    def clean(self, value: Any) -> Option:  # noqa: ARG002
        return self.option

    def prepare_value(self, value: Any) -> Option:  # noqa: ARG002
        return self.option


class StrengthField(forms.TypedChoiceField):
    """The four grades, and the one that the claim has."""

    def __init__(self, held: float | None = None) -> None:
        grades = sorted({*GRADES, *([] if held is None else [held])}, reverse=True)
        blank = [("", "---")] if held is None else []
        super().__init__(choices=[*blank, *((str(g), f"{strength_words(g)} ({g:g})") for g in grades)], coerce=float)

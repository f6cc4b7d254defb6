"""A list of texts in a form: one a line."""

from __future__ import annotations

from typing import Any

from django import forms


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def __init__(self, **more: Any) -> None:
        rows = {"rows": 3, "cols": 60}
        super().__init__(**{"required": False, "strip": True, "widget": forms.Textarea(attrs=rows), **more})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != (initial or []))

    def run_validators(self, value: Any) -> None:
        for line in value:
            super().run_validators(line)

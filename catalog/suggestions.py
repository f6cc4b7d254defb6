"""The form of the public that says: here is a tool that you lack."""

from __future__ import annotations

from django import forms
from django.utils.text import slugify

from catalog import judging
from catalog.cards import Mistake
from catalog.forms import PublicForm, WebField, once
from catalog.models import Concern, Entry


class SuggestForm(PublicForm):
    name = forms.CharField(max_length=80, label="Name of the tool")
    homepage = WebField(label="Web address")
    summary = forms.CharField(
        max_length=300, label="What is it for?", widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A sentence or two, as a biologist would say it.",
    )  # fmt: skip
    source = WebField(
        required=False, label="Where can we read about it?",
        help_text="Its documentation or paper, if that is not the address above.",
    )  # fmt: skip
    contact = forms.CharField(
        required=False, max_length=200, label="How can we ask you back?",
        help_text="An address of your choice, or nothing. We forget it as soon as the suggestion is decided.",
    )  # fmt: skip
    card = forms.CharField(
        required=False, max_length=judging.LONGEST, label="A card, if you have written one", strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text="YAML as in the repository, judged at once by the checks that judge every card.",
    )  # fmt: skip

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not slugify(name):
            raise forms.ValidationError("Write the name with at least one Latin letter or digit, for its web address.")
        if known := _known(name):
            raise forms.ValidationError(
                f"The catalog has {known.name} already, at {known.get_absolute_url()}. If something there is wrong, "
                "say so with the link “Is this wrong?” on that page."
            )
        return name

    def clean_card(self) -> str:
        text: str = self.cleaned_data["card"]
        if not text.strip():
            return ""
        try:
            raw = judging.parse(text)
        except judging.UnreadableError as error:
            raise forms.ValidationError(str(error)) from error
        _, mistakes = judging.judge(Entry.Kind.TOOL, self._slug(), raw)
        if mistakes:
            raise forms.ValidationError([_told(mistake) for mistake in mistakes[:20]])
        return text

    def _slug(self) -> str:
        return slugify(self.cleaned_data.get("name", "") or "suggested")[:60].strip("-_").replace("_", "-")

    def keep(self) -> Concern:
        """Put it into the curator's queue; the same tool with the same address stands there once."""
        given = self.cleaned_data
        proposed = {key: given[key] for key in ("name", "homepage", "summary", "contact", "card") if given[key]}
        proposed["slug"] = self._slug()
        return once(Concern(kind=Concern.Kind.SUGGESTION, proposed=proposed, source=given["source"]))


def _known(name: str) -> Entry | None:
    """Return the entry that bears this name, or one of whose other names it is."""
    wanted = name.casefold()
    found = (e for e in Entry.objects.all() if wanted in (e.name.casefold(), *(a.casefold() for a in e.aliases)))
    return next(found, None)


def _told(mistake: Mistake) -> str:
    return f"{mistake.key} {mistake.sentence}"

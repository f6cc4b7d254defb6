"""The form of the public that says: something is wrong here. What all public forms share."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.validators import URLValidator

from catalog import facts, judging
from catalog.cards import EntryCard
from catalog.facets import PLATFORMS, USES
from catalog.lines import LinesField
from catalog.models import Concern, Entry, Option, Question
from catalog.sheets import strength_words

UNKNOWN = "unknown"
GRADES = [
    ("", "I do not know"),
    ("1.0", "Made for it"),
    ("0.7", "Does it well"),
    ("0.4", "Can be made to"),
    ("0.0", "Does not"),
    (UNKNOWN, "Nobody knows: take it out"),
]
WORDS = {"aliases", "keywords", "assays", "made_for", "tutorials"}
SLUGS = {"hosts", "runs_in", "interchangeable_with", "superseded_by"}
UNPROPOSED = {"maintenance", "reach"}
"""Facts that a visitor may dispute in words only."""


@dataclass(frozen=True)
class About:
    """What of an entry somebody finds wrong: a fact, what it says on a question, or neither: the whole page."""

    entry: Entry
    fact: str = ""
    question: Question | None = None
    option: str = ""

    @classmethod
    def read(cls, entry: Entry, text: str) -> About:
        """Return what a query string is about; what it does not name rightly is about the whole page."""
        if text in dict(facts.disputable(entry)):
            return cls(entry, fact=text)
        question, _, option = text.replace("\0", "").partition("=")
        return cls(entry, question=Question.objects.filter(pk=question[:60]).first(), option=option[:40])

    @property
    def words(self) -> str:
        if self.fact:
            return f"{facts.NAMES[self.fact]}: {facts.in_words(self.entry, self.fact)}"
        return self.question.text if self.question else ""


class WebField(forms.URLField):
    """A web address as cards have them; https where the visitor leaves that out."""

    default_validators = [URLValidator(schemes=["http", "https"])]

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=300, assume_scheme="https", **more)


class PublicForm(forms.Form):
    """A form with a field that people do not see and programs fill."""

    website = forms.CharField(required=False, max_length=200, label="Leave this empty")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        self.fields["website"].widget.attrs |= {"tabindex": "-1", "autocomplete": "off"}

    @property
    def trapped(self) -> bool:
        return bool(self.data.get("website"))


class WrongForm(PublicForm):
    statement = forms.CharField(
        required=False, max_length=2000, label="What is wrong?", widget=forms.Textarea(attrs={"rows": 5})
    )
    source = WebField(
        required=False, label="Where can we check it?",
        help_text="A web address: documentation, a paper, the source code. It makes the difference.",
    )  # fmt: skip

    def __init__(self, about: About, data: Any = None) -> None:
        super().__init__(data)
        self.about = about
        if about.question:
            self._ask_for_strength(about.question)
        elif about.fact and about.fact not in UNPROPOSED:
            self.fields["value"] = _value_field(about)
        else:
            self.fields["statement"].required = True
        self.order_fields(["option", "strength", "value", "statement", "source", "website"])

    def _ask_for_strength(self, question: Question) -> None:
        said = {c.option_id: strength_words(c.strength) for c in self.about.entry.claims.all()}
        options = [(o.value, f"{o.text} (now: {said.get(o.pk, 'not known')})") for o in question.options.all()]
        self.fields["option"] = forms.ChoiceField(
            choices=[("", "Choose"), *options], label="Which of these?", initial=self.about.option
        )
        self.fields["strength"] = forms.ChoiceField(choices=GRADES, required=False, label="What should it say?")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        self.proposes, self.proposed = self._proposal(given)
        if not (self.errors or self.proposes or given.get("statement")):
            self.add_error("statement", "Say what is wrong, or what it should say instead.")
        if self.proposes and self.about.fact and not self.errors:
            self._judge()
        return given

    def _proposal(self, given: dict[str, Any]) -> tuple[bool, Any]:
        """Return whether the form proposes a value, and which; for a claim None is one: it is to be taken out."""
        if strength := given.get("strength"):
            return True, None if strength == UNKNOWN else float(strength)
        value = given.get("value")
        if self.about.fact in SLUGS and value:
            value = self._slugs(value)
        proposes = bool(value) and not _same(value, getattr(self.about.entry, self.about.fact, None))
        return proposes, value if proposes else None

    def _slugs(self, named: Any) -> Any:
        """Return the slugs of entries that are given by name."""
        known = {name.casefold(): slug for slug, name in Entry.objects.values_list("slug", "name")}
        found = [known.get(name.casefold(), name) for name in (named if isinstance(named, list) else [named])]
        return found if isinstance(named, list) else found[0]

    def _judge(self) -> None:
        changed = copy.copy(self.about.entry)
        setattr(changed, self.about.fact, self.proposed)
        for mistake in judging.judge_entry(changed):
            if mistake.key.partition(".")[0] == self.about.fact:
                self.add_error("value", f"This {mistake.sentence}")

    def keep(self) -> Concern:
        """Put it into the curator's queue; the same thing twice stands there once."""
        about, given = self.about, self.cleaned_data
        field, held = about.fact, getattr(about.entry, about.fact) if about.fact else None
        if about.question:
            field = f"{about.question.pk}={given['option']}"
            claim = about.entry.claims.filter(option__question=about.question, option__value=given["option"]).first()
            held = claim.strength if claim else None
        if not self.proposes and about.question:
            field, held = "", None
        said = given["statement"] or ("" if self.proposes else str(given.get("option", "")))
        if not self.proposes and about.question:
            said = f"{about.question.text} {self._option_words()}: {said}"
        return once(
            Concern(
                kind=Concern.Kind.DISPUTE, entry=about.entry.pk, field=field, held=held, proposed=self.proposed,
                statement=said, source=given["source"],
            )
        )  # fmt: skip

    def _option_words(self) -> str:
        found = Option.objects.filter(question=self.about.question, value=self.cleaned_data["option"]).first()
        return found.text if found else ""


def once(concern: Concern) -> Concern:
    """Save it, unless the same waits already."""
    same = {name: getattr(concern, name) for name in ("kind", "state", "entry", "field", "statement", "source")}
    for waiting in Concern.objects.filter(**same):
        if waiting.proposed == concern.proposed:
            return waiting
    concern.save()
    return concern


def _value_field(about: About) -> forms.Field:
    """Return the field for what a fact should say, filled with what it says."""
    name = about.fact
    shown: dict[str, Any] = {
        "required": False, "label": "What should it say?", "initial": getattr(about.entry, name)
    }  # fmt: skip
    if name == "cost":
        return forms.ChoiceField(choices=[("", "Not known"), *Entry.Cost.choices], **shown)
    if name in ("platforms", "use_as"):
        words = PLATFORMS if name == "platforms" else USES
        return forms.MultipleChoiceField(choices=list(words.items()), widget=forms.CheckboxSelectMultiple, **shown)
    if name in WORDS | SLUGS - {"superseded_by"}:
        return LinesField(max_length=4000, help_text="One a line.", **shown)
    if name in ("homepage", "documentation", "repository", "weights"):
        return WebField(**shown)
    longest = next((m.max_length for m in EntryCard.model_fields[name].metadata if hasattr(m, "max_length")), 300)
    return forms.CharField(max_length=longest, **shown)


def _same(value: Any, held: Any) -> bool:
    both_lists = isinstance(value, list) and isinstance(held, list)
    return bool(sorted(value) == sorted(held) if both_lists else value == held)

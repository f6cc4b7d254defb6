"""What may be asked of the lists of tools and models, and which values exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from catalog import facets, indexing, searching
from catalog.models import Entry, Option

PAGE, MOST = 24, 200


class EntryQuery(serializers.Serializer[Any]):
    """The query string of a list; a name that is not here is refused, so that no filter is lost to a typo."""

    q = serializers.CharField(required=False, max_length=100, help_text="Words, all of which must be found.")
    goal = serializers.CharField(required=False, help_text="An option of `goal.main` that it suits.")
    object = serializers.CharField(required=False, help_text="An option of `obj.kind` that it suits.")
    modality = serializers.CharField(required=False, help_text="An option of `img.modality` that it suits.")
    host = serializers.CharField(required=False, help_text="Slug of a program that it runs in.")
    platform = serializers.ChoiceField(required=False, choices=list(facets.PLATFORMS))
    use = serializers.ChoiceField(required=False, choices=list(facets.USES), help_text="How it comes.")
    free = serializers.BooleanField(required=False, help_text="Only what is free of charge.")
    open = serializers.BooleanField(required=False, help_text="Only what has an open-source licence.")
    runs = serializers.BooleanField(required=False, help_text="Only what runs on this server.")
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=100_000)
    page_size = serializers.IntegerField(required=False, default=PAGE, min_value=1, max_value=MOST)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(set(self.initial_data) - set(self.fields)):
            sentence = f"There is no such parameter here. There are: {', '.join(self.fields)}."
            raise serializers.ValidationError({unknown[0][:60]: sentence}, code="unknown_parameter")
        return values

    def validate_goal(self, value: str) -> str:
        return _option_of("goal", value)

    def validate_object(self, value: str) -> str:
        return _option_of("object", value)

    def validate_modality(self, value: str) -> str:
        return _option_of("modality", value)

    def validate_host(self, value: str) -> str:
        return _one_of(value, _hosts, "catalog")

    @property
    def filters(self) -> searching.Filters:
        given = self.validated_data
        flags = {name: "1" if given.get(name) else "" for name in searching.FLAGS}
        texts = {name: given.get(name, "") for name in searching.FACETS if name not in flags}
        return searching.Filters(words=given.get("q", ""), **texts, **flags)


def _option_of(facet: str, value: str) -> str:
    question = indexing.CLAIMED[facet]
    return _one_of(value, _options(question), f"question {question}")


def _one_of(value: str, known: Callable[[], set[str]], where: str) -> str:
    if value not in known():
        raise serializers.ValidationError(f"The {where} has no {value[:60]!r}.", code="unknown_value")
    return value


def _options(question: str) -> Callable[[], set[str]]:
    return lambda: set(Option.objects.filter(question_id=question).values_list("value", flat=True))


def _hosts() -> set[str]:
    rows = Entry.objects.values_list("slug", "hosts", "runs_in")
    return {name for slug, hosts, runs_in in rows for name in (slug, *hosts, *runs_in)}

"""How a Step looks as JSON: the same one that the website shows."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import Question
from catalog.serializers import BriefEntrySerializer, NamedEntrySerializer, absolute
from recommender import explain, interview


class ProblemInQuerySerializer(serializers.Serializer[interview.Problem]):
    """Something in the query string that could not be used; it was left out."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    cure = serializers.CharField()


class BriefQuestionSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    text = serializers.CharField()


class PickedSerializer(serializers.Serializer[Any]):
    value = serializers.CharField()
    text = serializers.CharField()


class AnsweredSerializer(serializers.Serializer[interview.Answered]):
    question = BriefQuestionSerializer()
    picked = PickedSerializer(many=True, help_text="Empty: not sure.")
    unsure = serializers.BooleanField()
    change = serializers.CharField(help_text="Query string that asks this question again; all other answers are kept.")


class ChoiceSerializer(serializers.Serializer[interview.Choice]):
    value = serializers.CharField()
    text = serializers.CharField()
    hint = serializers.CharField()
    checked = serializers.BooleanField(help_text="Whether it was picked before; so while an answer is being changed.")
    likely = serializers.BooleanField(help_text="Whether to show it at once; false: behind 'more answers'.")


class AskedQuestionSerializer(serializers.Serializer[interview.AskedQuestion]):
    """The question to ask next. Its answer is one more `id=value` in the query string; `id=unsure` skips it."""

    id = serializers.CharField()
    text = serializers.CharField()
    help = serializers.CharField()
    kind = serializers.ChoiceField(choices=Question.Kind.choices)
    max_picks = serializers.IntegerField(allow_null=True)
    options = ChoiceSerializer(many=True)
    unsure = serializers.BooleanField()
    why = serializers.CharField(help_text="Why it is asked now.")
    bits = serializers.FloatField(help_text="Expected information gain.")


class ReasonSerializer(serializers.Serializer[explain.Reason]):
    """What one answer did to one entry."""

    question = BriefQuestionSerializer()
    picked_text = serializers.CharField()
    bits = serializers.FloatField(help_text="Against `none of these fits`: above 0 speaks for the entry.")
    sentence = serializers.CharField()
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # as in catalog.serializers
    verified = serializers.BooleanField(help_text="Whether somebody read it in that source.")


class RelativeSerializer(serializers.Serializer[explain.Relative]):
    """An entry that shares a place with its leader."""

    entry = BriefEntrySerializer()
    probability = serializers.FloatField()


class PlaceSerializer(serializers.Serializer[explain.Place]):
    """One place of the ranking."""

    entry = BriefEntrySerializer()
    probability = serializers.FloatField()
    relatives = RelativeSerializer(
        many=True,
        help_text="What shares this place: of the same family, as good as its leader, or a model that runs in it.",
    )
    prior_bits = serializers.FloatField()
    bits = serializers.DictField(
        child=serializers.FloatField(),
        help_text="By question. With `prior_bits` they add up to log2(`probability` / `none_fits`).",
    )
    reasons = ReasonSerializer(many=True, help_text="For it, largest first.")
    conflicts = ReasonSerializer(many=True, help_text="Against it, largest first.")
    unknowns = serializers.ListField(child=serializers.CharField(), help_text="Questions its card is silent on.")
    runs = serializers.ListField(child=serializers.CharField(), help_text="Slugs of `run-tools` that run it here.")


class ExclusionSerializer(serializers.Serializer[explain.Exclusion]):
    """An entry that an answer rules out."""

    entry = NamedEntrySerializer()
    question = BriefQuestionSerializer()
    sentence = serializers.CharField()
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # as in catalog.serializers


class StepLinksSerializer(serializers.Serializer[Any]):
    self = serializers.URLField(help_text="This step, by its answers alone.")
    page = serializers.URLField(help_text="The same step on the website.")
    results = serializers.URLField(help_text="The same ranking on the website, with reasons.")


class StepSerializer(serializers.Serializer[interview.Step]):
    """Where an interview stands, computed from its answers alone."""

    query = serializers.CharField(help_text="The answers that were understood, as a query string.")
    answers = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), help_text="By question; an empty list: not sure."
    )
    answered = AnsweredSerializer(many=True)
    question = AskedQuestionSerializer(allow_null=True, help_text="The next question; null when none is left to ask.")
    ranking = PlaceSerializer(many=True, help_text="Best first, at most ten.")
    runnable = PlaceSerializer(many=True, help_text="The likeliest that run on this server.")
    excluded = ExclusionSerializer(many=True, help_text="Ruled out by an answer.")
    none_fits = serializers.FloatField(help_text="Probability that nothing in the catalog fits.")
    verdict = serializers.ChoiceField(
        choices=["asking", "clear", "unsure", "none"],
        help_text="`asking`: go on. `clear`: the leading three hold the right one. `unsure`: they may not, and no "
        "question would help. `none`: that nothing fits is the likeliest.",
    )
    sure = serializers.FloatField(
        help_text="Probability that the right one is among the first three places, relatives included."
    )
    finished = serializers.BooleanField(help_text="Whether no further question is worth asking.")
    number = serializers.IntegerField(help_text="How many questions were answered or skipped.")
    problems = ProblemInQuerySerializer(many=True)
    revision = serializers.CharField(help_text="The state of the catalog; the same step under it never changes.")
    links = serializers.SerializerMethodField()

    @extend_schema_field(StepLinksSerializer)
    def get_links(self, step: interview.Step) -> dict[str, str]:
        routes = {
            "self": "recommender_api:recommendations",
            "page": "recommender:find",
            "results": "recommender:results",
        }
        query = f"?{step.query}" if step.query else ""
        return {name: absolute(self, reverse(route) + query) for name, route in routes.items()}

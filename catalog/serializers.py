"""How questions, entries and claims look as JSON."""

from __future__ import annotations

from typing import Any, cast

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from catalog import deriving, sheets
from catalog.models import Claim, Entry, Option, Question


def absolute(serializer: serializers.BaseSerializer[Any], path: str) -> str:
    """Return a path of this site with its host, as the request named it."""
    return cast(Request, serializer.context["request"]).build_absolute_uri(path)


class OptionSerializer(serializers.ModelSerializer[Option]):
    includes = serializers.ListField(child=serializers.CharField(), help_text="Narrower options of the same question.")

    class Meta:
        model = Option
        fields = ["value", "text", "hint", "includes"]


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """A question of the bank. Every question also takes the answer `unsure`."""

    options = OptionSerializer(many=True)
    # Named here, since its range would otherwise be that of the database in use.
    max_picks = serializers.IntegerField(
        allow_null=True, min_value=1, max_value=99, help_text="Largest number of options a person may tick."
    )
    applies_when = serializers.DictField(
        allow_null=True, help_text="A condition on earlier answers under which it is asked; null means always."
    )
    hard = serializers.ListField(
        child=serializers.CharField(), help_text="Options that rule out entries which plainly lack them."
    )

    class Meta:
        model = Question
        fields = ["id", "text", "help", "why", "kind", "max_picks", "applies_when", "hard", "options"]


class NamedEntrySerializer(serializers.ModelSerializer[Entry]):
    """A tool or a model by name, with its address in this API."""

    address = serializers.SerializerMethodField(help_text="Its address in this API.")

    class Meta:
        model = Entry
        fields = ["slug", "kind", "name", "address"]

    def get_address(self, entry: Entry) -> str:
        return absolute(self, reverse(f"catalog_api:{entry.kind}", args=[entry.slug]))


class BriefEntrySerializer(NamedEntrySerializer):
    """A tool or a model, in short."""

    platforms = serializers.ListField(child=serializers.CharField())
    use_as = serializers.ListField(child=serializers.CharField())
    hosts = serializers.ListField(child=serializers.CharField(), help_text="Slugs of the programs it runs in.")
    runs_in = serializers.ListField(child=serializers.CharField(), help_text="For a model: the tools that run it.")
    runs = serializers.ListField(child=serializers.CharField(), help_text="Slugs of `run-tools` that run it here.")
    open_source = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField(help_text="Its page on this website.")

    class Meta(NamedEntrySerializer.Meta):
        fields = [
            "slug", "kind", "name", "summary", "homepage", "licence", "open_source", "cost", "platforms", "use_as",
            "hosts", "runs_in", "reach", "runs", "page", "address",
        ]  # fmt: skip

    def get_open_source(self, entry: Entry) -> bool:
        return deriving.is_open(entry.licence)

    def get_page(self, entry: Entry) -> str:
        return absolute(self, entry.get_absolute_url())


class ClaimSerializer(serializers.ModelSerializer[Claim]):
    """One sourced statement: how well the entry suits one option of one question."""

    question = serializers.CharField(source="option.question_id")
    option = serializers.CharField(source="option.value")
    text = serializers.CharField(source="option.text")
    strength = serializers.FloatField(help_text="From 0 (it does not) to 1 (made for it).")
    words = serializers.SerializerMethodField(help_text="The strength in words.")
    read = serializers.DateField(
        allow_null=True, help_text="The day on which somebody read it in the source; null: recalled, not verified."
    )
    verified = serializers.BooleanField(read_only=True)
    confirmed = serializers.DateField(
        allow_null=True, help_text="The day of a second, independent reading that agreed; null: there was none."
    )
    follows_from = serializers.CharField(
        help_text="The fact it follows from, such as `licence`; empty: stated on the card."
    )

    class Meta:
        model = Claim
        fields = [
            "question", "option", "text", "strength", "words", "source", "read", "verified", "confirmed",
            "follows_from",
        ]  # fmt: skip

    def get_words(self, claim: Claim) -> str:
        return sheets.strength_words(claim.strength)


class MaintenanceSerializer(serializers.Serializer[Any]):
    state = serializers.CharField(help_text="active, slow, dormant or ended")
    as_of = serializers.DateField(required=False)
    source = serializers.URLField(required=False)  # type: ignore[assignment]  # a field named as DRF's attribute


class EntrySerializer(BriefEntrySerializer):
    """A tool or a model with everything that is known of it. What no claim speaks of is unknown, not absent."""

    aliases = serializers.ListField(child=serializers.CharField())
    keywords = serializers.ListField(child=serializers.CharField())
    assays = serializers.ListField(child=serializers.CharField(), help_text="Assays and experiments it is used for.")
    made_for = serializers.ListField(child=serializers.CharField(), help_text="As a biologist would say it.")
    superseded_by = serializers.CharField(help_text="Slug of the entry that took its place; empty: none.")
    interchangeable_with = serializers.ListField(
        child=serializers.CharField(), help_text="Slugs of entries that would serve as well."
    )
    tutorials = serializers.ListField(child=serializers.URLField())
    maintenance = serializers.SerializerMethodField()
    claims = serializers.SerializerMethodField()
    similar = serializers.SerializerMethodField(
        help_text="The answers somebody would give for whom this entry is the right one, as a query string."
    )

    class Meta(BriefEntrySerializer.Meta):
        fields = [
            *BriefEntrySerializer.Meta.fields, "repository", "documentation", "tutorials", "citation", "weights",
            "framework", "family", "superseded_by", "interchangeable_with", "aliases", "keywords", "assays", "made_for",
            "maintenance", "source", "read", "similar", "claims",
        ]  # fmt: skip

    @extend_schema_field(MaintenanceSerializer(allow_null=True))
    def get_maintenance(self, entry: Entry) -> dict[str, Any] | None:
        return entry.maintenance or None

    @extend_schema_field(ClaimSerializer(many=True))
    def get_claims(self, entry: Entry) -> Any:
        return ClaimSerializer(many=True, instance=sheets.claims_of(entry)).data

    def get_similar(self, entry: Entry) -> str:
        return sheets.similar_query(sheets.claims_of(entry))

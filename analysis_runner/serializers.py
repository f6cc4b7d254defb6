"""How samples, tools that run here, jobs and their files look as JSON."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analysis_runner import fitting, parameters
from analysis_runner.descriptions import Tool
from analysis_runner.models import Artifact, Job, Sample


class UploadSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(
        help_text="The image: TIFF, OME-TIFF, PNG, JPEG, CZI, ND2, LIF, PTU, SDT, NPY or zipped OME-Zarr."
    )


class SampleSerializer(serializers.ModelSerializer[Sample]):
    inspection = serializers.DictField(
        help_text="What the file says: format, axes (OME letters), shape, dtype, pixel_size_um, time_step_s, channels, "
        "series, facts. Empty until the state is `ready`."
    )
    preview = serializers.SerializerMethodField(help_text="Address of a small PNG; null if there is none.")
    owner_token = serializers.SerializerMethodField(
        help_text="Shown once, with your first upload; null ever after. Send it as `Authorization: Bearer <token>`."
    )

    class Meta:
        model = Sample
        fields = [
            "id", "state", "name", "kind", "size", "sha256", "inspection", "preview",
            "reason", "sentence", "cure", "created", "delete_after", "removed", "owner_token",
        ]  # fmt: skip
        read_only_fields = fields

    def get_owner_token(self, _: Sample) -> str | None:
        token: str | None = self.context.get("owner_token")
        return token

    def get_preview(self, sample: Sample) -> str | None:
        if not sample.inspection.get("preview"):
            return None
        return reverse("runner_api:preview", args=[sample.pk])


class OutputSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.CharField()
    text = serializers.CharField()


class ColumnSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    text = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    meaning = serializers.CharField()


class CitationSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    doi = serializers.CharField(allow_null=True)


class RunToolSerializer(serializers.Serializer[Tool]):
    """One runnable tool, as its folder describes it."""

    slug = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    version = serializers.CharField()
    entries = serializers.ListField(child=serializers.CharField(), source="entry", help_text="Slugs in the catalog.")
    axes = serializers.CharField(source="input.axes", help_text="Axes of the image it takes, as OME letters.")
    needs = serializers.CharField(source="input.description")
    max_pixels = serializers.IntegerField(source="input.max_pixels")
    queue = serializers.CharField()
    seconds = serializers.FloatField(source="limits.seconds")
    memory_mb = serializers.IntegerField(source="limits.memory_mb")
    parameters = serializers.SerializerMethodField(help_text="JSON Schema of a job's `parameters`.")
    outputs = OutputSerializer(many=True)
    columns = ColumnSerializer(many=True)
    citations = CitationSerializer(many=True, source="citation")
    trust = serializers.ListField(
        child=serializers.CharField(), source="limits_text", help_text="When not to trust it."
    )

    @extend_schema_field({"type": "object"})
    def get_parameters(self, tool: Tool) -> dict[str, Any]:
        return parameters.schema(tool)


class AskSerializer(serializers.Serializer[Any]):
    """What is asked for. Choices that the sample does not leave open are not needed."""

    tool = serializers.CharField(help_text="A slug of `run-tools`.")
    sample = serializers.UUIDField()
    parameters = serializers.DictField(
        required=False, default=dict, help_text="By name; what is left out has its default."
    )
    channel = serializers.IntegerField(required=False, allow_null=True, min_value=0, help_text="Counted from 0.")
    plane = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, help_text="Plane or time point, counted from 0."
    )
    series = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    pixel_size_xy_um = serializers.FloatField(
        required=False, allow_null=True, help_text="Width of a pixel, where the file does not say or is wrong."
    )
    pixel_size_z_um = serializers.FloatField(required=False, allow_null=True, help_text="Distance between planes.")
    time_step_s = serializers.FloatField(required=False, allow_null=True, help_text="Time between frames.")
    stack = serializers.ChoiceField(
        required=False, allow_blank=True, choices=list(fitting.MEANINGS),
        help_text="What a stack holds, where the file does not say: Z depth, T time, C channels, H lifetime bins.",
    )  # fmt: skip


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    address = serializers.SerializerMethodField(help_text="Where to fetch it, with the same Authorization header.")

    class Meta:
        model = Artifact
        fields = ["name", "kind", "text", "content_type", "size", "sha256", "address"]
        read_only_fields = fields

    def get_address(self, artifact: Artifact) -> str:
        return reverse("runner_api:artifact", args=[artifact.job_id, artifact.name])


class JobSerializer(serializers.ModelSerializer[Job]):
    sample = serializers.UUIDField(source="sample_id")
    objects = serializers.IntegerField(
        source="objects_found", allow_null=True, help_text="How many objects were found."
    )
    ahead = serializers.IntegerField(help_text="Jobs of its queue that wait before it.")
    measures = serializers.DictField()
    parameters = serializers.DictField(help_text="Every parameter with the value used.")
    selection = serializers.DictField(help_text="Axes as they were read; channel, plane and series that were chosen.")
    warnings = serializers.ListField(child=serializers.CharField())
    artifacts = ArtifactSerializer(many=True)

    class Meta:
        model = Job
        fields = [
            "id", "state", "tool", "version", "environment", "sample", "parameters", "selection", "queue", "ahead",
            "attempt", "progress", "doing", "reason", "sentence", "cure", "objects", "summary", "measures", "warnings",
            "isolation", "seconds", "peak_mb", "artifacts", "created", "started", "finished", "delete_after", "removed",
        ]  # fmt: skip
        read_only_fields = fields


class ProblemSerializer(serializers.Serializer[Any]):
    """A refusal, as application/problem+json (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Machine-readable and stable.")
    cure = serializers.CharField(help_text="What to do about it.")

"""The JSON API of samples, tools that run here, jobs and their files.

Ownership without accounts: the first upload answers with an `owner_token`; whoever sends it as
`Authorization: Bearer <token>` owns what was uploaded with it. Other people's ids answer 404.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest
from django.urls import include, path, reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analysis_runner import asking, calibration, fitting, lifecycle, owners, receiving, tidying
from analysis_runner.descriptions import all_tools, find_tool
from analysis_runner.models import Artifact, Job, Sample
from analysis_runner.refusals import Refusal
from analysis_runner.serializers import (
    ArtifactSerializer,
    AskSerializer,
    JobSerializer,
    ProblemSerializer,
    RunToolSerializer,
    SampleSerializer,
    UploadSerializer,
)
from analysis_runner.views.files import serve

OWNER = OpenApiParameter(
    "Authorization", str, OpenApiParameter.HEADER, description="`Bearer <owner_token>`", required=True
)
FIRST = OpenApiParameter(
    "Authorization", str, OpenApiParameter.HEADER, description="`Bearer <owner_token>`; leave it out the first time."
)
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Send the same key again and you get the same job again.",
)


def problems(*statuses: int) -> dict[int, Any]:
    return dict.fromkeys(statuses, ProblemSerializer)


class Samples(APIView):
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="samples_create",
        summary="Upload an image",
        parameters=[FIRST],
        request={"multipart/form-data": UploadSerializer},
        responses={201: SampleSerializer} | problems(400, 413, 415, 422, 429),
    )
    def post(self, request: Request) -> Response:
        """Keep an image and look at it. Ask for the sample until its state is `ready` or `refused`."""
        known = owners.program_token(_plain(request))
        if not known and "Authorization" in request.headers:
            raise _not_signed()
        token = known or owners.new_token()
        file = request.FILES.get("file")
        receiving.refuse_if_stopped(_plain(request))
        if file is None:
            raise Refusal(
                400, "no_file", "There is no file in the request.", "Send multipart/form-data with a part named 'file'."
            )
        owner, address = owners.owner_of(token), owners.address_of(_plain(request))
        sample = receiving.receive(file, file.name or "", owner, address)
        where = {"Location": reverse("runner_api:sample", args=[sample.pk])}
        shown = SampleSerializer(sample, context={"owner_token": None if known else token})
        return Response(shown.data, status=201, headers=where)


class OneSample(APIView):
    @extend_schema(
        operation_id="samples_retrieve",
        summary="One sample: its state and what was found in it",
        parameters=[OWNER],
        responses={200: SampleSerializer} | problems(401, 404),
    )
    def get(self, request: Request, sample_id: UUID) -> Response:
        return Response(SampleSerializer(_sample(request, sample_id)).data)

    @extend_schema(
        operation_id="samples_destroy",
        summary="Delete a sample and everything made from it, now",
        parameters=[OWNER],
        responses={204: None} | problems(401, 404),
    )
    def delete(self, request: Request, sample_id: UUID) -> Response:
        tidying.remove_everything(_sample(request, sample_id))
        return Response(status=204)


class Preview(APIView):
    @extend_schema(
        operation_id="samples_preview",
        summary="A small picture of a sample",
        parameters=[OWNER],
        responses={(200, "image/png"): OpenApiTypes.BINARY} | problems(401, 404),
    )
    def get(self, request: Request, sample_id: UUID) -> FileResponse:
        sample = _sample(request, sample_id)
        shown = Artifact.objects.filter(job__sample=sample, job__kind=Job.Kind.INSPECT, name="preview.png").first()
        if shown is None:
            raise Refusal(404, "not_found", "This sample has no preview.", "Ask again once its state is 'ready'.")
        return serve(shown, inline=True)


class RunTools(APIView):
    @extend_schema(
        operation_id="run_tools_list", summary="The tools that run here", responses={200: RunToolSerializer(many=True)}
    )
    def get(self, _: Request) -> Response:
        serializer: Any = RunToolSerializer
        return Response(serializer(list(all_tools().values()), many=True).data)


class OneRunTool(APIView):
    @extend_schema(
        operation_id="run_tools_retrieve",
        summary="One tool: what it takes, its parameters as JSON Schema, what it gives",
        responses={200: RunToolSerializer} | problems(404),
    )
    def get(self, _: Request, slug: str) -> Response:
        return Response(RunToolSerializer(find_tool(slug)).data)


class Jobs(APIView):
    @extend_schema(
        operation_id="jobs_create",
        summary="Run a tool on a sample",
        parameters=[OWNER, KEY],
        request=AskSerializer,
        responses={
            201: JobSerializer,
            200: OpenApiResponse(JobSerializer, "The job of an earlier request with this key."),
        }
        | problems(400, 401, 404, 409, 410, 422, 429),
    )
    def post(self, request: Request) -> Response:
        """Queue a run. Nothing is guessed: a choice the sample leaves open (a channel, a plane) must be made."""
        owner = _owner(request)
        asked = AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        sample = Sample.objects.filter(pk=values["sample"], owner=owner).first()
        if sample is None:
            raise _not_found("sample", values["sample"])
        names = (*fitting.CHOICES, *calibration.NAMES)
        chosen = {name: values[name] for name in names if values.get(name) is not None}
        job, new = asking.ask(
            find_tool(values["tool"]),
            sample,
            values["parameters"],
            chosen,
            address=owners.address_of(_plain(request)),
            key=_key(request),
        )
        where = {"Location": reverse("runner_api:job", args=[job.pk])}
        return Response(JobSerializer(job).data, status=201 if new else 200, headers=where)


class OneJob(APIView):
    @extend_schema(
        operation_id="jobs_retrieve",
        summary="One job: its state, progress and result",
        parameters=[OWNER],
        responses={200: JobSerializer} | problems(401, 404),
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        return Response(JobSerializer(_job(request, job_id)).data)

    @extend_schema(
        operation_id="jobs_destroy",
        summary="Delete a job's results, now; it is cancelled first if it still runs",
        parameters=[OWNER],
        responses={204: None} | problems(401, 404),
    )
    def delete(self, request: Request, job_id: UUID) -> Response:
        tidying.remove_job(_job(request, job_id))
        return Response(status=204)


class Cancel(APIView):
    @extend_schema(
        operation_id="jobs_cancel",
        summary="Cancel a job; one that has ended stays as it is",
        parameters=[OWNER],
        request=None,
        responses={200: JobSerializer} | problems(401, 404),
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        lifecycle.cancel(_job(request, job_id).pk)
        return Response(JobSerializer(_job(request, job_id)).data)


class Artifacts(APIView):
    @extend_schema(
        operation_id="artifacts_list",
        summary="The files that a job made",
        parameters=[OWNER],
        responses={200: ArtifactSerializer(many=True)} | problems(401, 404),
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        return Response(ArtifactSerializer(_job(request, job_id).artifacts.all(), many=True).data)


class OneArtifact(APIView):
    @extend_schema(
        operation_id="artifacts_retrieve",
        summary="One file",
        parameters=[OWNER],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY} | problems(401, 404),
    )
    def get(self, request: Request, job_id: UUID, name: str) -> FileResponse:
        artifact = Artifact.objects.filter(job=_job(request, job_id), name=name).first()
        if artifact is None:
            raise Refusal(404, "not_found", f"This job has no file '{name[:60]}'.", "See the list of its artifacts.")
        return serve(artifact)


def _plain(request: Request) -> HttpRequest:
    plain: HttpRequest = request._request
    return plain


def _owner(request: Request) -> str:
    token = owners.program_token(_plain(request))
    if not token:
        raise _not_signed()
    return owners.owner_of(token)


def _sample(request: Request, sample_id: UUID) -> Sample:
    sample = Sample.objects.filter(pk=sample_id, owner=_owner(request)).first()
    if sample is None:
        raise _not_found("sample", sample_id)
    return sample


def _job(request: Request, job_id: UUID) -> Job:
    job = Job.objects.filter(pk=job_id, owner=_owner(request), kind=Job.Kind.RUN).first()
    if job is None:
        raise _not_found("job", job_id)
    return job


def _key(request: Request) -> str:
    key: str = request.headers.get("Idempotency-Key", "")
    if len(key) > 128:
        raise Refusal(400, "key_too_long", "The Idempotency-Key is longer than 128 characters.", "Send a UUID.")
    return key


def _not_signed() -> Refusal:
    sentence = "The header Authorization is missing, or does not hold a token of this site."
    return Refusal(
        401, "owner_token_missing", sentence, "Send 'Bearer ' and the owner_token that came with your first upload."
    )


def _not_found(what: str, identifier: object) -> Refusal:
    return Refusal(404, "not_found", f"There is no {what} {identifier} of yours.", "Check the id and the owner token.")


_routes = [
    path("samples/", Samples.as_view(), name="samples"),
    path("samples/<uuid:sample_id>/", OneSample.as_view(), name="sample"),
    path("samples/<uuid:sample_id>/preview/", Preview.as_view(), name="preview"),
    path("run-tools/", RunTools.as_view(), name="run_tools"),
    path("run-tools/<slug:slug>/", OneRunTool.as_view(), name="run_tool"),
    path("jobs/", Jobs.as_view(), name="jobs"),
    path("jobs/<uuid:job_id>/", OneJob.as_view(), name="job"),
    path("jobs/<uuid:job_id>/cancel/", Cancel.as_view(), name="cancel"),
    path("jobs/<uuid:job_id>/artifacts/", Artifacts.as_view(), name="artifacts"),
    path("jobs/<uuid:job_id>/artifacts/<str:name>/", OneArtifact.as_view(), name="artifact"),
]
urlpatterns = [path("", include((_routes, "runner_api")))]

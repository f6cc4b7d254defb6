"""The JSON API of the catalog: questions, tools and models, to be read by anybody."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.paginator import EmptyPage, Paginator
from django.urls import include, path
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import searching
from catalog.models import Entry, Question
from catalog.queries import EntryQuery
from catalog.serializers import BriefEntrySerializer, EntrySerializer, QuestionSerializer


class EntryPageSerializer(serializers.Serializer[Any]):
    """One page of a list."""

    count = serializers.IntegerField(help_text="How many there are on all pages.")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    facets = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="By filter and value: how many entries there would be if that value were chosen.",
    )
    results = BriefEntrySerializer(many=True)


class Missing(NotFound):
    """Nothing of this name; the cure says what there is instead."""

    def __init__(self, sentence: str, cure: str) -> None:
        super().__init__(sentence)
        self.cure = cure


class Questions(APIView):
    @extend_schema(
        operation_id="questions_list",
        summary="All questions, with their options",
        responses={200: QuestionSerializer(many=True)},
    )
    def get(self, _: Request) -> Response:
        """List the bank in its own order; an interview asks in the order that tells most."""
        questions = Question.objects.prefetch_related("options")
        return Response(QuestionSerializer(many=True, instance=questions).data)


class OneQuestion(APIView):
    @extend_schema(
        operation_id="questions_retrieve",
        summary="One question, by its id or an earlier id",
        responses={200: QuestionSerializer},
    )
    def get(self, _: Request, question_id: str) -> Response:
        for question in Question.objects.prefetch_related("options"):
            if question_id in (question.pk, *question.aliases):
                return Response(QuestionSerializer(question).data)
        raise Missing(f"There is no question {question_id[:60]!r}.", "/api/v1/questions/ lists all of them.")


class Entries(APIView):
    kind: ClassVar[Entry.Kind]

    def get(self, request: Request) -> Response:
        """Search and filter. With words the best match comes first, without them the order is by name."""
        query = EntryQuery(data={name: value for name, value in request.query_params.items() if value})
        query.is_valid(raise_exception=True)
        found = searching.find(self.kind, query.filters)
        pages = Paginator(found, query.validated_data["page_size"])
        try:
            page = pages.page(query.validated_data["page"])
        except EmptyPage:
            number = query.validated_data["page"]
            sentence = f"There is no page {number}; the last one is {pages.num_pages}."
            raise Missing(sentence, "Follow `next` from the first page on.") from None
        listed = BriefEntrySerializer(many=True, instance=list(page.object_list), context={"request": request})
        return Response(
            {
                "count": pages.count,
                "next": _other(request, page.number + 1) if page.has_next() else None,
                "previous": _other(request, page.number - 1) if page.has_previous() else None,
                "facets": found.counts,
                "results": listed.data,
            }
        )


class OneEntry(APIView):
    kind: ClassVar[Entry.Kind]

    def get(self, request: Request, slug: str) -> Response:
        """Return everything known of it: facts, and claims with their sources and the days they were read."""
        entry = Entry.objects.filter(slug=slug).first()
        if entry is None or entry.kind != self.kind:
            where = f"It is a {entry.kind}: /api/v1/{entry.kind}s/{slug}/" if entry else "Search with ?q= in the list."
            raise Missing(f"There is no {self.kind} {slug!r}.", where)
        return Response(EntrySerializer(entry, context={"request": request}).data)


def _list_of(what: str) -> Any:
    said = extend_schema(
        operation_id=f"{what}_list",
        summary=f"Search the {what}",
        parameters=[EntryQuery],
        responses={200: EntryPageSerializer},
    )
    return extend_schema_view(get=said)


def _one_of(what: str) -> Any:
    said = extend_schema(
        operation_id=f"{what}s_retrieve", summary=f"One {what}, with its claims", responses={200: EntrySerializer}
    )
    return extend_schema_view(get=said)


@_list_of("tools")
class Tools(Entries):
    kind = Entry.Kind.TOOL


@_list_of("models")
class Models(Entries):
    kind = Entry.Kind.MODEL


@_one_of("tool")
class OneTool(OneEntry):
    kind = Entry.Kind.TOOL


@_one_of("model")
class OneModel(OneEntry):
    kind = Entry.Kind.MODEL


def _other(request: Request, number: int) -> str:
    query = urlencode(request.query_params.dict() | {"page": str(number)})
    return request.build_absolute_uri(f"{request.path}?{query}")


_routes = [
    path("questions/", Questions.as_view(), name="questions"),
    path("questions/<str:question_id>/", OneQuestion.as_view(), name="question"),
    path("tools/", Tools.as_view(), name="tools"),
    path("tools/<slug:slug>/", OneTool.as_view(), name="tool"),
    path("models/", Models.as_view(), name="models"),
    path("models/<slug:slug>/", OneModel.as_view(), name="model"),
]
urlpatterns = [path("", include((_routes, "catalog_api")))]

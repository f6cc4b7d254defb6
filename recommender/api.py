"""The interview as JSON: the website's own query string in, the website's own Step out."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender.interview import EDIT, step
from recommender.serializers import StepSerializer

ANSWERS = OpenApiParameter(
    "answers",
    {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    style="form",
    explode=True,
    description="Each answer is a parameter of its own, named by the question: `goal.main=count&img.dims=d3_aniso`. "
    "A question that takes several answers repeats its name. `unsure` is allowed everywhere.",
    examples=[
        OpenApiExample("touching nuclei", value={"goal.main": ["count"], "obj.kind": ["nucleus"]}),
        OpenApiExample("nothing answered yet", value={}),
    ],
)
AGAIN = OpenApiParameter(EDIT, str, description="Id of a question to show again, to change its answer.")


class Recommendations(APIView):
    @extend_schema(
        operation_id="recommendations_retrieve",
        summary="The next question and the ranking, given some answers",
        parameters=[ANSWERS, AGAIN],
        responses={200: StepSerializer},
    )
    def get(self, request: Request) -> Response:
        """Start without answers; add the answer to `question` to the query and ask again, until `finished`.

        What cannot be used in the query is left out and named in `problems`; it never fails the request.
        """
        return Response(StepSerializer(step(request.query_params), context={"request": request}).data)


_routes = [path("recommendations/", Recommendations.as_view(), name="recommendations")]
urlpatterns = [path("", include((_routes, "recommender_api")))]

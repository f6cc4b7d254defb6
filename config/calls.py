"""The calls of the API as the page to try them shows them, read from the OpenAPI schema itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

JSON, FORM = "application/json", "multipart/form-data"
SUBJECTS = ("recommendations", "questions", "tools", "models", "run-tools", "samples", "jobs", "index")
EXAMPLES = {
    ("recommendations", "answers"): "goal.main=count&obj.kind=nucleus",
    ("questions", "question_id"): "img.dims",
    ("tools", "q"): "nuclei",
    ("tools", "slug"): "stardist",
    ("models", "q"): "nuclei",
    ("models", "slug"): "bioimageio-affable-shark",
    ("run-tools", "slug"): "nuclei-2d",
}
"""What a field is filled with at first."""
WORDS = {"uri": "address", "uuid": "UUID", "date-time": "time", "date": "date", "binary": "file"}


@dataclass(frozen=True)
class Field:
    """One thing to fill in, or one field of an answer."""

    name: str
    where: str
    kind: str
    text: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    shape: str = ""
    """Name of the shape of its value, if it has one."""
    example: str = ""


@dataclass(frozen=True)
class Answer:
    status: str
    kind: str
    shape: str


@dataclass(frozen=True)
class Call:
    """One operation. `owner` says whether it takes the owner's token: needed, optional, or empty."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    owner: str
    fields: tuple[Field, ...]
    body: str
    """An example of its JSON body; empty if it takes none."""
    body_shape: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Shape:
    """One kind of object in the requests and answers."""

    name: str
    text: str
    fields: tuple[Field, ...]


@lru_cache(maxsize=1)
def everything() -> tuple[list[tuple[str, list[Call]]], list[Shape]]:
    """Return the calls by subject, and the shapes of what they take and answer."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    reader = _Reader(schema["components"]["schemas"])
    calls: dict[str, list[Call]] = {subject: [] for subject in SUBJECTS}
    for path, methods in schema["paths"].items():
        for method, said in methods.items():
            calls.setdefault(said["tags"][0], []).append(reader.call(method, path, said))
    return list(calls.items()), list(reader.shapes())


class _Reader:
    """Reads operations and shapes out of a schema whose components are `known`."""

    def __init__(self, known: dict[str, Any]) -> None:
        self.known = known

    def call(self, method: str, path: str, said: dict[str, Any]) -> Call:
        content = said.get("requestBody", {}).get("content", {})
        body = content[JSON]["schema"] if JSON in content else {}
        form = self._found(content[FORM]["schema"]) if FORM in content and not body else {}
        security = said.get("security", [])
        parts = [
            self._field(n, part, "body", n in form.get("required", ()))
            for n, part in form.get("properties", {}).items()
        ]
        return Call(
            id=said["operationId"],
            method=method.upper(),
            path=path,
            summary=said["summary"],
            text=said.get("description", ""),
            owner="" if not security else "optional" if {} in security else "needed",
            fields=(*(self._parameter(p, said["tags"][0]) for p in said.get("parameters", ())), *parts),
            body=_example(self._found(body)),
            body_shape=self._kind(body)[1],
            answers=tuple(self._answers(said["responses"])),
        )

    def shapes(self) -> Iterator[Shape]:
        for name, said in self.known.items():
            if "properties" in said:
                fields = [
                    self._field(n, s, "answer", n in said.get("required", ())) for n, s in said["properties"].items()
                ]
                yield Shape(name, said.get("description", ""), tuple(fields))

    def _answers(self, responses: dict[str, Any]) -> Iterator[Answer]:
        for status, said in responses.items():
            if "$ref" in said:
                continue
            media_type, content = next(iter(said.get("content", {"nothing": {}}).items()))
            kind, shape = self._kind(content.get("schema", {}))
            yield Answer(status, kind if media_type == JSON else media_type, shape)

    def _parameter(self, said: dict[str, Any], subject: str) -> Field:
        field = self._field(said["name"], said["schema"], said["in"], said.get("required", False))
        return replace(
            field,
            where="answers" if said["schema"].get("type") == "object" else field.where,
            text=said.get("description", field.text),
            example=EXAMPLES.get((subject, field.name), ""),
        )

    def _field(self, name: str, said: dict[str, Any], where: str, required: bool) -> Field:
        kind, shape = self._kind(said)
        found = self._found(said)
        text = said.get("description", "")
        return Field(name, where, kind, text, required, tuple(map(str, found.get("enum", ()))), shape)

    def _kind(self, said: dict[str, Any]) -> tuple[str, str]:
        """Return the type of a value in words, and the name of its shape."""
        for several in ("oneOf", "allOf", "anyOf"):
            if several in said:
                kinds = [self._kind(part) for part in said[several] if part.get("$ref", "")[-9:] != "BlankEnum"]
                return " or ".join(dict.fromkeys(k for k, _ in kinds)), next((s for _, s in kinds if s), "")
        found = self._found(said)
        if "enum" in found:
            return "one of " + ", ".join(map(str, found["enum"])), ""
        if "$ref" in said:
            name = said["$ref"].rsplit("/", 1)[-1]
            return name, name
        kind = said.get("type", "anything")
        if kind == "array":
            inner, shape = self._kind(said.get("items", {}))
            return f"list of {inner}", shape
        return WORDS.get(said.get("format", ""), " or ".join(kind) if isinstance(kind, list) else kind), ""

    def _found(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return what a reference refers to."""
        found: dict[str, Any] = self.known[said["$ref"].rsplit("/", 1)[-1]] if "$ref" in said else said
        return found


def _example(body: dict[str, Any]) -> str:
    """Return a JSON body with everything that must be there, and what may hold more."""
    if "properties" not in body:
        return ""
    empty = {"object": {}, "array": [], "integer": 0, "number": 0.0, "boolean": False}
    wanted = {n: s for n, s in body["properties"].items() if n in body.get("required", ()) or s.get("type") == "object"}
    return json.dumps({name: empty.get(said.get("type", ""), "") for name, said in wanted.items()}, indent=2)

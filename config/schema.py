"""The last touches to the OpenAPI schema, which hold for every operation alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.problems import MEDIA_TYPE

OWNER = "owner_token"
PROBLEM = {
    "type": "object",
    "description": "What is wrong and what to do about it (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "cure", "instance"],
    "properties": {
        "type": {"type": "string", "description": "Always `about:blank`; `code` tells problems apart."},
        "title": {"type": "string", "description": "The phrase that belongs to the status."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, as a sentence for people."},
        "code": {"type": "string", "description": "Machine-readable and stable."},
        "cure": {"type": "string", "description": "What to do about it."},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "errors": {
            "type": "array",
            "description": "What is wrong with which field, where fields are at fault.",
            "items": {
                "type": "object",
                "required": ["field", "detail", "code"],
                "properties": {name: {"type": "string"} for name in ("field", "detail", "code")},
            },
        },
    },
}
TOLD = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def finish(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of every operation how it refuses, and of those that need the owner's token that they do."""
    parts = result.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = PROBLEM
    parts["responses"] = {"Problem": {"description": "Refused.", "content": TOLD}}
    parts["securitySchemes"] = {
        OWNER: {
            "type": "http",
            "scheme": "bearer",
            "description": "The `owner_token` that came with your first upload.",
        }
    }
    for operation in _operations(result):
        _refusals(operation["responses"])
        _security(operation)
    return result


def _operations(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in result["paths"].values():
        yield from (operation for operation in path.values() if isinstance(operation, dict))


def _refusals(responses: dict[str, Any]) -> None:
    for status in [s for s in responses if s.startswith(("4", "5"))]:
        responses[status] = {"$ref": "#/components/responses/Problem"}
    responses["default"] = {"$ref": "#/components/responses/Problem"}


def _security(operation: dict[str, Any]) -> None:
    """Turn the parameter Authorization, which OpenAPI ignores, into the security scheme it stands for."""
    parameters = operation.get("parameters", [])
    named = [p for p in parameters if p["in"] == "header" and p["name"] == "Authorization"]
    operation.pop("security", None)
    if not named:
        return
    operation["security"] = [{OWNER: []}] if named[0].get("required") else [{}, {OWNER: []}]
    operation["parameters"] = [p for p in parameters if p not in named]
    if not operation["parameters"]:
        del operation["parameters"]

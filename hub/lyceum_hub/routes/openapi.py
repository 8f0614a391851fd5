"""The OpenAPI 3.1 document, made from the registry."""

from __future__ import annotations

from typing import Any

import msgspec

from lyceum_hub import VERSION
from lyceum_hub.errors import STATUS
from lyceum_hub.operations import REGISTRY, Operation, Who

from .peer import COOKIE

_REF = "#/components/schemas/{name}"

_MEANING = {
    400: "Malformed JSON",
    401: "Not signed in, or wrong credentials",
    403: "Not allowed",
    404: "No such thing, or not the caller's",
    409: "Not possible in the present state",
    413: "Too large",
    415: "Not JSON",
    422: "A field is not valid",
    429: "Too many; see Retry-After",
    500: "Something went wrong in the hub",
    503: "Not available at the moment; repeat the call",
    504: "A host did not answer in time",
    507: "The project's disk quota is used up",
}


class ErrorDetail(msgspec.Struct, omit_defaults=True):
    """A code for programs, a sentence for people."""

    code: str
    message: str
    field: str | None = None
    retry_after: int | None = None


class ErrorAnswer(msgspec.Struct):
    """How every call fails."""

    error: ErrorDetail


def document(site_name: str) -> dict[str, Any]:
    """Return the document."""
    operations = [REGISTRY[name] for name in sorted(REGISTRY)]
    kinds: list[Any] = [kind for operation in operations for kind in (operation.input, operation.output)]
    kinds = list(dict.fromkeys([*kinds, ErrorAnswer]))
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    by_kind = dict(zip(kinds, schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{site_name}: the hub's operations", "version": VERSION},
        "servers": [{"url": "/api/v1"}],
        "paths": {f"/{operation.name}": {"post": _path(operation, by_kind)} for operation in operations},
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "api_key": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def encoded(site_name: str) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.encode(document(site_name))


def _path(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    open_to_all = operation.who is Who.ANYBODY
    failures = {
        str(status): _answer(_MEANING[status], schemas[ErrorAnswer])
        for status in sorted(set(STATUS.values()))
        if status in _MEANING
    }
    return {
        "operationId": operation.name,
        "summary": operation.description.split("\n", 1)[0],
        "description": f"{operation.description}\n\nFor {operation.who.value}.",
        "security": [] if open_to_all else [{"session": []}, {"api_key": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schemas[operation.input]}}},
        "responses": {"200": _answer("Done", schemas[operation.output]), **failures},
    }


def _answer(description: str, schema: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}

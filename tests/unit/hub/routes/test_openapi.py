"""The OpenAPI document."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from lyceum_hub.operations import REGISTRY
from lyceum_hub.routes.openapi import document, encoded
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = document("Lyceum")
SCHEMAS = DOCUMENT["components"]["schemas"]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    return set()


def errors(schema: dict[str, Any], instance: Any) -> list[str]:
    registry = Registry().with_resource("urn:document", Resource(contents=DOCUMENT, specification=DRAFT202012))
    return [
        error.message
        for error in Draft202012Validator({"$ref": f"urn:document{schema['$ref']}"}, registry=registry).iter_errors(
            instance
        )
    ]


def test_it_has_what_openapi_3_1_asks_for() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert set(DOCUMENT["info"]) >= {"title", "version"}
    assert set(DOCUMENT["paths"]) == {f"/{name}" for name in REGISTRY}
    identifiers = [path["post"]["operationId"] for path in DOCUMENT["paths"].values()]
    assert len(set(identifiers)) == len(identifiers)
    for path in DOCUMENT["paths"].values():
        operation = path["post"]
        assert operation["summary"]
        assert operation["requestBody"]["content"]["application/json"]["schema"]
        assert {"200", "401", "403", "404", "422", "429", "503"} <= set(operation["responses"])
        assert all(response["description"] for response in operation["responses"].values())
        for requirement in operation["security"]:
            assert set(requirement) <= set(DOCUMENT["components"]["securitySchemes"])
    assert encoded("Lyceum").startswith(b'{"openapi"')


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)
    assert references(DOCUMENT) <= {f"#/components/schemas/{name}" for name in SCHEMAS}


def test_the_schemas_say_what_the_hub_does() -> None:
    def request(event: str) -> dict[str, Any]:
        schema: dict[str, Any] = DOCUMENT["paths"][f"/{event}"]["post"]["requestBody"]["content"]["application/json"][
            "schema"
        ]
        return schema

    assert errors(request("create_project"), {"title": "x"}) == []
    assert errors(request("create_project"), {}) != []
    assert errors(request("create_project"), {"title": "x", "colour": 1}) != []
    assert errors(request("start_project"), {"project_id": "6f2bd1a7-4f0a-4d5e-9a43-1f0d5b2f7c11", "wait": 601}) != []

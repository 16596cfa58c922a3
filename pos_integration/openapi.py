"""What the OpenAPI description says beyond what the views show by themselves."""

from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from pos_integration.records import Basket

_REF = "#/components/schemas/"


# drf-spectacular and its base classes carry no types for subclasses to check against.
class TerminalScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Every call is signed by a terminal: `Authorization: Bearer TOKEN`."""

    target_class = "pos_integration.auth.TerminalAuthentication"
    name = "terminal"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The token that add_terminal printed for this till.",
        }


PROBLEM = inline_serializer(
    "Problem",
    {
        "type": serializers.CharField(),
        "title": serializers.CharField(),
        "status": serializers.IntegerField(),
        "detail": serializers.CharField(help_text="A sentence for staff"),
        "code": serializers.CharField(help_text="For machines"),
        "errors": inline_serializer(
            "ProblemPart",
            {
                "pointer": serializers.CharField(),
                "code": serializers.CharField(),
                "detail": serializers.CharField(),
            },
            many=True,
        ),
    },
)


def basket_schema() -> dict[str, Any]:
    """Return the JSON Schema of a BASKET, from the very types that check it, without references."""
    (root,), parts = msgspec.json.schema_components([Basket], ref_template=_REF + "{name}")

    def inlined(schema: Any) -> Any:
        if isinstance(schema, list):
            return [inlined(part) for part in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return inlined(parts[schema["$ref"].removeprefix(_REF)])
        return {key: inlined(value) for key, value in schema.items()}

    found = inlined(root)
    assert isinstance(found, dict)
    # Missing is a fault of its own, so the type allows it; no basket is taken without.
    return {**found, "required": ["store", *found["required"]]}

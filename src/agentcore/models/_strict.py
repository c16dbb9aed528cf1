"""The form of a JSON Schema that hosted servers accept with ``strict``, where a schema has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from agentcore.types import JsonSchema

__all__ = ["strict"]

_NAMED: Final = frozenset({"properties", "$defs"})
"""The keys of these are names, not keywords."""
_DROPPED: Final = frozenset({"title", "default", "examples", "$schema", "discriminator"})
"""They hold nobody to anything."""
_REFUSED: Final = frozenset(
    {
        "allOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "dependentSchemas",
        "patternProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "unevaluatedProperties",
        "unevaluatedItems",
        "uniqueItems",
        "contains",
        "prefixItems",
    }
)
"""OpenAI answers a strict schema that has one of these with an error."""


class _NotStrict(Exception):
    """The schema has no strict form."""


def strict(schema: JsonSchema) -> dict[str, Any] | None:
    """Return *schema* with every field required and none added, or None where that cannot say what it says.

    A field with a default becomes required: the model then always writes it.
    Source: OpenAI's guide to structured outputs, "supported schemas".
    """
    if schema.get("type") != "object":
        return None
    try:
        return _strict(schema)
    except _NotStrict:
        return None


def _strict(node: Mapping[str, object]) -> dict[str, Any]:
    if not _REFUSED.isdisjoint(node) or not node:
        raise _NotStrict
    copy: dict[str, Any] = {
        "anyOf" if key == "oneOf" else key: _value(key, value) for key, value in node.items() if key not in _DROPPED
    }
    if node.get("type") == "object" or "properties" in node:
        # An object of any keys cannot be written down: only named fields are allowed.
        if node.get("additionalProperties", False) is not False or not node.get("properties"):
            raise _NotStrict
        copy["additionalProperties"] = False
        copy["required"] = list(copy["properties"])
    if node.get("type") == "array" and "items" not in node:
        raise _NotStrict
    if "$ref" in copy and len(copy) > 1:
        # Nothing may stand beside a reference.
        copy["anyOf"] = [{"$ref": copy.pop("$ref")}]
    if not copy:
        raise _NotStrict
    return copy


def _value(key: str, value: object) -> object:
    if key in _NAMED and isinstance(value, Mapping):
        return {name: _child(child) for name, child in cast("Mapping[str, object]", value).items()}
    if key == "items":
        return _child(value)
    if key in {"anyOf", "oneOf"} and isinstance(value, list):
        return [_child(each) for each in cast("list[object]", value)]
    return value


def _child(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _NotStrict
    return _strict(cast("Mapping[str, object]", value))

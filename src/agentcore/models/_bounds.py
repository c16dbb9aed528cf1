"""Bounds for a JSON Schema that has none, so that a small model cannot run away inside a string or a list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from agentcore.types import JsonSchema

__all__ = ["MAX_ITEMS", "MAX_LENGTH", "bounded"]

MAX_LENGTH: Final = 400
"""Characters of a string without a bound: about 100 tokens, so that some such fields still fit an answer."""
MAX_ITEMS: Final = 10
"""Entries of a list without a bound; the strings in it get a quarter of the length, so that a list fits as well."""

_BOUNDED_ELSEWHERE: Final = frozenset({"enum", "const", "$ref", "anyOf", "oneOf", "allOf"})
_FOLLOWED: Final = re.compile(r"\^(?!.*(?:\\[a-zA-Z]|\(\?)).*\$", re.DOTALL)
"""The patterns that llama.cpp turns into a grammar; for any other it allows any string, bound or not."""


def bounded(schema: JsonSchema, *, max_length: int = MAX_LENGTH, max_items: int = MAX_ITEMS) -> dict[str, Any]:
    """Return a copy of *schema* in which every string has a ``maxLength`` and every list a ``maxItems``.

    Bounds that are there stay; a lower bound above the new upper one moves it up.
    A pattern that cannot be followed gives way to a bound: whoever asked validates the answer anyway.
    """
    return cast("dict[str, Any]", _bounded(schema, max_length, max_items))


def _bounded(node: object, max_length: int, max_items: int) -> object:
    if isinstance(node, list):
        return [_bounded(each, max_length, max_items) for each in cast("list[object]", node)]
    if not isinstance(node, Mapping):
        return node
    copy: dict[str, Any] = {}
    for key, value in cast("Mapping[str, object]", node).items():
        if key in {"properties", "$defs", "definitions", "patternProperties"} and isinstance(value, Mapping):
            # The keys of these are names, not keywords: a field may be called "type".
            children = cast("Mapping[str, object]", value)
            copy[key] = {name: _bounded(child, max_length, max_items) for name, child in children.items()}
        elif key in {"enum", "const", "default", "examples"}:
            copy[key] = value
        elif key == "items":
            copy[key] = _bounded(value, max(1, max_length // 4), max_items)
        else:
            copy[key] = _bounded(value, max_length, max_items)
    _bound_here(copy, max_length, max_items)
    return copy


def _bound_here(node: dict[str, Any], max_length: int, max_items: int) -> None:
    if not _BOUNDED_ELSEWHERE.isdisjoint(node):
        return
    if isinstance(pattern := node.get("pattern"), str):
        if _FOLLOWED.fullmatch(pattern):
            return
        del node["pattern"]
    kinds = node.get("type")
    kinds = cast("list[object]", kinds) if isinstance(kinds, list) else [kinds]
    if "string" in kinds:
        node.setdefault("maxLength", max(max_length, node.get("minLength", 0)))
    if "array" in kinds and "prefixItems" not in node:
        node.setdefault("maxItems", max(max_items, node.get("minItems", 0)))

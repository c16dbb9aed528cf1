"""From what callers pass as a filter to its tree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from agentcore_vectorstore._filters.nodes import EVERYTHING, And, Compare, Filter
from agentcore_vectorstore._filters.parser import parse_filter
from agentcore_vectorstore._json import canonical_json
from agentcore_vectorstore.errors import QueryError

__all__ = ["FilterSpec", "filter_of"]

FilterSpec: TypeAlias = str | Mapping[str, Any] | Filter | None
"""The filter language, a mapping of keys and the values they must have, a tree, or None for everything."""


def filter_of(spec: FilterSpec) -> Filter:
    """Return the tree of *spec*.

    Raises:
        FilterError: The text cannot be read.
        QueryError: A value of the mapping is not JSON.
    """
    if spec is None:
        return EVERYTHING
    if isinstance(spec, str):
        return parse_filter(spec)
    if isinstance(spec, Mapping):
        return And(tuple(Compare((key,), "==", _checked(key, value)) for key, value in spec.items()))
    return spec


def _checked(key: str, value: Any) -> Any:
    try:
        # As JSON reads it back: a tuple is a list.
        checked: dict[str, Any] = json.loads(canonical_json({key: value}))
    except (TypeError, ValueError, RecursionError) as error:
        raise QueryError(
            f"the filter's value for {key!r} is not a JSON value: {error}",
            hint="compare with text, numbers, booleans, None, or lists and objects of them.",
        ) from error
    return checked[key]

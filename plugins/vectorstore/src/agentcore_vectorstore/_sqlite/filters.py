"""From a filter to a condition in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentcore_vectorstore._entries import canonical_json
from agentcore_vectorstore.errors import QueryError

__all__ = ["Condition", "condition_of"]

Condition = tuple[str, tuple[str, ...]]
"""A condition on the table ``document``, and the values for its question marks."""


def condition_of(filter: Mapping[str, Any]) -> Condition:
    """Return the condition under which a document has every value of *filter* in its metadata.

    Values are equal as JSON: ``1`` equals ``1.0`` but not ``true``; None equals null, and not a key that is missing.

    Raises:
        QueryError: A value is not JSON.
    """
    parts: list[str] = []
    values: list[str] = []
    for name, value in filter.items():
        texts = _texts(name, value)
        parts.append(f"metadata -> ? IN ({', '.join('?' * len(texts))})")
        values += [f"$.{canonical_json(name)}", *texts]
    return " AND ".join(parts) or "TRUE", tuple(values)


def _texts(name: str, value: Any) -> list[str]:
    try:
        texts = {canonical_json(value)}
    except (TypeError, ValueError, RecursionError) as error:
        raise QueryError(
            f"the filter's value for {name!r} is not a JSON value: {error}",
            hint="compare with text, numbers, booleans, None, or lists and objects of them.",
        ) from error
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        texts |= _spellings(value)
    return sorted(texts)


def _spellings(number: float) -> set[str]:
    """The JSON texts of every number equal to *number*: documents keep the one they came with."""
    spellings: set[str] = set()
    if number == int(number):
        spellings.add(canonical_json(int(number)))
        if abs(number) <= 2**1023 and float(number) == number:
            spellings.add(canonical_json(float(number)))
    if number == 0:
        spellings.add("-0.0")
    return spellings

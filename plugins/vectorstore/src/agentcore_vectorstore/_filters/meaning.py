"""What a filter means, in plain Python: backends must agree with it, and may use it for what they cannot say."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeGuard

from agentcore_vectorstore._filters.nodes import And, Compare, Contains, Exists, Filter, Not, Or, Path

__all__ = ["as_double", "is_list", "is_number", "is_object", "passes", "same_json"]

_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MISSING: Final = object()


def passes(metadata: Mapping[str, Any], filter: Filter) -> bool:
    """Whether a document with *metadata* passes *filter*."""
    match filter:
        case And(parts):
            return all(passes(metadata, part) for part in parts)
        case Or(parts):
            return any(passes(metadata, part) for part in parts)
        case Not(part):
            return not passes(metadata, part)
        case Exists(path):
            return _value(metadata, path) is not _MISSING
        case Contains(path, value):
            return _contains(_value(metadata, path), value)
        case Compare(path, sign, value):
            return _compares(_value(metadata, path), sign, value)


def same_json(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: numbers by value, whatever their spelling, and no number equals a boolean."""
    if is_number(one) and is_number(other):
        return as_double(one) == as_double(other)
    if is_list(one) and is_list(other):
        return len(one) == len(other) and all(map(same_json, one, other))
    if is_object(one) and is_object(other):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether *value* is a JSON number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_double(number: float) -> float:
    """Return *number* as float64; infinity for an integer beyond its range."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether *value* is a JSON list."""
    return isinstance(value, list)


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether *value* is a JSON object."""
    return isinstance(value, dict)


def _value(metadata: Mapping[str, Any], path: Path) -> Any:
    value: Any = metadata
    for key in path:
        if not is_object(value) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _contains(value: Any, wanted: Any) -> bool:
    if is_list(value):
        return any(same_json(each, wanted) for each in value)
    return isinstance(value, str) and isinstance(wanted, str) and wanted in value


def _compares(value: Any, sign: str, wanted: Any) -> bool:
    if sign == "==":
        return value is not _MISSING and same_json(value, wanted)
    if is_number(value) and is_number(wanted):
        return _ORDERS[sign](as_double(value), as_double(wanted))
    return isinstance(value, str) and isinstance(wanted, str) and _ORDERS[sign](value, wanted)

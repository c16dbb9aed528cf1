"""From a filter to a condition in SQL."""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias

from agentcore_vectorstore._filters import And, Compare, Contains, Exists, Filter, Not, Or, Path, passes
from agentcore_vectorstore._filters.meaning import as_double, is_number
from agentcore_vectorstore._json import canonical_json
from agentcore_vectorstore._sqlite.sql import Connection

__all__ = ["Condition", "add_functions", "condition_of"]

Condition: TypeAlias = tuple[str, list[Any]]
"""A condition on the table ``document`` that is 0 or 1 and never NULL, and the values for its question marks."""

_NUMBER: Final = "coalesce(json_type(metadata, ?), '') IN ('integer', 'real')"
_TEXT: Final = "coalesce(json_type(metadata, ?), '') = 'text'"


def add_functions(connection: Connection) -> None:
    """Teach *connection* what a condition may call."""
    connection.create_scalar_function("holds", _holds, 3, deterministic=True)


def condition_of(filter: Filter) -> Condition:
    """Return the condition under which a document passes *filter*."""
    match filter:
        case And(parts):
            return _joined(parts, " AND ", "1")
        case Or(parts):
            return _joined(parts, " OR ", "0")
        case Not(part):
            condition, values = condition_of(part)
            return f"NOT ({condition})", values
        case Exists(path):
            return "json_type(metadata, ?) IS NOT NULL", [_json_path(path)]
        case Contains(path, value):
            return _containing(_json_path(path), value)
        case Compare(path, sign, value):
            return _comparing(_json_path(path), sign, value)


def _joined(parts: tuple[Filter, ...], word: str, nothing: str) -> Condition:
    conditions = [condition_of(part) for part in parts]
    text = word.join(f"({condition})" for condition, _ in conditions)
    return text or nothing, [value for _, values in conditions for value in values]


def _comparing(path: str, sign: str, value: Any) -> Condition:
    if is_number(value):
        return f"{_NUMBER} AND CAST(metadata ->> ? AS REAL) {sign} ?", [path, path, as_double(value)]
    if isinstance(value, str):
        return f"{_TEXT} AND metadata ->> ? {sign} ?", [path, path, value]
    if value is None or isinstance(value, bool):
        return "coalesce(json_type(metadata, ?), '') = ?", [path, canonical_json(value)]
    return "holds('==', metadata -> ?, ?)", [path, canonical_json(value)]


def _containing(path: str, value: Any) -> Condition:
    wanted = canonical_json(value)
    if isinstance(value, str):
        # Of a list Python looks at the elements: SQLite would have to unpack it as well.
        return (
            f"({_TEXT} AND instr(metadata ->> ?, ?) > 0) OR holds('contains', metadata -> ?, ?)",
            [path, path, value, path, wanted],
        )
    return "holds('contains', metadata -> ?, ?)", [path, wanted]


def _holds(sign: str, value: str | None, wanted: str) -> bool:
    """Whether *value*, the JSON of a part of the metadata or None for none, is as a filter of *wanted* says."""
    if value is None or (sign == "contains" and not value.startswith("[")):
        return False
    made = {"it": json.loads(value)}
    constant = json.loads(wanted)
    return passes(made, Compare(("it",), "==", constant) if sign == "==" else Contains(("it",), constant))


def _json_path(path: Path) -> str:
    return "$" + "".join(f".{canonical_json(key)}" for key in path)

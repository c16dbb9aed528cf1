"""From a filter to a condition in PostgreSQL's SQL."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from agentcore_vectorstore._filters import And, Compare, Contains, Exists, Filter, Not, Or, Path
from agentcore_vectorstore._filters.meaning import as_double, is_number
from agentcore_vectorstore._json import canonical_json
from agentcore_vectorstore.protocols import Scope

__all__ = ["Condition", "condition_of", "scope_condition"]

Condition: TypeAlias = tuple[str, list[Any]]
"""A condition on the table ``document`` that is never NULL, and the values for its placeholders."""

_EVERYTHING: Final = "true"


def scope_condition(scope: Scope) -> Condition:
    """Return the condition under which a document belongs to *scope*."""
    condition, values = condition_of(scope.filter)
    where = f"({condition}) AND coalesce(expires > %s, true)"
    values = [*values, scope.now]
    if scope.namespace:
        # In code point order "0" follows the slash.
        where += " AND (namespace = %s OR (namespace > %s AND namespace < %s))"
        values += [scope.namespace, f"{scope.namespace}/", f"{scope.namespace}0"]
    return where, values


def condition_of(filter: Filter) -> Condition:
    """Return the condition under which a document passes *filter*."""
    match filter:
        case And(parts):
            return _joined(parts, " AND ", _EVERYTHING)
        case Or(parts):
            return _joined(parts, " OR ", "false")
        case Not(part):
            condition, values = condition_of(part)
            return f"NOT ({condition})", values
        case Exists(path):
            value, keys = _value(path)
            return f"{value} IS NOT NULL", keys
        case Contains(path, wanted):
            return _containing(path, wanted)
        case Compare(path, sign, wanted):
            return _comparing(path, "=" if sign == "==" else sign, wanted)


def _joined(parts: tuple[Filter, ...], word: str, nothing: str) -> Condition:
    conditions = [condition_of(part) for part in parts]
    text = word.join(f"({condition})" for condition, _ in conditions)
    return text or nothing, [value for _, values in conditions for value in values]


def _comparing(path: Path, sign: str, wanted: Any) -> Condition:
    value, keys = _value(path)
    if is_number(wanted):
        return f"coalesce(as_double({value}) {sign} %s::float8, false)", [*keys, as_double(wanted)]
    if isinstance(wanted, str):
        text = f"CASE jsonb_typeof({value}) WHEN 'string' THEN ({value} #>> '{{}}') COLLATE \"C\" {sign} %s END"
        return f"coalesce({text}, false)", [*keys, *keys, wanted]
    return f"coalesce({value} = %s::jsonb, false)", [*keys, canonical_json(wanted)]


def _containing(path: Path, wanted: Any) -> Condition:
    value, keys = _value(path)
    element = "element = %s::jsonb"
    constant: Any = canonical_json(wanted)
    if is_number(wanted):
        element, constant = "as_double(element) = %s::float8", as_double(wanted)
    condition = (
        f"EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof({value}) WHEN 'array' THEN {value} "
        f"ELSE '[]' END) AS element WHERE {element})"
    )
    values = [*keys, *keys, constant]
    if isinstance(wanted, str):
        part = f"CASE jsonb_typeof({value}) WHEN 'string' THEN strpos({value} #>> '{{}}', %s) > 0 END"
        return f"{condition} OR coalesce({part}, false)", [*values, *keys, *keys, wanted]
    return condition, values


def _value(path: Path) -> Condition:
    # Of a text the arrow takes keys of objects alone; a path in one would count the elements of lists as well.
    return f"(metadata{''.join(' -> %s::text' for _ in path)})", list(path)

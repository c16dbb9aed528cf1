"""Types as signatures write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from agentcore._signature._types import type_name

__all__ = ["type_text"]


def type_text(kind: Any, names: Mapping[int, str] | None = None) -> str:
    """Return *kind* as a signature writes it.

    Args:
        kind: Any type that an annotation may name.
        names: What to call a type, by its ``id()``.
    """
    names = names or {}
    known = names.get(id(kind)) or type_name(kind)
    if known:
        return known
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return type_text(arguments[0], names)
    if origin in (Union, UnionType):
        return " | ".join(type_text(each, names) for each in arguments)
    if origin is Literal:
        return _literals(arguments)
    if origin is None:
        return str(getattr(kind, "__name__", None) or str(kind).removeprefix("typing."))
    inner = "()" if kind == tuple[()] else _arguments(arguments, names)
    return f"{type_text(origin, names)}[{inner}]" if inner else type_text(origin, names)


def _literals(values: tuple[Any, ...]) -> str:
    if all(isinstance(each, bool | int | str | bytes) and not isinstance(each, Enum) for each in values):
        return " | ".join(repr(each) for each in values)
    return f"Literal[{', '.join(map(_literal, values))}]"


def _literal(value: Any) -> str:
    return f"{type(value).__name__}.{value.name}" if isinstance(value, Enum) else repr(value)


def _arguments(kinds: Iterable[Any], names: Mapping[int, str]) -> str:
    return ", ".join(_argument(each, names) for each in kinds)


def _argument(kind: Any, names: Mapping[int, str]) -> str:
    if kind is ...:
        return "..."
    # A Callable has a list of its parameters.
    return f"[{_arguments(cast('Any', kind), names)}]" if isinstance(kind, list) else type_text(kind, names)

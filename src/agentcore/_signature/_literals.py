"""Literal values: out of a parsed text, back into text, and whether they fit a type."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable
from math import isinf
from reprlib import repr as short
from types import NoneType
from typing import Any, Final, TypeAlias, cast

from pydantic import TypeAdapter, ValidationError

from agentcore._signature._fault import Fault

__all__ = ["SURROGATE_HINT", "Place", "fit", "literal_text", "literal_value"]

Place: TypeAlias = Callable[[ast.expr], int]
"""Where a node stands in the whole text."""

MAX_BITS: Final = 2048
"""Of an integer: where Python is told to be strict, it refuses to print those of more than 640 digits."""

SURROGATE_HINT: Final = "decode it from UTF-8, or escape it by its whole code point, as \\U0001f600"

_SCALARS: Final = frozenset({NoneType, bool, int, float, str, bytes})
_WORDS: Final = {"true": "True", "false": "False", "null": "None", "none": "None", "nil": "None"}
_CALLS: Final = {"set": "[]", "frozenset": "[]", "list": "[]", "tuple": "()", "dict": "{}"}


def literal_value(node: ast.expr, place: Place) -> Any:
    """Return the value of a literal, with lists, tuples, sets and dicts of literals.

    Raises:
        Fault: It is none.
    """
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() | bytes() as value):
            return _checked(value, node, place)
        case ast.UnaryOp(op=sign, operand=ast.Constant(value=int() | float() as number)) if type(number) is not bool:
            return _checked(-number if isinstance(sign, ast.USub) else number, node, place)
        case ast.List(elts=items):
            return [literal_value(each, place) for each in items]
        case ast.Tuple(elts=items):
            return tuple([literal_value(each, place) for each in items])
        case ast.Set(elts=items):
            return {_key(each, place) for each in items}
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {_key(key, place): literal_value(value, place) for key, value in pairs if key is not None}
        case _:
            raise Fault("this is no literal", place(node), _advice(node))


def _key(node: ast.expr, place: Place) -> Any:
    key = literal_value(node, place)
    try:
        hash(key)
    except TypeError as error:
        raise Fault("a list, a set or a dict cannot be a key", place(node), "write a tuple") from error
    return key


def _checked(value: Any, node: ast.expr, place: Place) -> Any:
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise Fault("the number is too large", place(node), "write it as a text")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Fault("the text has half of a character (a surrogate)", place(node), SURROGATE_HINT) from error
    return value


def _advice(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) if name in _WORDS:
            return f"did you mean {_WORDS[name]!r}?"
        case ast.Name(id=name):
            return f"a text needs quotes: {name!r}"
        case ast.Call(func=ast.Name(id=name), args=[], keywords=[]) if name in _CALLS:
            return f"write {_CALLS[name]}"
        case _:
            return "write a string, a number, True, False, None, or a list, tuple, set or dict of them"


def literal_text(value: object) -> str | None:
    """Write *value* as a literal; None where it is not of those that can be read again."""
    if isinstance(value, float) and isinf(value):
        return "1e999" if value > 0 else "-1e999"
    if type(value) in _SCALARS:
        return repr(value)
    if isinstance(value, list):
        return _joined("[", cast("list[object]", value), "]")
    if isinstance(value, tuple):
        return _joined(
            "(", cast("tuple[object, ...]", value), ",)" if len(cast("tuple[object, ...]", value)) == 1 else ")"
        )
    if isinstance(value, set | frozenset):
        # A list, because an empty set has no literal; sorted, so that the same set always reads the same.
        return _joined("[", sorted(cast("set[object]", value), key=repr), "]")
    if isinstance(value, dict):
        pairs = [_joined("", pair, "", ": ") for pair in cast("dict[object, object]", value).items()]
        return None if None in pairs else "{" + ", ".join(filter(None, pairs)) + "}"
    return None


def _joined(opening: str, values: Iterable[object], closing: str, separator: str = ", ") -> str | None:
    texts = [literal_text(each) for each in values]
    return None if None in texts else opening + separator.join(filter(None, texts)) + closing


def fit(kind: Any, value: Any, position: int, hint: str) -> Any:
    """Return *value* as the type *kind* has it: a date for its ISO text, a model for a dict, a set for a list.

    Nothing else is converted: ``'5'`` is no ``int``.

    Raises:
        Fault: It does not fit.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError as error:
        reason = error
    try:
        return adapter.validate_json(json.dumps(value), strict=True)
    except (ValidationError, TypeError, ValueError):
        message = f"the default {short(value)} does not fit the type: {reason.errors(include_url=False)[0]['msg']}"
        raise Fault(message, position, hint) from reason

"""Types out of text: a walk over the syntax tree that knows a table of names, and imports and evaluates nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from operator import getitem
from pathlib import Path
from types import EllipsisType, GenericAlias, NoneType, UnionType
from typing import Any, Final, Literal, Union, cast, get_args, get_origin
from uuid import UUID

from pydantic import AnyUrl, HttpUrl

from agentcore._signature._fault import Fault
from agentcore._signature._literals import literal_value
from agentcore._signature._tokens import Expression
from agentcore._signature._usable import UNUSABLE_HINT, unusable
from agentcore.errors import nearest

__all__ = ["read_type", "type_name", "union"]

_PLAIN: Final[Mapping[str, Any]] = {
    "Any": Any,
    "Decimal": Decimal,
    "HttpUrl": HttpUrl,
    "None": NoneType,
    "Path": Path,
    "UUID": UUID,
    "Url": AnyUrl,
    "bool": bool,
    "bytes": bytes,
    "date": date,
    "datetime": datetime,
    "float": float,
    "int": int,
    "object": object,
    "str": str,
    "time": time,
    "timedelta": timedelta,
}
_GENERIC: Final[Mapping[str, Any]] = {
    "Mapping": Mapping,
    "Sequence": Sequence,
    "dict": dict,
    "frozenset": frozenset,
    "list": list,
    "set": set,
    "tuple": tuple,
}
_OLD: Final = {"Dict": "dict", "FrozenSet": "frozenset", "List": "list", "Set": "set", "Tuple": "tuple"}
"""The names of the ``typing`` module, for those whose fingers know them."""

_SPECIAL: Final = ("Literal", "Optional", "Union")
_KNOWN: Final = (*_PLAIN, *_GENERIC, *_SPECIAL)
_FOREIGN: Final = {
    **{name.lower(): name for name in _KNOWN},
    "array": "list",
    "boolean": "bool",
    "dictionary": "dict",
    "double": "float",
    "enum": "Literal",
    "integer": "int",
    "map": "dict",
    "null": "None",
    "number": "float",
    "string": "str",
    "text": "str",
    "uri": "Url",
}
"""What other languages call them."""

_NAMES: Final = {kind: name for names in (_PLAIN, _GENERIC) for name, kind in names.items()}
_UNHASHABLE: Final = (list, set, dict, Sequence, Mapping)
_ODD: Final[Mapping[type[ast.expr], tuple[str, str]]] = {
    ast.Call: ("a call", "types are named, not called; nothing here is evaluated"),
    ast.Dict: ("a dict", "write dict[str, int]"),
    ast.List: ("a list", "write list[str]"),
    ast.Set: ("a set", "write set[str]"),
    ast.Tuple: ("a tuple", "write tuple[str, int]"),
}


def type_name(kind: object) -> str | None:
    """Return the name that *kind* has in every signature; None where it has none."""
    try:
        return _NAMES.get(kind)
    except TypeError:
        return None


def read_type(expression: Expression, types: Mapping[str, Any]) -> Any:
    """Return the type that *expression* names.

    Args:
        expression: The text of one type.
        types: More types, by name; they hide those of the same name that are always known.

    Raises:
        Fault: It is none.
    """
    return _TypeReader(expression, types).read(expression.tree())


def union(members: Iterable[Any]) -> Any:
    """Join types; all literals among them become one, where the first of them stands."""
    parts: list[Any] = []
    values: list[Any] = []
    place = 0
    for member in members:
        for part in get_args(member) if get_origin(member) in (Union, UnionType) else (member,):
            if get_origin(part) is Literal:
                place = place if values else len(parts)
                values += get_args(part)
            else:
                parts.append(part)
    if values:
        parts.insert(place, _literal(values))
    return getitem(cast("Any", Union), tuple(parts))


def _literal(values: Sequence[Any]) -> Any:
    return NoneType if all(each is None for each in values) else getitem(cast("Any", Literal), tuple(values))


class _TypeReader:
    def __init__(self, expression: Expression, types: Mapping[str, Any]) -> None:
        self._place = expression.position
        self._types = types

    def read(self, node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                return self._named(name, node)
            case ast.Constant(value=None):
                return NoneType
            case ast.Constant(value=EllipsisType()):
                raise Fault("'...' is no type", self._place(node), "it ends a tuple of any length: tuple[int, ...]")
            case ast.Constant() | ast.UnaryOp():
                return _literal([self._constant(node)])
            case ast.BinOp(op=ast.BitOr()):
                return union([self.read(each) for each in _alternatives(node)])
            case ast.Subscript(value=ast.Name(id=name), slice=inner):
                arguments = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                return self._generic(name, arguments, node)
            case _:
                raise self._odd(node)

    def _named(self, name: str, node: ast.expr) -> Any:
        if name in self._types:
            return self._registered(name, node)
        name = _OLD.get(name, name)
        if name in _SPECIAL:
            raise Fault(f"{name!r} needs types in brackets", self._place(node), _example(name))
        if name in _PLAIN or name in _GENERIC:
            return _PLAIN.get(name) or _GENERIC[name]
        raise self._unknown(name, node)

    def _registered(self, name: str, node: ast.expr) -> Any:
        kind = self._types[name]
        try:
            hash(kind)
        except TypeError as error:
            hint = "keep lists and dicts out of the metadata of Annotated: Python has no unions of such types"
            raise Fault(f"the type {name!r} cannot be hashed", self._place(node), hint) from error
        if reason := unusable(kind):
            raise Fault(f"pydantic cannot validate the type {name!r}", self._place(node), UNUSABLE_HINT) from reason
        return kind

    def _unknown(self, name: str, node: ast.expr) -> Fault:
        known = _FOREIGN.get(name.lower())
        hint = f"did you mean {known!r}?" if known else nearest(name, (*self._types, *_KNOWN))
        return Fault(f"unknown type {name!r}", self._place(node), hint)

    def _generic(self, name: str, arguments: list[ast.expr], node: ast.expr) -> Any:
        name = name if name in self._types else _OLD.get(name, name)
        if name in self._types or name in _PLAIN:
            raise Fault(f"{name!r} takes no brackets", self._place(node), f"write {name!r}")
        match name:
            case "Literal":
                return _literal([self._constant(each) for each in arguments])
            case "Optional":
                self._count(name, arguments, 1, node)
                return union([self.read(arguments[0]), NoneType])
            case "Union":
                return union([self.read(each) for each in arguments])
            case "tuple":
                return self._tuple(arguments)
            case "dict" | "Mapping":
                self._count(name, arguments, 2, node)
                return _GENERIC[name][self._key(arguments[0]), self.read(arguments[1])]
            case "list" | "Sequence":
                self._count(name, arguments, 1, node)
                return _GENERIC[name][self.read(arguments[0])]
            case "set" | "frozenset":
                self._count(name, arguments, 1, node)
                return _GENERIC[name][self._key(arguments[0])]
            case _:
                raise self._unknown(name, node)

    def _tuple(self, arguments: list[ast.expr]) -> Any:
        if len(arguments) == 2 and isinstance(arguments[1], ast.Constant) and arguments[1].value is ...:
            return GenericAlias(tuple, (self.read(arguments[0]), ...))
        return GenericAlias(tuple, tuple([self.read(each) for each in arguments]))

    def _key(self, node: ast.expr) -> Any:
        kind = self.read(node)
        for each in get_args(kind) if get_origin(kind) is Union else (kind,):
            if each in _UNHASHABLE or get_origin(each) in _UNHASHABLE:
                raise Fault("a list, a set or a dict cannot be a key", self._place(node), "write tuple or frozenset")
        return kind

    def _count(self, name: str, arguments: list[ast.expr], count: int, node: ast.expr) -> None:
        if len(arguments) != count:
            there = "one type" if count == 1 else f"{count} types"
            message = f"{name!r} takes {there} in its brackets, not {len(arguments)}"
            raise Fault(message, self._place(node), _example(name))

    def _constant(self, node: ast.expr) -> Any:
        value = literal_value(node, self._place)
        if isinstance(value, bool | int | str | bytes | None):
            return value
        raise Fault(
            "this is no literal of a type", self._place(node), "write strings, whole numbers, True, False, None"
        )

    def _odd(self, node: ast.expr) -> Fault:
        if isinstance(node, ast.Attribute):
            return Fault("a dotted name is no type", self._place(node), f"write {node.attr!r}")
        what, hint = _ODD.get(type(node), ("this", nearest("", _KNOWN)))
        return Fault(f"{what} is no type", self._place(node), hint)


def _alternatives(node: ast.expr) -> list[ast.expr]:
    parts: list[ast.expr] = []
    while isinstance(node, ast.BinOp):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _example(name: str) -> str:
    inner = {"Literal": "'a', 'b'", "Union": "str, int", "dict": "str, int", "Mapping": "str, int"}.get(name, "str")
    return f"write {name}[{inner}]"

"""The fields of dataclasses, attrs classes and typed dicts, as pydantic defines fields."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import NoneType
from typing import Any, Final, TypeAlias, cast, get_args, get_origin, get_type_hints

import attrs
from pydantic.fields import FieldInfo

from agentcore._signature._definition import UNRESOLVED_HINT, Definition, define
from agentcore._signature._types import union
from agentcore.errors import SignatureError

__all__ = ["class_definitions", "class_doc"]

_Hints: TypeAlias = Mapping[str, Any]
_Fields: TypeAlias = Iterator[tuple[str, Definition]]

_QUALIFIERS: Final = frozenset({"NotRequired", "ReadOnly", "Required"})


def class_definitions(cls: type[Any]) -> dict[str, Definition] | None:
    """Return the fields that a caller of *cls* may pass; None where *cls* is of no kind known here.

    A description is the entry ``"description"`` of a field's metadata, or that of pydantic's ``Field``.

    Raises:
        SignatureError: An annotation names what is not there, or a default needs the instance.
    """
    read = _reader_of(cls)
    if read is None:
        return None
    try:
        hints = get_type_hints(cls, include_extras=True)
    except NameError as error:
        message = f"an annotation of {cls.__name__!r} cannot be resolved: {error}"
        raise SignatureError(message, text=cls.__name__, position=0, hint=UNRESOLVED_HINT) from error
    return dict(read(cls, hints))


def class_doc(cls: type[Any]) -> str:
    """Return what the author of *cls* wrote of it; empty where it is nothing."""
    doc = vars(cls).get("__doc__") or ""
    # Python writes the docstring of a dataclass that has none.
    return "" if doc.startswith(f"{cls.__name__}(") else inspect.cleandoc(doc)


def _reader_of(cls: type[Any]) -> Callable[[type[Any], _Hints], _Fields] | None:
    if dataclasses.is_dataclass(cls):
        return _pydantic_dataclass if hasattr(cls, "__pydantic_fields__") else _dataclass
    if attrs.has(cls):
        return _attrs_class
    # What typing.is_typeddict() asks, which knows nothing of the typed dicts of typing_extensions.
    return _typed_dict if hasattr(cls, "__required_keys__") and issubclass(cls, dict) else None


def _pydantic_dataclass(cls: type[Any], hints: _Hints) -> _Fields:
    infos: Mapping[str, FieldInfo] = cls.__pydantic_fields__
    for name, info in infos.items():
        if info.init is not False:
            yield name, (info.annotation, info)


def _dataclass(cls: type[Any], hints: _Hints) -> _Fields:
    for each in dataclasses.fields(cls):
        description = str(each.metadata.get("description", ""))
        if not each.init:
            continue
        if isinstance(each.default, FieldInfo):
            yield each.name, (hints[each.name], each.default)
        elif each.default_factory is not dataclasses.MISSING:
            yield each.name, define(hints[each.name], description=description, default_factory=each.default_factory)
        elif each.default is not dataclasses.MISSING:
            yield each.name, define(hints[each.name], description=description, default=each.default)
        else:
            yield each.name, define(hints[each.name], description=description)


def _attrs_class(cls: type[Any], hints: _Hints) -> _Fields:
    for each in attrs.fields(cls):
        if each.init:
            default = _attrs_default(each)
            description = str(each.metadata.get("description", ""))
            yield each.alias or each.name, define(hints.get(each.name, Any), description=description, **default)


def _attrs_default(attribute: attrs.Attribute[Any]) -> dict[str, Any]:
    default: Any = attribute.default
    if default is attrs.NOTHING:
        return {}
    # To type checkers, attrs shows a function here.
    factory: type[Any] = cast("Any", attrs.Factory)
    if not isinstance(default, factory):
        return {"default": default}
    if default.takes_self:
        name = attribute.name
        hint = "give it a default that needs no instance"
        raise SignatureError(f"the default of {name!r} is made of the instance", text=name, position=0, hint=hint)
    return {"default_factory": default.factory}


def _typed_dict(cls: type[Any], hints: _Hints) -> _Fields:
    for name, hint in hints.items():
        kind, qualifiers = _unqualified(hint)
        if "NotRequired" in qualifiers or ("Required" not in qualifiers and name not in cls.__required_keys__):
            yield name, define(union([kind, NoneType]), default=None)
        else:
            yield name, define(kind)


def _unqualified(hint: Any) -> tuple[Any, set[str]]:
    qualifiers: set[str] = set()
    # By name, because typing_extensions has its own.
    while (name := getattr(get_origin(hint), "_name", None)) in _QUALIFIERS:
        qualifiers.add(str(name))
        hint = get_args(hint)[0]
    return hint, qualifiers

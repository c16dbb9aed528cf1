"""What a background lane is given: the values of an event as they are now, whatever the agent does with its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs
from pydantic import BaseModel

__all__ = ["copied"]

_Copier: TypeAlias = Callable[[Any], Any]

_copiers: Final[dict[type[Any], _Copier | None]] = {}
"""By class, as they are met; None for what is shared."""

if TYPE_CHECKING:

    def _class_of(value: Any, /) -> type[Any]: ...

else:
    _class_of = type

_KEPT: Final = 4096
"""Classes that are remembered: a program that makes them as it goes must not fill the memory."""


def copied(value: Any) -> Any:
    """Return a copy of *value*, as deep as dicts, lists, tuples, pydantic models, dataclasses and attrs classes go.

    Any other object is shared; so are the values of :mod:`agentcore.types`, which nobody changes.

    Raises:
        RecursionError: It lies in itself.
    """
    cls = _class_of(value)
    try:
        copier = _copiers[cls]
    except KeyError:
        copier = _learn(cls)
    return value if copier is None else copier(value)


def _learn(cls: type[Any]) -> _Copier | None:
    if len(_copiers) >= _KEPT:
        _copiers.clear()
    copier = _copiers[cls] = _copier_of(cls)
    return copier


def _copier_of(cls: type[Any]) -> _Copier | None:
    if cls in _CONTAINERS:
        return _CONTAINERS[cls]
    if issubclass(cls, BaseModel):
        return _model
    if cls.__module__ != "agentcore.types" and (hasattr(cls, "__dataclass_fields__") or attrs.has(cls)):
        return _record_of(cls)
    return None


# Each asks for itself what most values are, a text or another atom: a call for each would double the time.


def _dict(value: dict[Any, Any]) -> dict[Any, Any]:
    known: Callable[[Any, Any], Any] = _copiers.get
    return {key: each if known(_class_of(each), _learn) is None else copied(each) for key, each in value.items()}


def _list(value: Iterable[Any]) -> list[Any]:
    known: Callable[[Any, Any], Any] = _copiers.get
    return [each if known(_class_of(each), _learn) is None else copied(each) for each in value]


def _tuple(value: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_list(value))


def _set(value: set[Any]) -> set[Any]:
    return value.copy()


def _model(value: BaseModel) -> BaseModel:
    # As model_copy, but deep, and past BaseModel.__setattr__: a third of the time.
    cls = type(value)
    twin = cls.__new__(cls)
    vars(twin).update(_dict(vars(value)))
    extra, private = value.__pydantic_extra__, value.__pydantic_private__
    _set_fields_set(twin, value.__pydantic_fields_set__.copy())
    _set_extra(twin, extra and _dict(extra))
    _set_private(twin, private and _dict(private))
    return twin


_set_fields_set: Final = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_set_extra: Final = BaseModel.__dict__["__pydantic_extra__"].__set__
_set_private: Final = BaseModel.__dict__["__pydantic_private__"].__set__


def _record_of(cls: type[Any]) -> _Copier:
    names = [each.name for each in (attrs.fields(cls) if attrs.has(cls) else dataclasses.fields(cls))]

    def copy(value: Any) -> Any:
        twin: Any = object.__new__(cls)
        for name in names:
            # Not through the constructor, which may do anything; a field may be unset.
            if hasattr(value, name):
                object.__setattr__(twin, name, copied(getattr(value, name)))
        return twin

    return copy


_CONTAINERS: Final[dict[type[Any], _Copier]] = {dict: _dict, list: _list, tuple: _tuple, set: _set}

"""From anything an agent may produce to JSON values: nothing is lost because one part of it is odd."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, TypeGuard

import attrs
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

__all__ = ["plain", "text_of"]

_MAX_DEPTH: Final = 100
"""Levels of nesting that are kept; what lies deeper becomes text."""


def plain(value: Any) -> Any:
    """Return *value* as JSON values: pydantic models, attrs classes and dataclasses as objects, dates as ISO 8601,
    decimals as text, NaN as ``"nan"``, and what JSON has nothing for as its ``repr``.

    An iterator is not read: it belongs to whoever made it.
    """
    return _converted(value, ())


def text_of(value: Any) -> str:
    """Return the text to remember an output by.

    Args:
        value: The output, as :func:`plain` returned it.

    Returns:
        A string itself; the one string of an object whose other fields are numbers, booleans or None; else the JSON.
        Never empty.
    """
    if _is_mapping(value):
        only = _only_text(value)
        if only is not None:
            return only
    return value if isinstance(value, str) and value.strip() else json.dumps(value, ensure_ascii=False)


def _only_text(fields: Mapping[str, Any]) -> str | None:
    texts = [each for each in fields.values() if not isinstance(each, (bool, int, float, type(None)))]
    return texts[0] if len(texts) == 1 and isinstance(texts[0], str) and texts[0].strip() else None


def _converted(value: Any, around: tuple[int, ...]) -> Any:
    """Convert *value*; *around* are the ids of what it is a part of."""
    if value is None or type(value) in (bool, int):
        return value
    if type(value) is str:
        # Some databases cannot keep the character NUL.
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if type(value) is float:
        return value if math.isfinite(value) else str(value)
    if id(value) in around:
        return f"<{type(value).__name__} that contains itself>"
    if len(around) > _MAX_DEPTH or isinstance(value, Iterator):
        return _shown(value)
    return _by_parts(value, (*around, id(value)))


def _by_parts(value: Any, around: tuple[int, ...]) -> Any:
    if _is_mapping(value):
        return {_key(name): _converted(each, around) for name, each in value.items()}
    if _is_collection(value):
        return [_converted(each, around) for each in value]
    try:
        made = to_jsonable_python(value, fallback=_fallback)
    except Exception:
        # One odd part spoils the whole: a reference to itself, bytes that are no text, a serializer that raises
        # whatever it likes.
        fields = _fields(value)
        return _shown(value) if fields is None else _by_parts(fields, around)
    return _converted(made, around)


def _fallback(value: Any) -> Any:
    """Return what to serialise where pydantic knows nothing of *value*."""
    fields = _fields(value)
    return _shown(value) if fields is None else fields


def _fields(value: Any) -> dict[str, Any] | None:
    if isinstance(value, BaseModel):
        return dict(value)
    if attrs.has(value.__class__):
        return attrs.asdict(value, recurse=False)
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    return None


def _key(name: Any) -> str:
    return str(_converted(name, ())) if isinstance(name, (str, int, float, type(None))) else _shown(name)


def _shown(value: Any) -> str:
    try:
        shown = repr(value)
    except Exception as error:  # a repr may raise anything, and what is around it is worth keeping
        shown = f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
    return shown.encode("utf-8", "replace").decode("utf-8")


def _is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_collection(value: Any) -> TypeGuard[Collection[Any]]:
    return isinstance(value, (list, tuple, set, frozenset))

"""Types as a person reads them."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from agentcore._config.durations import parse_duration

__all__ = ["type_name"]


def type_name(info: FieldInfo) -> str:
    """Return the type of the field *info*, as ``list[str] | None``; durations by that name."""
    return "duration" if _is_duration(info.metadata) else _name(info.annotation)


def _is_duration(metadata: Any) -> bool:
    return any(getattr(each, "func", None) is parse_duration for each in metadata)


def _name(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return "duration" if _is_duration(arguments[1:]) else _name(arguments[0])
    if origin in (Union, types.UnionType):
        return " | ".join(map(_name, arguments))
    if origin is Literal:
        return " | ".join(map(repr, arguments))
    if arguments:
        return f"{_plain(origin)}[{', '.join(map(_name, arguments))}]"
    return _plain(annotation)


def _plain(annotation: Any) -> str:
    if annotation in (None, type(None)):
        return "None"
    if annotation is ...:
        return "..."
    return getattr(annotation, "__name__", None) or str(annotation)

"""Models as signature text, for people and for prompts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from agentcore._signature._field import one_line
from agentcore._signature._literals import literal_text
from agentcore._signature._reader import NEXT_FIELD, ParsedField, is_description
from agentcore._signature._type_text import type_text
from agentcore._signature._types import union

__all__ = ["SIGNATURE", "describe", "signature_text"]

SIGNATURE: Final = "__agentcore_signature__"
"""The attribute of a model made of a signature that holds its text."""

_FACTORIES: Final[Mapping[Any, str]] = {list: "[]", set: "[]", tuple: "()", dict: "{}"}


def describe(model: type[BaseModel]) -> str:
    """Return the fields of *model* as a signature, one on each line.

    Where *model* was made of a signature, reading the text again gives equal fields.
    Of other models it is a summary: constraints are left out, and a default without a literal is shown as ``?``.
    """
    written = vars(model).get(SIGNATURE)
    if isinstance(written, str):
        return written
    return "\n".join(_info_line(name, info) for name, info in model.model_fields.items())


def signature_text(fields: Iterable[ParsedField], *, types: Mapping[str, Any]) -> str:
    """Return *fields* as a signature, one on each line.

    Args:
        fields: As they were read.
        types: The registered types, by the names to call them by.
    """
    return "\n".join(_field_line(each, types) for each in fields)


def _field_line(parsed: ParsedField, types: Mapping[str, Any]) -> str:
    field = parsed.field
    optional = not field.required
    return _line(field.name, field.type, parsed.default, field.description, optional=optional, types=types)


def _info_line(name: str, info: FieldInfo) -> str:
    optional = not info.is_required()
    default = None
    if info.default_factory is not None:
        default = _FACTORIES.get(get_origin(info.default_factory) or info.default_factory)
    elif optional:
        default = _default_text(info.default)
    return _line(name, info.annotation, default, info.description or "", optional=optional, types={})


def _default_text(value: object) -> str | None:
    try:
        return literal_text(value) or literal_text(to_jsonable_python(value))
    except ValueError:
        return None


def _line(
    name: str, kind: Any, default: str | None, description: str, *, optional: bool, types: Mapping[str, Any]
) -> str:
    members = get_args(kind) if get_origin(kind) in (Union, UnionType) else ()
    if default == "None" and NoneType in members:
        default = None
    question = "?" if optional and default is None else ""
    if question and NoneType in members:
        kind = union(each for each in members if each is not NoneType)
    head = f"{name}{question}: {type_text(kind, {id(each): name for name, each in types.items()})}"
    text = one_line(description)
    if default is not None:
        return f"{head} = {default}" + _description(text, ambiguous=False)
    return head + _description(text, ambiguous=not is_description(text, types))


def _description(text: str, *, ambiguous: bool) -> str:
    if not text:
        return ""
    whole_line = ambiguous or NEXT_FIELD.search(text) or text[0] in "|,=" or text[-1] == ","
    return f" {'||' if whole_line else '|'} {text}"

"""Models out of signatures, classes and dicts of fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from types import NoneType
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from agentcore._signature._classes import class_definitions, class_doc
from agentcore._signature._definition import Definition, build_model, check_reserved, define
from agentcore._signature._describe import SIGNATURE, signature_text
from agentcore._signature._field import Field
from agentcore._signature._grammar import parse_clause, parse_fields
from agentcore._signature._reader import ParsedField
from agentcore._signature._types import union
from agentcore.errors import SignatureError

__all__ = ["SignatureSpec", "signature_model"]

SignatureSpec: TypeAlias = str | type[Any] | Mapping[str, Any]
"""What a signature may be: its text; a pydantic model, a dataclass, an attrs class or a typed dict; or a dict of
fields, whose values are types, or texts as they stand behind a field's name and colon."""

_KEPT: Final = 256
"""Models of texts that are kept for the next time; each takes some ten kilobytes."""


def signature_model(
    name: str, spec: SignatureSpec, *, types: Mapping[str, Any] | None = None, reserved: Collection[str] = ()
) -> type[BaseModel]:
    """Return the model of a signature.

    A pydantic model is returned as it is.
    Every other is made, and refuses fields that are not its own.
    One text with the same *name* and *types* gives the same model while it is in use.

    Args:
        name: Of the model; its JSON schema has it as the title.
        spec: The signature.
        types: More types for texts, by the names they have there.
        reserved: Names that no field may have.

    Raises:
        SignatureError: *spec* cannot be read, or is none, or a field has a reserved name.
    """
    if isinstance(spec, str):
        model = _kept_model(name, spec, types or {}, frozenset(reserved))
    elif isinstance(spec, type):
        model = _class_model(name, spec)
    elif isinstance(spec, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - from callers without types
        model = _fields_model(name, [_entry(key, value, types) for key, value in spec.items()], types or {})
    else:
        raise _no_signature(spec)
    check_reserved(model, reserved)
    return model


def _kept_model(name: str, text: str, types: Mapping[str, Any], reserved: frozenset[str]) -> type[BaseModel]:
    key = tuple(types.items())
    try:
        hash(key)
    except TypeError:
        # A type with metadata that cannot be hashed is an error, but only where the text names it.
        return _text_model.__wrapped__(name, text, key, reserved)
    return _text_model(name, text, key, reserved)


@lru_cache(maxsize=_KEPT)
def _text_model(name: str, text: str, types: tuple[tuple[str, Any], ...], reserved: frozenset[str]) -> type[BaseModel]:
    known = dict(types)
    return _fields_model(name, parse_fields(text, types=known, reserved=reserved), known)


def _fields_model(name: str, fields: list[ParsedField], types: Mapping[str, Any]) -> type[BaseModel]:
    definitions: dict[str, Definition] = {}
    for each in fields:
        field = each.field.name
        if field in definitions:
            message = f"{name!r}: a second field {field!r}"
            raise SignatureError(message, text=field, position=0, hint="every field has a name of its own")
        definitions[field] = _definition(each.field)
    model = build_model(name, definitions)
    setattr(model, SIGNATURE, signature_text(fields, types=types))
    return model


def _definition(field: Field) -> Definition:
    if field.required:
        return define(field.type, description=field.description)
    return define(field.type, description=field.description, default=field.default)


def _class_model(name: str, cls: type[Any]) -> type[BaseModel]:
    if issubclass(cls, BaseModel):
        return cls
    definitions = class_definitions(cls)
    if definitions is None:
        raise _no_signature(cls)
    return build_model(name, definitions, doc=class_doc(cls))


def _entry(name: str, value: Any, types: Mapping[str, Any] | None) -> ParsedField:
    if isinstance(value, str):
        return parse_clause(name, value, types=types)
    kind = NoneType if value is None else value
    optional = name.endswith("?")
    kind = union([kind, NoneType]) if optional else kind
    field = Field(name=name.removesuffix("?"), type=kind, required=not optional)
    return ParsedField(field=field, default="None" if optional else None)


def _no_signature(spec: object) -> SignatureError:
    text = spec.__name__ if isinstance(spec, type) else type(spec).__name__
    what = f"the class {text!r}" if isinstance(spec, type) else f"a value of type {text!r}"
    hint = "write a string, a pydantic model, a dataclass, an attrs class, a TypedDict or a dict of fields"
    return SignatureError(f"{what} is no signature", text=text, position=0, hint=hint)

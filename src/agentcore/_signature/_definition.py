"""The last step to every model made here: pydantic's own definition of each field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.fields import FieldInfo

from agentcore._signature._field import name_problem, one_line
from agentcore._signature._type_text import type_text
from agentcore._signature._usable import UNUSABLE, UNUSABLE_HINT, unusable
from agentcore.errors import SignatureError

__all__ = ["UNRESOLVED_HINT", "Definition", "build_model", "check_reserved", "define"]

UNRESOLVED_HINT: Final = "import or define the name beside what it annotates, outside of TYPE_CHECKING"

Definition: TypeAlias = tuple[Any, FieldInfo]
"""The annotation of a field, and what else is known of it."""


def define(kind: Any, *, description: str = "", **default: Any) -> Definition:
    """Define a field.

    Args:
        kind: Its type.
        description: Where it is empty, one in the metadata of *kind* counts.
        default: ``default`` or ``default_factory``, where it is not required.
    """
    known: dict[str, Any] = {"description": description} if description else {}
    return kind, FieldInfo(**known, **default)


def build_model(name: str, definitions: Mapping[str, Definition], *, doc: str = "") -> type[BaseModel]:
    """Make a model that refuses other fields.

    Raises:
        SignatureError: A field cannot have its name, or pydantic cannot validate its type.
    """
    for field in definitions:
        if problem := name_problem(field):
            raise SignatureError(f"{name!r}: {problem[0]}", text=field, position=0, hint=problem[1])
    # The names of fields are checked above, and pydantic's warning about "model_" would reach the wrong reader.
    config = ConfigDict(extra="forbid", protected_namespaces=())
    fields: dict[str, Any] = dict(definitions)
    try:
        model: type[BaseModel] = create_model(name, __config__=config, __doc__=doc or None, **fields)
        model.model_rebuild()
    except UNUSABLE as error:
        raise _blame(name, definitions, error) from error
    return model


def check_reserved(model: type[BaseModel], reserved: Collection[str]) -> None:
    """Raise where a field of *model* has one of the *reserved* names."""
    for name in model.model_fields:
        if name in reserved:
            message = f"the field name {name!r} is reserved"
            raise SignatureError(message, text=name, position=0, hint=f"call the field {name + '_'!r}")


def _blame(name: str, definitions: Mapping[str, Definition], error: Exception) -> SignatureError:
    for field, (kind, _) in definitions.items():
        if reason := unusable(kind):
            return SignatureError(
                f"{name!r}: pydantic cannot validate the type of {field!r}: {_reason(reason)}",
                text=f"{field}: {type_text(kind)}",
                position=len(field) + 2,
                hint=UNUSABLE_HINT,
            )
    return SignatureError(f"{name!r}: {_reason(error)}", text=", ".join(definitions), position=0, hint=UNUSABLE_HINT)


def _reason(error: Exception) -> str:
    return one_line(str(error).split("\n\n", 1)[0])

"""Whether pydantic can validate a type."""

from __future__ import annotations

from typing import Any, Final

from pydantic import PydanticUserError, TypeAdapter
from pydantic_core import SchemaError

__all__ = ["UNUSABLE", "UNUSABLE_HINT", "unusable"]

UNUSABLE: Final = (PydanticUserError, SchemaError, NameError, TypeError)
"""What pydantic raises of a type it knows nothing of, with wrong constraints, whose annotations name the unknown, and
with odd arguments."""

UNUSABLE_HINT: Final = "use pydantic models, dataclasses, enums, or other types that pydantic can validate"


def unusable(kind: Any) -> Exception | None:
    """Return why pydantic cannot validate *kind*; None where it can."""
    try:
        TypeAdapter(kind).rebuild()
    except UNUSABLE as error:
        return error
    return None

"""One field of a signature, and what it may be called."""

from __future__ import annotations

from keyword import iskeyword
from typing import Any, Final

from attrs import field
from pydantic import BaseModel

from agentcore._data import data

__all__ = ["Field", "name_problem", "one_line"]

_TAKEN: Final = frozenset(dir(BaseModel))


@data(kw_only=True)
class Field:
    """One field of a signature."""

    name: str
    type: Any
    """As :mod:`typing` has it: a class, a union, a generic alias."""
    required: bool = True
    default: Any = field(default=None, hash=False)
    """A value of the type; None, and without meaning, where the field is required."""
    description: str = ""
    """On one line."""


def name_problem(name: str) -> tuple[str, str] | None:
    """Return what keeps *name* from being a field's, and what to do; None where nothing does."""
    if not name.isidentifier():
        return f"{name!r} cannot be a field name", "a name has letters, digits and underscores"
    if iskeyword(name):
        return f"{name!r} is a word of the Python language", f"write {name + '_'!r}"
    if name.startswith("_"):
        return f"the field name {name!r} begins with an underscore", f"write {name.lstrip('_') or 'value'!r}"
    if name in _TAKEN:
        return f"{name!r} is taken by pydantic's BaseModel", f"write {name + '_'!r}"
    return None


def one_line(text: str) -> str:
    """Return *text* with every run of white space as one space."""
    return " ".join(text.split())

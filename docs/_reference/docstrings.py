"""Docstrings with Google's sections, as reStructuredText."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from sphinx.ext.napoleon import Config, GoogleDocstring

__all__ = ["as_restructured", "without_fields"]

_ATTRIBUTES = ("attribute", "data", "property")


def as_restructured(_app: Any, what: str, _name: str, value: Any, _options: Any, lines: list[str]) -> None:
    """Translate *lines* in place.

    The extension that comes with Sphinx takes what stands before a colon in the docstring of an attribute for its type.
    What is called is no attribute, though it be one of a module.
    """
    if what not in _ATTRIBUTES or callable(value):
        lines[:] = GoogleDocstring(lines, Config(napoleon_use_ivar=True)).lines()


def without_fields(
    _app: Any, what: str, _name: str, value: Any, _options: Any, _signature: str, _result: str
) -> tuple[str, None] | None:
    """Leave the fields of a pydantic model out of its signature: their annotations are for pydantic."""
    return ("(**fields)", None) if what == "class" and issubclass(value, BaseModel) else None

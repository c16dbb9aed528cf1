"""What a value is, in a few words: its type and size, or, where that is asked for, a piece of it."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any, Final, cast

import attrs
from pydantic import BaseModel

from agentcore._config.hiding import STARS, hide, is_secret_name
from agentcore._config.shapes import is_list, is_mapping

__all__ = ["Summarize", "one_line"]

_LENGTH: Final = 100
"""Characters of a value that are shown."""

_SIZED: Final = (str, bytes, list, tuple, dict, set, frozenset)


class Summarize:
    """Says what a value is.

    Args:
        values: Whether a piece of it may be shown; what its key or its form calls a secret is not.
    """

    def __init__(self, *, values: bool) -> None:
        self._values = values

    def __call__(self, value: object) -> str:
        if value is None:
            return "None"
        if self._values:
            return _short(_shown(value, under=""))
        kind = type(value).__name__
        return f"{kind} of {len(cast('Sized', value))}" if isinstance(value, _SIZED) else kind

    def said(self, error: BaseException) -> str:
        """Return what an error says, after a colon; empty where values are not to be shown."""
        return _short(f": {hide(str(error))}") if self._values else ""


def one_line(text: str) -> str:
    """Return *text* without what would break the line, move a terminal's cursor or colour it."""
    return "".join(each if each.isprintable() else " " for each in text)


def _short(text: str) -> str:
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}…"


def _shown(value: Any, *, under: str) -> str:
    """Write *value*, which stands at the key *under*."""
    if is_secret_name(under):
        return STARS
    if is_mapping(value):
        return "{" + ", ".join(f"{key!r}: {_shown(each, under=str(key))}" for key, each in value.items()) + "}"
    if is_list(value):
        return "[" + ", ".join(_shown(each, under=under) for each in value) + "]"
    fields = _fields(value)
    if fields is not None:
        inner = ", ".join(f"{key}={_shown(each, under=key)}" for key, each in fields.items())
        return f"{type(value).__name__}({inner})"
    try:
        return hide(repr(value))
    except Exception as error:  # a result is worth a line, whatever its repr does
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def _fields(value: Any) -> dict[str, Any] | None:
    """Return the fields that a record's repr would show; None where it is none."""
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name, each in type(value).model_fields.items() if each.repr}
    cls = cast("Any", type(value))
    if not attrs.has(cls):
        return None
    return {each.name: getattr(value, each.name) for each in attrs.fields(cls) if each.repr}

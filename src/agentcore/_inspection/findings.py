"""What is found by whoever looks: whether it is well, and what to do where it is not."""

from __future__ import annotations

from inspect import getsourcefile, getsourcelines
from typing import Any, Literal, TypeAlias

from agentcore._data import data
from agentcore.errors import AgentCoreError

__all__ = ["Finding", "Level", "PlacedFinding", "place_of"]

Level: TypeAlias = Literal["ok", "warning", "problem"]
"""A warning may be meant so; with a problem something will not work."""


@data
class Finding:
    """One thing that was looked at."""

    check: str
    """What was looked at."""
    level: Level
    message: str
    """How it is."""
    advice: str = ""
    """What to do about it, or to learn more; may be empty."""

    @classmethod
    def of_error(cls, check: str, level: Level, error: AgentCoreError) -> Finding:
        """Make a finding of what an error says."""
        return cls(check, level, error.message, error.hint)


@data
class PlacedFinding(Finding):
    """One thing that was looked at in a file."""

    path: str = ""
    """Absolute; empty where it is in none."""
    line: int = 0
    """Counted from 1; 0 where there is none."""


def place_of(found: Any) -> tuple[str, int]:
    """Return the file and the line where a function, a class or a module is defined, as far as that is known."""
    plain = found
    while (inner := _inner(plain)) is not plain:
        plain = inner
    code = getattr(plain, "__code__", None)
    if code is not None:
        return code.co_filename, code.co_firstlineno
    try:
        return getsourcefile(plain) or "", max(getsourcelines(plain)[1], 1)
    except (TypeError, OSError):
        return ("", 0) if isinstance(plain, type) else place_of(plain.__class__)


def _inner(found: Any) -> Any:
    """Return what a partial, a method or a decorated function is made of; anything else as it is."""
    for attribute in ("func", "__func__", "__wrapped__"):
        if callable(inner := getattr(found, attribute, None)):
            return inner
    return found

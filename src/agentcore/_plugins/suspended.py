"""Where a coroutine is suspended."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Final

__all__ = ["awaited_by", "suspended_coroutines"]

_OPAQUE: Final = frozenset({"coroutine_wrapper", "async_generator_asend", "async_generator_athrow", "anext_awaitable"})
"""What the interpreter puts between two of the others, and what tells nobody what it awaits."""

_Suspended = (CoroutineType, AsyncGeneratorType, GeneratorType)


def suspended_coroutines(awaitable: Any) -> Iterator[CoroutineType[Any, Any, Any]]:
    """The coroutines in which *awaitable* is suspended, outermost first."""
    while awaitable is not None:
        if isinstance(awaitable, CoroutineType):
            yield awaitable
        awaitable = awaited_by(awaitable)


def awaited_by(awaitable: Any) -> Any:
    """Return what *awaitable* awaits at the moment; None where that is not known."""
    for attribute in ("cr_await", "ag_await", "gi_yieldfrom"):
        if (awaited := getattr(awaitable, attribute, None)) is not None:
            return awaited
    if type(awaitable).__name__ not in _OPAQUE:
        return None
    return next((each for each in gc.get_referents(awaitable) if _leads_on(each)), None)


def _leads_on(each: object) -> bool:
    return isinstance(each, _Suspended) or type(each).__name__ in _OPAQUE

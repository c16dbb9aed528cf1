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
    """The coroutines in which *awaitable* is suspended, outermost first; none where it is running."""
    # What runs awaits nothing, and to ask it crashes Python 3.12, which looks at a stack that is not there.
    while awaitable is not None and not _is_running(awaitable):
        if isinstance(awaitable, CoroutineType):
            yield awaitable
        awaitable = awaited_by(awaitable)


def _is_running(awaitable: Any) -> bool:
    # Not asked of asynchronous generators: they say so while they are suspended, too.  What runs one is running itself.
    return bool(getattr(awaitable, "cr_running", False) or getattr(awaitable, "gi_running", False))


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

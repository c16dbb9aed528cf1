"""What is to be taken out of an exception, and of those that caused it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from agentcore.errors import RecordedError

__all__ = ["redact_error"]

_SLOTS: Final = ("filename", "filename2", "strerror", "object", "msg", "text", "code", "name", "value", "reason")
"""Attributes of builtin exceptions that are not in their ``__dict__``."""


def redact_error(error: BaseException, clean: Callable[[Any], Any]) -> BaseException:
    """Take out of *error*, and of what it was raised from, what *clean* takes out.

    Returns:
        The error itself; where its text cannot be changed, as that of pydantic's errors, one that stands for it.
    """
    return _redacted(error, clean, set())


def _redacted(error: BaseException, clean: Callable[[Any], Any], seen: set[int]) -> BaseException:
    if id(error) in seen:
        return error
    seen.add(id(error))
    # Those around it first: setting a cause would hide the context.
    if error.__context__ is not None:
        error.__context__ = _redacted(error.__context__, clean, seen)
    if error.__cause__ is not None:
        hidden = error.__suppress_context__
        error.__cause__ = _redacted(error.__cause__, clean, seen)
        error.__suppress_context__ = hidden
    for each in _grouped(error):
        _redacted(each, clean, seen)
    _scrub(error, clean)
    return _stand_in(error, clean)


def _grouped(error: Any) -> Sequence[BaseException]:
    members: Sequence[BaseException] = error.exceptions if hasattr(error, "derive") else ()
    return members


def _scrub(error: BaseException, clean: Callable[[Any], Any]) -> None:
    """Change what can be changed."""
    args = clean(error.args)
    if args is not error.args:
        error.args = args
    for name, value in list(vars(error).items()):
        if isinstance(value, (str, bytes, list, tuple, dict)):
            vars(error)[name] = clean(value)
    for name in _SLOTS:
        value = getattr(error, name, None)
        if name not in vars(error) and isinstance(value, (str, bytes)) and clean(value) is not value:
            with suppress(AttributeError, TypeError):
                setattr(error, name, clean(value))


def _stand_in(error: BaseException, clean: Callable[[Any], Any]) -> BaseException:
    try:
        shown = str(error)
        text = clean(shown)
        if text == shown and clean(repr(error)) == repr(error):
            return error
    except Exception:
        text = "it cannot be shown"
    cls = type(error)
    name = cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    return RecordedError(text, type=name).with_traceback(error.__traceback__)

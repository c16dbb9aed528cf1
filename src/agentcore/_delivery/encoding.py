"""From an event to what the journal keeps.

Whatever happens in here, an event comes out: what has no JSON is kept as a marked representation, and the rest of the
event as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, cast

import attrs
from pydantic_core import to_json

from agentcore._context.event import Event
from agentcore._context.execution import ExecutionContext
from agentcore._context.record import describe
from agentcore._delivery.journal import Record
from agentcore.errors import AgentCoreError

__all__ = ["REPRESENTATION", "TYPE", "encode", "type_name"]

TYPE: Final = "$type"
"""The key under which the class of what has no JSON is kept."""
REPRESENTATION: Final = "$repr"
"""The key under which its representation is kept."""

_LONGEST: Final = 4_096
"""Characters of a representation."""
_DEEPEST: Final = 64
"""Levels of a payload that are looked through when it cannot be encoded as a whole."""


def encode(event: Event, arguments: Mapping[str, Any], lanes: tuple[str, ...]) -> Record:
    """Make the record of *event*; never raises for what it carries.

    Args:
        event: Its context is described in the record.
        arguments: The hook's, without the context and the event.
        lanes: To whom it is promised.
    """
    context = event.context
    payload: dict[str, Any] = {"version": event.schema_version, "sequence": event.sequence, "arguments": arguments}
    if context is None:
        run = root = agent = ""
    else:
        run, root, agent = context.context_id, context.root_id, _sound(context.agent_id)
        payload["context"] = describe(context)
    return Record(
        id=event.id,
        hook=event.name,
        run=run,
        root=root,
        agent=agent,
        time=event.timestamp,
        payload=_dumped(payload),
        lanes=lanes,
    )


def type_name(cls: type) -> str:
    """Return the name of *cls* as ``module.name``; the name alone for builtins."""
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _dumped(payload: Any) -> bytes:
    try:
        return _json(payload)
    except Exception:
        return _json(_degraded(payload))


def _json(value: Any) -> bytes:
    # JSON has no NaN, and losing one would change the event; from_json reads what this writes.
    return to_json(value, fallback=_plain, bytes_mode="base64", inf_nan_mode="constants")


def _plain(value: Any) -> Any:
    """Return what stands for *value*, of which pydantic knows nothing."""
    return _writer(cast("Any", type(value)))(value)


@lru_cache(maxsize=1024)
def _writer(cls: type[Any]) -> Callable[[Any], Any]:
    if attrs.has(cls):
        names = [each.name for each in attrs.fields(cls)]
        return lambda value: {name: getattr(value, name) for name in names}
    if issubclass(cls, BaseException):
        return _error
    if issubclass(cls, ExecutionContext):
        return describe
    if issubclass(cls, Mapping):
        return dict
    if issubclass(cls, Sequence):
        return list
    return _represented


def _error(error: BaseException) -> dict[str, str]:
    kept = {TYPE: type_name(type(error))}
    if isinstance(error, AgentCoreError):
        return {**kept, "message": error.message, "hint": error.hint}
    return {**kept, "message": _text(error, str)}


def _represented(value: object) -> dict[str, str]:
    return {TYPE: type_name(type(value)), REPRESENTATION: _text(value, repr)}


def _text(value: object, make: Callable[[object], str]) -> str:
    try:
        text = make(value)
    except Exception as error:
        text = f"<{type(error).__name__} while it was being represented>"
    return _sound(text[:_LONGEST])


def _sound(text: str) -> str:
    # Half a surrogate pair, out of a file name for one, has no UTF-8.
    return text.encode(errors="replace").decode()


def _degraded(value: Any, around: tuple[int, ...] = ()) -> Any:
    """Return *value* with what cannot be encoded replaced, as deep down as it lies.

    Args:
        value: Part of a payload.
        around: The ids of what it lies in.
    """
    if isinstance(value, str):
        return _sound(value)
    inner = (*around, id(value))
    if id(value) in around or len(inner) > _DEEPEST:
        return _represented(value)
    try:
        return _parts_degraded(value, inner)
    except Exception:
        # It does whatever it likes when it is looked at.
        return _represented(value)


def _parts_degraded(value: Any, inner: tuple[int, ...]) -> Any:
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()  # type: ignore[redundant-cast]
        return {_text(key, str): _degraded(each, inner) for key, each in items}
    if isinstance(value, (list, tuple, set, frozenset)):
        elements = cast("Iterable[Any]", value)
        return [_degraded(each, inner) for each in elements]
    _json(value)
    return value

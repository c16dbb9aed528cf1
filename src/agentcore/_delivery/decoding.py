"""From what the journal keeps to the arguments of a hook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from inspect import Parameter, Signature
from typing import Any, Final, ForwardRef, NamedTuple, TypeAlias, cast

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError
from pydantic_core import from_json

from agentcore import types
from agentcore._context.event import SCHEMA_VERSION, Event, RecordedEvent
from agentcore._context.execution import ExecutionContext
from agentcore._context.record import restored
from agentcore._delivery.encoding import TYPE
from agentcore._delivery.journal import Appended
from agentcore.errors import RecordedError
from agentcore.types import Usage

__all__ = ["Decoded", "decode"]

_Reader: TypeAlias = Callable[[Any], Any]


class Decoded(NamedTuple):
    """An event out of the journal."""

    arguments: dict[str, Any]
    """All of the hook's, with the context and the envelope."""
    context: ExecutionContext | None
    event: Event


def decode(appended: Appended, function: Callable[..., Any], signature: Signature) -> Decoded:
    """Make the arguments of a hook of what was kept of an event.

    What the specification types is made an instance of that again; what it leaves open comes as JSON has it.
    Arguments that the hook no longer has are left out, and those that it has got since have their defaults.

    Args:
        appended: The event.
        function: The hook's specification.
        signature: Of *function*.
    """
    record = appended.record
    kept = from_json(record.payload)
    context = None if "context" not in kept else _context(kept["context"])
    event = RecordedEvent(
        record.hook,
        context,
        id=record.id,
        sequence=kept.get("sequence", 0),
        time_=record.time,
        schema_version=kept.get("version", SCHEMA_VERSION),
        attempt=appended.attempt,
    )
    given = {"context": context, "event": event}
    found: Mapping[str, Any] = kept["arguments"]
    arguments: dict[str, Any] = {}
    for name, parameter in signature.parameters.items():
        if name in given:
            arguments[name] = given[name]
        elif name in found:
            arguments[name] = _reader(function, parameter.annotation)(found[name])
        else:
            arguments[name] = None if parameter.default is Parameter.empty else parameter.default
    return Decoded(arguments, context, event)


def _context(kept: Mapping[str, Any]) -> ExecutionContext:
    return restored(
        kept,
        usage=_usage(kept["usage"]) if "usage" in kept else Usage(),
        children_usage=_usage(kept["children_usage"]) if "children_usage" in kept else Usage(),
        outcome=kept.get("outcome"),
    )


@lru_cache(maxsize=1024)
def _reader(function: Callable[..., Any], annotation: Any) -> _Reader:
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        annotation = _evaluated(annotation, function)
    if isinstance(annotation, type) and issubclass(annotation, BaseException):
        return _error
    # These are what JSON has.
    return _as_it_is if annotation in _OPEN else _checked(annotation)


def _evaluated(annotation: str, function: Callable[..., Any]) -> Any:
    """Return what *annotation* means to the module that specifies the hook; what is not there at run time is open."""
    known = {**vars(types), **vars(sys.modules[function.__module__])}
    try:
        return eval(annotation, known)  # noqa: S307 - out of the source of an installed module, not out of data
    except Exception:
        return Any


def _checked(annotation: Any) -> _Reader:
    try:
        validate = TypeAdapter(annotation).validate_python
    except PydanticSchemaGenerationError:
        return _as_it_is

    def read(value: Any) -> Any:
        try:
            return validate(value)
        except ValidationError:
            # Another version's, or one that could not be encoded: better as it is than not at all.
            return value

    return read


def _as_it_is(value: Any) -> Any:
    return value


def _error(value: Any) -> Any:
    kept = cast("Mapping[str, str]", value)
    if not isinstance(value, Mapping) or TYPE not in kept:
        return kept
    return RecordedError(kept.get("message", ""), type=kept[TYPE], hint=kept.get("hint", ""))


_OPEN: Final = (Any, str, int, float, bool, Mapping[str, Any])
_usage: Final = _checked(Usage)

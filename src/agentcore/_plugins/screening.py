"""What events tell passes the hook ``event_data`` before anybody is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from inspect import BoundArguments
from typing import TYPE_CHECKING, Any, Final

from agentcore._context import ExecutionContext
from agentcore._context.details import NO_DETAILS, details_of
from agentcore._plugins.specification import HookKind, HookSpecification
from agentcore.errors import DeniedError, HookError, RecordedError
from agentcore.types import ModelDelta, ModelRequest, ModelResponse

if TYPE_CHECKING:
    from agentcore._plugins.manager import PluginManager
    from agentcore._plugins.relay import HookCall

__all__ = ["METADATA", "SCREEN", "STATE", "may_be_screened", "screened", "screened_error"]

SCREEN: Final = "event_data"
"""The hook."""
METADATA: Final = "context.metadata"
STATE: Final = "context.state"

_HARMLESS: Final = frozenset(
    (
        "agent",
        "model",
        "tool",
        "plugin",
        "hook",
        "call_id",
        "usage",
        "duration",
        "outcome",
        "attempt",
        "delay",
        "parent",
    )
)
"""Arguments of agentcore's own events that hold nothing which anybody said."""

_BLANK: Final[Mapping[str, Any]] = {
    "input": {},
    "arguments": {},
    "documents": (),
    "delta": ModelDelta(text=""),
    "request": ModelRequest(messages=()),
    "response": ModelResponse(),
}


def may_be_screened(specification: HookSpecification[..., Any]) -> bool:
    """Whether a hook tells of something that may have to stay private: those of the process do not."""
    return specification.kind is HookKind.EVENT and "plugins" not in specification.arguments


def screened(call: HookCall, specification: HookSpecification[..., Any], manager: PluginManager) -> HookCall:
    """Put the hook ``event_data`` of *manager* before *call*, that of an event."""
    bind, name = specification.signature.bind, specification.name

    async def told(*args: Any, **keywords: Any) -> None:
        bound = bind(*args, **keywords)
        cancelled = await _screen(bound, name, manager)
        await call(*bound.args, **bound.kwargs)
        if cancelled is not None:
            raise cancelled

    return told


async def screened_error(
    manager: PluginManager, context: ExecutionContext | None, plugin: str, hook: str, error: BaseException
) -> BaseException:
    """Return what may be told, logged and kept of a failure of *plugin* in *hook*."""
    if hook == SCREEN:
        # Whoever failed at looking at it must not be asked again, and what it says may be what it looked at.
        return _unsaid(error)
    if not manager.implementations(SCREEN):
        return error
    data = {"plugin": plugin, "hook": hook, "error": error}
    passed = (await _passed(manager, context, "plugin_error", data)).get("error")
    return passed if isinstance(passed, BaseException) else _unsaid(error)


async def _screen(bound: BoundArguments, name: str, manager: PluginManager) -> asyncio.CancelledError | None:
    """Replace the arguments by what may be told; returns a cancellation of the run that came meanwhile."""
    arguments = bound.arguments
    context: ExecutionContext | None = arguments.get("context")
    data = {key: value for key, value in arguments.items() if key not in ("context", "event")}
    notes = _notes(context)
    cancelled = None
    passed: Mapping[str, Any]
    try:
        passed = await _passed(manager, context, name, {**data, **notes})
    except asyncio.CancelledError as error:
        # Who saw a start sees its end: it goes on when everybody has been told.
        passed, cancelled = _blank({**data, **notes}), error
    arguments.update({key: passed.get(key) for key in data})
    if context is not None and notes:
        details_of(context).told = (passed.get(METADATA), passed.get(STATE))
    return cancelled


def _notes(context: ExecutionContext | None) -> dict[str, Any]:
    """What is kept of a context beside its identity and its numbers."""
    if context is None or context._details is NO_DETAILS:
        return {}
    details = context._details
    noted = {METADATA: details.metadata, STATE: details.state}
    return {key: dict(value) for key, value in noted.items() if value}


async def _passed(
    manager: PluginManager, context: ExecutionContext | None, name: str, data: Mapping[str, Any]
) -> Mapping[str, Any]:
    try:
        return await manager.hook.event_data(context, name, data)
    except (DeniedError, HookError):
        return _blank(data)


def _blank(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _withheld(key, value) for key, value in data.items()}


def _withheld(key: str, value: Any) -> Any:
    if key in _HARMLESS:
        return value
    if isinstance(value, BaseException):
        return _unsaid(value)
    return _BLANK.get(key)


def _unsaid(error: BaseException) -> RecordedError:
    cls = type(error)
    return RecordedError("withheld", type=f"{cls.__module__}.{cls.__qualname__}")

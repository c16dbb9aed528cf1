"""Which arguments implementations get, and how hooks are called."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest

from agentcore import ExecutionContext, PluginManager, hookimpl


class Recorder:
    """Notes what it was called with."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def note(self, value: Any) -> None:
        """Note it."""
        self.seen.append(value)


@pytest.fixture
def recorder() -> Recorder:
    """Notes what implementations saw."""
    return Recorder()


def _all_in_order(context: Any, tool: Any, arguments: Any, result: Any, call_id: Any) -> Any:
    return context.agent_id, tool, dict(arguments), result, call_id


def _mixed_order(call_id: Any, *, tool: Any, context: Any) -> Any:
    return call_id, tool, context.agent_id


def _own_default_between(tool: Any, own: int = 7, call_id: Any = None) -> Any:
    return tool, own, call_id


def _default_of_known(tool: Any = "unset", result: Any = "unset") -> Any:
    return tool, result


def _variadic(tool: Any, *rest: Any, **more: Any) -> Any:
    return tool, rest, more


def _variadic_of_known_names(*arguments: Any, **result: Any) -> Any:
    return arguments, result


def _none() -> Any:
    return ()


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (_all_in_order, ("triage", "search", {"text": "cat"}, 3, "1")),
        (_mixed_order, ("1", "search", "triage")),
        (_own_default_between, ("search", 7, "1")),
        (_default_of_known, ("search", 3)),
        (_variadic, ("search", (), {})),
        (_variadic_of_known_names, ((), {})),
        (_none, ()),
    ],
)
@pytest.mark.parametrize("middleware", [False, True], ids=["", "with middleware"])
async def test_arguments_that_are_asked_for(
    function: Callable[..., Any],
    expected: Any,
    middleware: bool,
    recorder: Recorder,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
) -> None:
    """An implementation gets the arguments that it names, in any order, and keeps defaults of its own."""
    from agentcore import ProviderMiddleware

    class Note(ProviderMiddleware):
        def pre_execute(self, provider: str, event: str, data: Any) -> None: ...

    @wraps(function)
    def tool_execute(*args: Any, **kwargs: Any) -> None:
        recorder.note(function(*args, **kwargs))

    manager = PluginManager()
    manager.register(plugin(tool_execute=tool_execute), "one")
    if middleware:
        manager.add_middleware(Note())
    await manager.hook.tool_execute(**arguments("tool_execute"))
    assert recorder.seen == [expected]


async def test_call_by_position(
    recorder: Recorder, context: ExecutionContext, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """A hook may be called by position, in the order of its specification."""
    manager = PluginManager()
    manager.register(plugin(tool_start=lambda tool, call_id: recorder.note((tool, call_id))), "one")
    await manager.hook.tool_start(context, "search", {}, "1")
    await manager.hook.tool_start(context, "find", call_id="2", arguments={})
    assert recorder.seen == [("search", "1"), ("find", "2")]


@pytest.mark.parametrize("implemented", [False, True], ids=["unimplemented", "implemented"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["", "wrapped"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"missing": "tool"}, "tool"),
        ({"extra": 1}, "extra"),
    ],
    ids=["missing", "unknown"],
)
async def test_call_with_wrong_arguments(
    implemented: bool,
    wrapped: bool,
    changes: dict[str, Any],
    message: str,
    recorder: Recorder,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
) -> None:
    """A missing or unknown argument is the caller's TypeError, at the first call and later, and reaches no plugin."""
    manager = PluginManager()
    if implemented:
        manager.register(plugin(tool_start=lambda: recorder.note("called")), "one")
    if wrapped:

        def wrapper(tool: str) -> Any:
            recorder.note("wrapper")
            return (yield)

        manager.register(plugin(tool_start=hookimpl(wrapper=True)(wrapper)), "wrapper")
    given = arguments("tool_start", **changes)
    given.pop(given.pop("missing", ""), None)
    for _ in range(2):
        with pytest.raises(TypeError, match=message):
            await manager.hook.tool_start(**given)
    assert recorder.seen == []


def test_hook_is_called_within_a_loop(arguments: Callable[..., dict[str, Any]]) -> None:
    """Without a running loop a call says so."""
    hooks: Any = PluginManager().hook
    with pytest.raises(RuntimeError, match="no running event loop"):
        hooks.tool_start(**arguments("tool_start"))

"""Value hooks: the noun passes from implementation to implementation, and what guards it fails closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from plugin_faults import cancels_itself, exits, hangs, raises

from agentcore import Deny, ModelResponse, PluginManager, Provider, Settings, ToolCall, hookimpl
from agentcore._plugins import SPECIFICATIONS, HookKind
from agentcore.errors import DeniedError, HookError, HookTimeoutError

VALUE_HOOKS = [name for name, each in SPECIFICATIONS.items() if each.kind is HookKind.VALUE]


async def test_chain(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """Each implementation gets what the one before made; one that returns None leaves it."""

    async def exclaim(output: str) -> str:
        await asyncio.sleep(0)
        return f"{output}!"

    manager = PluginManager()
    manager.register(plugin(agent_output=lambda output: f"<{output}>"), "last")
    manager.register(plugin(agent_output=lambda output: None), "silent")
    manager.register(plugin(agent_output=exclaim), "exclaim")
    manager.register(plugin(agent_output=lambda output: output.upper()), "first")
    assert await manager.hook.agent_output(**arguments("agent_output")) == "<DONE!>"


@pytest.mark.parametrize("value", [0, "", [], {}, False], ids=["zero", "no text", "no list", "no mapping", "false"])
async def test_empty_replacement_counts(
    value: Any, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Only None leaves a value: anything else, however empty, replaces it."""
    manager = PluginManager()
    manager.register(plugin(tool_result=lambda: value), "one")
    assert await manager.hook.tool_result(**arguments("tool_result")) == value


@pytest.mark.parametrize("limit", [None, 5.0], ids=["no limit", "limited"])
@pytest.mark.parametrize("hook", ["agent_input", "agent_output"])
async def test_awaitable_of_a_sync_function(
    hook: str, limit: float | None, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Where a plain function returns an awaitable the replacement is its result."""
    replacement = {"ticket": "y"}

    async def later() -> Any:
        await asyncio.sleep(0)
        return replacement

    manager = PluginManager()
    manager.register(plugin(**{hook: hookimpl(timeout=limit)(lambda: later())}), "one")
    assert await getattr(manager.hook, hook)(**arguments(hook)) is replacement


@pytest.mark.parametrize("hook", VALUE_HOOKS)
async def test_denial(hook: str, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """``Deny`` ends the call with the reason, the plugin and the hook; later implementations do not run."""
    ran: list[str] = []
    told: list[Any] = []

    def deny() -> None:
        raise Deny("not today")

    manager = PluginManager()
    manager.register(plugin(plugin_error=lambda error: told.append(error)), "listener")
    manager.register(plugin(**{hook: lambda: ran.append("later")}), "later")
    manager.register(plugin(**{hook: deny}), "guard")
    with pytest.raises(DeniedError, match=f"denied by plugin 'guard' \\({hook}\\): not today") as caught:
        await getattr(manager.hook, hook)(**arguments(hook))
    error = caught.value
    assert (error.plugin, error.hook, error.reason) == ("guard", hook, "not today")
    assert isinstance(error.__cause__, Deny)
    assert isinstance(error, PermissionError)
    assert ran == []
    # Saying no is no failure.
    assert told == []
    assert [each.failures for each in manager.statuses()] == [0, 0, 0]


def _nonsense() -> Any:
    return object()


async def _nonsense_later() -> Any:
    return "text"


class _AwaitableOfNonsense:
    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        return 42


FAILING: list[tuple[Callable[..., Any], type[BaseException], str]] = [
    (raises, ValueError, "ValueError: broken"),
    (exits, SystemExit, "SystemExit: 3"),
    (cancels_itself, asyncio.CancelledError, "CancelledError: "),
    (hangs, HookTimeoutError, "did not finish 'tool_call' within 0.1 s"),
    (_nonsense, TypeError, "returned object for 'call', which must be ToolCall or None"),
    (_nonsense_later, TypeError, "returned str for 'call', which must be ToolCall or None"),
    (_AwaitableOfNonsense, TypeError, "returned int for 'call'"),
]


@pytest.mark.parametrize(
    ("function", "cause", "message"), FAILING, ids=[each[0].__name__.lstrip("_") for each in FAILING]
)
async def test_fails_closed(
    function: Callable[..., Any],
    cause: type[BaseException],
    message: str,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """A guard that fails, hangs or answers with nonsense ends what it guards, and is reported once."""
    ran: list[str] = []
    manager = make_manager(
        hasty, later=plugin(tool_call=lambda: ran.append("later")), guard=plugin(tool_call=lambda: function())
    )
    with pytest.raises(HookError) as caught:
        await manager.hook.tool_call(**arguments("tool_call"))
    error = caught.value
    assert (error.plugin, error.hook) == ("guard", "tool_call")
    assert message in error.message
    assert "disabled = ['guard']" in error.hint
    assert type(error.__cause__) is cause
    assert failures.kinds == [("guard", "tool_call", cause)]
    assert failures.error is error.__cause__
    assert ran == []


@pytest.mark.parametrize(
    ("hook", "wrong", "wanted"),
    [
        ("agent_input", ["ticket"], "Mapping"),
        ("model_request", ModelResponse(), "ModelRequest"),
        ("model_response", "Because.", "ModelResponse"),
        ("tool_call", {"name": "search"}, "ToolCall"),
    ],
)
async def test_wrong_type(
    hook: str, wrong: Any, wanted: str, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """A replacement of another type than the noun's fails closed; the error names both."""
    manager = PluginManager()
    manager.register(plugin(**{hook: lambda: wrong}), "guard")
    with pytest.raises(HookError, match=f"returned {type(wrong).__name__} for .*, which must be {wanted} or None"):
        await getattr(manager.hook, hook)(**arguments(hook))


async def test_nonsense_within_a_limit(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """A limit of time makes no difference to what is refused."""
    manager = PluginManager()
    manager.register(plugin(tool_call=hookimpl(timeout=5)(_nonsense)), "guard")
    with pytest.raises(HookError, match="returned object for 'call'"):
        await manager.hook.tool_call(**arguments("tool_call"))


async def test_caller_keeps_its_own_value(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """A replacement is returned; what was passed in is what it was."""
    given = arguments("tool_call")
    call: ToolCall = given["call"]
    manager = PluginManager()
    manager.register(plugin(tool_call=lambda call: attrs.evolve(call, name="find")), "one")
    result = await manager.hook.tool_call(**given)
    assert (result.name, call.name) == ("find", "search")


async def test_provider_as_guard(arguments: Callable[..., dict[str, Any]]) -> None:
    """A provider that lists a value hook replaces the noun, or denies, by what ``handle_event`` returns or raises."""

    class Guard(Provider):
        events = ("agent_input", "tool_call")

        async def handle_event(self, event: str, data: Any) -> Any:
            if event == "tool_call":
                raise Deny(f"no {data['call'].name} here")
            return {**data["input"], "seen": True}

    manager = PluginManager()
    manager.register(Guard())
    assert await manager.hook.agent_input(**arguments("agent_input")) == {"ticket": "x", "seen": True}
    with pytest.raises(DeniedError, match="no search here"):
        await manager.hook.tool_call(**arguments("tool_call"))

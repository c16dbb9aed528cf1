"""Wrappers that fail."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import PluginManager, hookimpl
from agentcore.errors import HookError

wrapper = hookimpl(wrapper=True)


def _fails_before() -> Any:
    raise ValueError("before")
    yield


def _exits_before() -> Any:
    sys.exit(1)
    yield


def _fails_after() -> Any:
    yield
    raise ValueError("after")


def _exits_after() -> Any:
    yield
    sys.exit(1)


def _never_yields() -> Any:
    if False:
        yield


def _yields_twice() -> Any:
    yield
    yield


def _cannot_be_closed() -> Any:
    yield
    try:
        yield
    finally:
        yield


def _yields_twice_when_something_fails() -> Any:
    try:
        yield
    except HookError:
        yield


FAILING: list[tuple[Callable[..., Any], type[BaseException], str]] = [
    (_fails_before, ValueError, "before"),
    (_exits_before, SystemExit, "1"),
    (_fails_after, ValueError, "after"),
    (_exits_after, SystemExit, "1"),
    (_never_yields, RuntimeError, "a wrapper must yield once; it ended before"),
    (_yields_twice, RuntimeError, "a wrapper must yield once; it yielded again"),
    (_cannot_be_closed, RuntimeError, "generator ignored GeneratorExit"),
]


@pytest.mark.parametrize(
    ("function", "error", "message"), FAILING, ids=[each[0].__name__.lstrip("_") for each in FAILING]
)
@pytest.mark.parametrize("hook", ["tool_start", "register_tools", "resolve_model"])
async def test_failing_wrapper_is_contained(
    hook: str,
    function: Callable[..., Any],
    error: type[BaseException],
    message: str,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """Around an event, or a hook that collects or searches, a wrapper that fails is reported and left out."""
    ran: list[str] = []

    def inside() -> Any:
        ran.append("inside")
        return ["result"]

    manager = make_manager(inside=plugin(**{hook: inside}), wrapper=plugin(**{hook: wrapper(function)}))
    result = await getattr(manager.hook, hook)(**arguments(hook))
    assert result == (None if hook == "tool_start" else ["result"])
    assert ran == ["inside"]
    assert failures.kinds == [("wrapper", hook, error)]
    assert str(failures.error) == message


@pytest.mark.parametrize(
    ("function", "error", "message"), FAILING, ids=[each[0].__name__.lstrip("_") for each in FAILING]
)
async def test_failing_wrapper_of_a_value_fails_closed(
    function: Callable[..., Any],
    error: type[BaseException],
    message: str,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """Around a value a wrapper that fails is a guard that fails: the run ends."""
    manager = make_manager(wrapper=plugin(agent_output=wrapper(function)))
    with pytest.raises(HookError, match="plugin 'wrapper' failed in 'agent_output'") as caught:
        await manager.hook.agent_output(**arguments("agent_output"))
    assert type(caught.value.__cause__) is error
    assert failures.kinds == [("wrapper", "agent_output", error)]


async def test_second_yield_after_a_failure(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """A wrapper that yields again after a failure inside fails itself."""
    manager = PluginManager()
    manager.register(plugin(agent_output=lambda: 1 / 0), "broken")
    manager.register(plugin(agent_output=wrapper(_yields_twice_when_something_fails)), "wrapper")
    with pytest.raises(HookError, match="it yielded again") as caught:
        await manager.hook.agent_output(**arguments("agent_output"))
    assert caught.value.plugin == "wrapper"

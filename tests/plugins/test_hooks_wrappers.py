"""Wrappers run around all other implementations, as in pluggy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

import pytest

from agentcore import Deny, PluginManager, hookimpl
from agentcore.errors import DeniedError, HookError, ModelError

wrapper = hookimpl(wrapper=True)


async def test_before_and_after(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """A wrapper runs before and after all the others; of several the one that was registered last is outermost."""
    ran: list[str] = []

    def make(name: str) -> Any:
        def around(tool: str) -> Generator[None, None, None]:
            ran.append(f"{name} before {tool}")
            yield
            ran.append(f"{name} after")

        return plugin(tool_start=wrapper(around))

    async def inside() -> None:
        await asyncio.sleep(0)
        ran.append("inside")

    manager = PluginManager()
    manager.register(make("inner"), "inner")
    manager.register(plugin(tool_start=inside), "inside")
    manager.register(make("outer"), "outer")
    await manager.hook.tool_start(**arguments("tool_start"))
    assert ran == ["outer before search", "inner before search", "inside", "inner after", "outer after"]


async def test_wrapper_alone(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """A wrapper runs though there is nothing to run around, and sees what came in."""
    seen: list[Any] = []

    def around() -> Any:
        seen.append((yield))

    manager = PluginManager()
    manager.register(plugin(agent_output=wrapper(around)), "one")
    assert await manager.hook.agent_output(**arguments("agent_output")) == "done"
    assert seen == ["done"]


async def test_wrapper_replaces_a_value(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """What a wrapper returns is the result for those around it and for the caller."""

    def make(mark: str) -> Any:
        def around() -> Any:
            result = yield
            return f"{mark}{result}{mark}"

        return plugin(agent_output=wrapper(around))

    manager = PluginManager()
    manager.register(plugin(agent_output=lambda output: output.upper()), "inside")
    manager.register(make("*"), "inner")
    manager.register(make("_"), "outer")
    assert await manager.hook.agent_output(**arguments("agent_output")) == "_*DONE*_"


@pytest.mark.parametrize("hook", ["agent_output", "register_tools", "resolve_model"])
async def test_none_leaves_the_result(
    hook: str, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """A wrapper that returns nothing leaves the result."""

    def around() -> Any:
        yield

    manager = PluginManager()
    manager.register(plugin(**{hook: lambda: ["inside"]}), "inside")
    manager.register(plugin(**{hook: wrapper(around)}), "wrapper")
    assert await getattr(manager.hook, hook)(**arguments(hook)) == ["inside"]


async def test_wrapper_adds_to_what_was_collected(plugin: Callable[..., Any]) -> None:
    """Around a collecting hook a wrapper sees the whole list, and returns another iterable of results."""

    def around() -> Any:
        result = yield
        return (*result, "more")

    manager = PluginManager()
    manager.register(plugin(register_tools=lambda: ["inside"]), "inside")
    manager.register(plugin(register_tools=wrapper(around)), "wrapper")
    assert await manager.hook.register_tools() == ["inside", "more"]


async def test_nonsense_around_a_collecting_hook(
    plugin: Callable[..., Any], failures: Any, make_manager: Callable[..., PluginManager]
) -> None:
    """What is no iterable of results is a failure, and leaves what was collected."""

    def around() -> Any:
        yield
        return 42

    manager = make_manager(
        inside=plugin(register_tools=lambda: ["inside"]), wrapper=plugin(register_tools=wrapper(around))
    )
    assert await manager.hook.register_tools() == ["inside"]
    assert failures.kinds == [("wrapper", "register_tools", TypeError)]


async def test_result_around_an_event_is_ignored(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """An event has no result, whatever a wrapper returns."""

    def around() -> Any:
        return (yield), "something"

    manager = PluginManager()
    manager.register(plugin(tool_start=wrapper(around)), "wrapper")
    hooks: Any = manager.hook
    assert await hooks.tool_start(**arguments("tool_start")) is None


async def test_wrapper_sees_what_the_inside_raises(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """The yield raises what ends a value hook inside; a wrapper that lets it pass changes nothing."""
    seen: list[BaseException] = []

    def deny() -> None:
        raise Deny("no")

    def around() -> Any:
        try:
            return (yield)
        except DeniedError as error:
            seen.append(error)
            raise

    manager = PluginManager()
    manager.register(plugin(agent_output=deny), "guard")
    manager.register(plugin(agent_output=wrapper(around)), "wrapper")
    with pytest.raises(DeniedError) as caught:
        await manager.hook.agent_output(**arguments("agent_output"))
    assert seen == [caught.value]
    assert isinstance(caught.value.__cause__, Deny)


async def test_wrapper_answers_in_place_of_a_failure(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """A wrapper may put a value in the place of one that a guard inside refused."""

    def around() -> Any:
        try:
            return (yield)
        except HookError:
            return "a stand-in"

    manager = PluginManager()
    manager.register(plugin(agent_output=lambda: 1 / 0), "broken")
    manager.register(plugin(agent_output=wrapper(around)), "wrapper")
    assert await manager.hook.agent_output(**arguments("agent_output")) == "a stand-in"


async def test_swallowing_a_refusal_does_not_undo_it(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """A wrapper that swallows what a guard inside raised, and has nothing to put in its place, changes nothing."""

    def deny() -> None:
        raise Deny("no")

    def around() -> Any:
        try:
            yield
        except DeniedError:
            pass

    manager = PluginManager()
    manager.register(plugin(agent_output=deny), "guard")
    manager.register(plugin(agent_output=wrapper(around)), "wrapper")
    with pytest.raises(DeniedError) as caught:
        await manager.hook.agent_output(**arguments("agent_output"))
    assert isinstance(caught.value.__cause__, Deny)


async def test_model_error_passes_a_wrapper(
    plugin: Callable[..., Any], failures: Any, make_manager: Callable[..., PluginManager]
) -> None:
    """What a wrapper raises about a ModelError inside is its failure; the caller gets the ModelError with its cause."""
    error = ModelError("no key", model="tiny")

    def fail() -> None:
        raise error from ValueError("cause")

    def around() -> Any:
        try:
            yield
        finally:
            raise RuntimeError("mine")

    manager = make_manager(owner=plugin(resolve_model=fail), wrapper=plugin(resolve_model=wrapper(around)))
    with pytest.raises(ModelError) as caught:
        await manager.hook.resolve_model(name="tiny")
    assert caught.value is error
    assert isinstance(error.__cause__, ValueError)
    assert failures.kinds == [("wrapper", "resolve_model", RuntimeError)]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_wrapper_denies(when: str, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """A wrapper of a value may deny, before and after the others."""
    ran: list[str] = []

    def around() -> Any:
        if when == "before":
            raise Deny("no")
        result = yield
        raise Deny(f"not {result}")

    manager = PluginManager()
    manager.register(plugin(agent_output=lambda: ran.append("inside")), "inside")
    manager.register(plugin(agent_output=wrapper(around)), "guard")
    with pytest.raises(DeniedError) as caught:
        await manager.hook.agent_output(**arguments("agent_output"))
    assert caught.value.reason == ("no" if when == "before" else "not done")
    assert ran == ([] if when == "before" else ["inside"])


async def test_wrapper_returns_the_wrong_type(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """What a wrapper puts in the place of a value must be of the noun's type, or it fails closed."""

    def around() -> Any:
        yield
        return "no call"

    manager = PluginManager()
    manager.register(plugin(tool_call=wrapper(around)), "wrapper")
    with pytest.raises(HookError, match="returned str for 'call', which must be ToolCall or None"):
        await manager.hook.tool_call(**arguments("tool_call"))


async def test_wrapper_with_odd_parameters(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Positional-only and keyword-only parameters of a wrapper are filled, calls by position included."""
    seen: list[Any] = []

    def around(tool: str, /, *, call_id: str) -> Any:
        seen.append((tool, call_id))
        return (yield)

    manager = PluginManager()
    manager.register(plugin(tool_start=wrapper(around)), "wrapper")
    await manager.hook.tool_start(**arguments("tool_start"))
    await manager.hook.tool_start(*arguments("tool_start").values())
    assert seen == [("search", "1")] * 2


async def test_keyboard_interrupt_passes_a_wrapper(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """An interrupt inside a wrapper stops the program."""

    def around() -> Any:
        yield
        raise KeyboardInterrupt

    manager = PluginManager()
    manager.register(plugin(tool_start=wrapper(around)), "wrapper")
    with pytest.raises(KeyboardInterrupt):
        manager.hook.tool_start(**arguments("tool_start")).__await__().send(None)

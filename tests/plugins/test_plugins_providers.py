"""Providers: plugins written as classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentcore import Event, ExecutionContext, PluginManager, Provider, hookimpl


class Listener(Provider):
    """Keeps what it is told."""

    name = "listener"
    events = ("tool_execute", "agent_error")

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.life: list[str] = []

    async def initialize(self) -> None:
        """Note it."""
        self.life.append("initialize")

    async def aclose(self) -> None:
        """Note it."""
        self.life.append("aclose")

    async def handle_event(self, event: str, data: Any) -> None:
        """Keep it."""
        self.seen.append((event, data))


async def test_by_hand() -> None:
    """A provider is an object that can be called without any framework around it."""
    provider = Listener()
    await provider.handle_event("tool_execute", {"tool": "search", "duration": 1.5})
    assert provider.seen == [("tool_execute", {"tool": "search", "duration": 1.5})]


async def test_data_of_an_event(context: ExecutionContext, arguments: Callable[..., dict[str, Any]]) -> None:
    """A provider gets the hook's name and all its arguments, the context and the envelope among them."""
    provider = Listener()
    manager = PluginManager()
    manager.register(provider)
    given = arguments("tool_execute")
    await manager.hook.tool_execute(**given)
    [(event, data)] = provider.seen
    envelope = data.pop("event")
    assert event == "tool_execute"
    assert data == given
    assert data["context"] is context
    assert isinstance(envelope, Event)
    assert (envelope.name, envelope.sequence) == ("tool_execute", 1)


async def test_only_its_events(arguments: Callable[..., dict[str, Any]]) -> None:
    """A provider is called for the events that it lists, and for no others."""
    provider = Listener()
    manager = PluginManager()
    manager.register(provider)
    for hook in ("tool_start", "tool_execute", "agent_error", "agent_complete"):
        await getattr(manager.hook, hook)(**arguments(hook))
    assert [event for event, _ in provider.seen] == ["tool_execute", "agent_error"]
    assert manager.statuses()[0].hooks == ("agent_error", "tool_execute", "agentcore_startup", "agentcore_shutdown")


async def test_life() -> None:
    """``initialize`` and ``aclose`` run once, however often the manager is started up and closed."""
    provider = Listener()
    manager = PluginManager()
    manager.register(provider)
    assert provider.life == []
    for _ in range(2):
        await manager.startup()
    assert provider.life == ["initialize"]
    for _ in range(2):
        await manager.aclose()
    assert provider.life == ["initialize", "aclose"]


async def test_two_providers_of_one_class(arguments: Callable[..., dict[str, Any]]) -> None:
    """Two instances of a class are two plugins, each with its own life."""
    first, second = Listener(), Listener()
    manager = PluginManager()
    manager.register(first)
    manager.register(second, "other")
    async with manager:
        await manager.hook.tool_execute(**arguments("tool_execute"))
    for provider in (first, second):
        assert provider.life == ["initialize", "aclose"]
        assert len(provider.seen) == 1


async def test_failing_initialize(failures: Any, make_manager: Callable[..., PluginManager]) -> None:
    """A provider that cannot be initialized is failed at setup, is told of once, gets no event and is not closed."""

    class Failing(Listener):
        async def initialize(self) -> None:
            raise ConnectionError("no database")

    provider = Failing()
    manager = make_manager(listener=provider)
    async with manager:
        assert manager.implementations("tool_execute") == []
    [status] = [each for each in manager.statuses() if each.name == "listener"]
    assert (status.status, status.stage) == ("failed", "setup")
    assert isinstance(status.error, ConnectionError)
    assert failures.kinds == [("listener", "setup", ConnectionError)]
    assert provider.life == []


async def test_failing_aclose(failures: Any, make_manager: Callable[..., PluginManager]) -> None:
    """A provider that cannot be closed is reported, and the others are closed."""

    class Failing(Listener):
        async def aclose(self) -> None:
            raise ConnectionError("lost")

    other = Listener()
    manager = make_manager(other=other, failing=Failing())
    await manager.startup()
    await manager.aclose()
    assert failures.kinds == [("failing", "agentcore_shutdown", ConnectionError)]
    assert other.life == ["initialize", "aclose"]


async def test_provider_with_implementations_of_its_own(arguments: Callable[..., dict[str, Any]]) -> None:
    """A provider may mark methods besides, and need not list events then."""
    seen: list[str] = []

    class Marked(Provider):
        @hookimpl
        def tool_start(self, tool: str) -> None:
            seen.append(tool)

    manager = PluginManager()
    assert manager.register(Marked()) == "marked"
    async with manager:
        await manager.hook.tool_start(**arguments("tool_start"))
    assert seen == ["search"]


async def test_handler_that_is_not_async(arguments: Callable[..., dict[str, Any]]) -> None:
    """``handle_event`` may be a plain method."""
    seen: list[str] = []

    class Plain(Provider):
        events = ("tool_start",)

        def handle_event(self, event: str, data: Any) -> Any:
            seen.append(event)

    manager = PluginManager()
    manager.register(Plain())
    await manager.hook.tool_start(**arguments("tool_start"))
    assert seen == ["tool_start"]


async def test_provider_without_handler(
    arguments: Callable[..., dict[str, Any]], failures: Any, make_manager: Callable[..., PluginManager]
) -> None:
    """A provider that lists events and does not handle them says so."""

    class Mute(Provider):
        events = ("tool_start",)

    manager = make_manager(mute=Mute())
    async with manager:
        await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("mute", "tool_start", NotImplementedError)]
    assert str(failures.error) == "Mute lists events and does not handle them"


@pytest.mark.parametrize("events", [["tool_start"], {"tool_start"}, ("tool_start",)], ids=["list", "set", "tuple"])
async def test_events_of_the_instance(events: Any, arguments: Callable[..., dict[str, Any]]) -> None:
    """What a provider listens to may be decided when it is made."""
    provider = Listener()
    provider.events = events
    manager = PluginManager()
    manager.register(provider)
    await manager.hook.tool_start(**arguments("tool_start"))
    assert [event for event, _ in provider.seen] == ["tool_start"]

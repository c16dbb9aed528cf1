"""The envelope of an event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from agentcore import Event, ExecutionContext, PluginManager, Provider, ProviderMiddleware, hookimpl


class Listener(Provider):
    """Keeps the envelopes of one event."""

    events = ("tool_start",)

    def __init__(self) -> None:
        self.seen: list[Any] = []

    async def handle_event(self, event: str, data: Any) -> None:
        """Keep it."""
        self.seen.append(data["event"])


async def test_all_see_the_same_envelope(
    context: ExecutionContext, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Functions, wrappers and providers that ask for ``event`` get one and the same."""
    seen: list[Any] = []
    listener = Listener()

    async def asks_too(event: Event, tool: str) -> None:
        seen.append(event)

    def wraps(event: Event) -> Any:
        seen.append(event)
        return (yield)

    manager = PluginManager()
    manager.register(plugin(tool_start=lambda event: seen.append(event)), "one")
    manager.register(plugin(tool_start=asks_too), "two")
    manager.register(plugin(tool_start=hookimpl(wrapper=True)(wraps)), "three")
    manager.register(listener)
    await manager.hook.tool_start(**arguments("tool_start"))

    assert len(seen) == 3
    assert {id(each) for each in seen + listener.seen} == {id(seen[0])}
    [event] = set(seen)
    assert (event.name, event.context, event.schema_version) == ("tool_start", context, 1)


async def test_sequence_and_ids(
    context: ExecutionContext, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """The events of a run are numbered from 1, whichever hook they belong to, and no two ids are the same."""
    seen: list[Event] = []
    manager = PluginManager()
    hooks = ("agent_start", "tool_start", "tool_execute")
    manager.register(plugin(**{hook: lambda event: seen.append(event) for hook in hooks}), "one")
    for hook in hooks:
        await getattr(manager.hook, hook)(**arguments(hook))
    other = ExecutionContext("other")
    await manager.hook.agent_start(**arguments("agent_start", context=other))

    assert [(each.name, each.sequence) for each in seen] == [
        ("agent_start", 1),
        ("tool_start", 2),
        ("tool_execute", 3),
        ("agent_start", 1),
    ]
    assert len({each.id for each in seen}) == 4
    assert all(each.id.startswith(context.context_id) for each in seen[:3])


@pytest.mark.parametrize("wrapper", [False, True], ids=["", "wrapped"])
async def test_nobody_asks(
    wrapper: bool, context: ExecutionContext, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Where nobody asks for the envelope none is made, and the run's events are not counted."""

    def wraps() -> Any:
        return (yield)

    seen: list[Event] = []
    manager = PluginManager()
    manager.register(plugin(agent_start=lambda agent: None, tool_start=lambda event: seen.append(event)), "one")
    if wrapper:
        manager.register(plugin(agent_start=hookimpl(wrapper=True)(wraps)), "two")
    await manager.hook.agent_start(**arguments("agent_start"))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert [each.sequence for each in seen] == [1]


async def test_time(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """The envelope knows when the event was sent, in UTC."""
    seen: list[Event] = []
    manager = PluginManager()
    manager.register(plugin(tool_start=lambda event: seen.append(event)), "one")
    before = datetime.now(UTC)
    await manager.hook.tool_start(**arguments("tool_start"))
    assert before <= seen[0].time <= datetime.now(UTC)
    assert seen[0].time.utcoffset() == before.utcoffset()


async def test_event_of_the_process(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """Outside of runs an event has an id of its own, and the number 0."""
    seen: list[Event] = []
    manager = PluginManager()
    manager.register(plugin(knowledge_update=lambda event: seen.append(event)), "one")
    for _ in range(2):
        await manager.hook.knowledge_update(**arguments("knowledge_update", context=None))
    assert [each.sequence for each in seen] == [0, 0]
    assert seen[0].id != seen[1].id
    assert seen[0].context is None


async def test_envelope_is_passed_on(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """Whoever sends an event again passes its envelope, and no other is made."""
    seen: list[Event] = []
    given = Event("tool_start", id="42", sequence=7)
    manager = PluginManager()
    manager.register(plugin(tool_start=lambda event: seen.append(event)), "one")
    await manager.hook.tool_start(**arguments("tool_start", event=given))
    assert seen == [given]
    assert repr(given) == "<Event tool_start 42>"


async def test_middleware_sees_the_envelope(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Middleware finds the envelope in the data where the implementations ask for it."""
    seen: list[Any] = []

    class Look(ProviderMiddleware):
        def pre_execute(self, provider: str, event: str, data: Any) -> None:
            seen.append(data["event"])

    manager = PluginManager()
    manager.register(plugin(tool_start=lambda event: seen.append(event)), "one")
    manager.add_middleware(Look())
    await manager.hook.tool_start(**arguments("tool_start"))
    assert len(seen) == 2
    assert seen[0] is seen[1]
    assert isinstance(seen[0], Event)

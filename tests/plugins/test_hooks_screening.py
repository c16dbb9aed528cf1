"""``event_data``: what events tell passes it before anybody is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from agentcore import Deny, ExecutionContext, PluginManager, Provider, hookimpl, hookspec, load_settings
from agentcore._plugins import SPECIFICATIONS, HookKind
from agentcore.errors import HookError, RecordedError

EVENTS = [
    name for name, each in SPECIFICATIONS.items() if each.kind is HookKind.EVENT and "plugins" not in each.arguments
]


class Screen:
    """Replaces each text."""

    @hookimpl
    async def event_data(self, name: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        await asyncio.sleep(0)
        return dict.fromkeys(data, "screened")


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []


@pytest.mark.parametrize("hook", EVENTS)
async def test_every_event_is_screened(
    hook: str, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Whatever the event, those who are told see what was made of it."""
    seen: list[Mapping[str, Any]] = []
    given = arguments(hook)

    class Everything(Provider):
        events = (hook,)

        async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
            seen.append(data)

    manager = PluginManager()
    manager.register(Screen())
    manager.register(Everything())
    await getattr(manager.hook, hook)(**given)
    [data] = seen
    assert {key: each for key, each in data.items() if key not in ("context", "event")} == {
        key: "screened" for key in given if key != "context"
    }
    assert data.get("context") is given.get("context")
    assert data["event"].name == hook


async def test_wrappers_see_what_is_screened(arguments: Callable[..., dict[str, Any]]) -> None:
    """What is around the implementations sees no more than they do."""
    seen: list[Any] = []

    class Around:
        @hookimpl(wrapper=True)
        def tool_start(self, tool: str) -> Any:
            seen.append(tool)
            yield

    manager = PluginManager()
    manager.register(Screen())
    manager.register(Around())
    await manager.hook.tool_start(**arguments("tool_start"))
    assert seen == ["screened"]


class Reviews:
    @staticmethod
    @hookspec
    def review_end(context: ExecutionContext | None, text: str) -> None:
        """A third party's event."""


async def test_events_of_others_are_screened(context: ExecutionContext) -> None:
    """Those that a plugin specifies itself pass, too."""
    listener = Listener()

    class Hearing:
        @hookimpl
        def review_end(self, text: str) -> None:
            listener.told.append(text)

    manager = PluginManager()
    manager.add_hookspecs(Reviews)
    manager.register(Screen())
    manager.register(Hearing())
    hook: Any = manager.hook
    await hook.review_end(context, "secret")
    assert listener.told == ["screened"]


def _raises() -> None:
    raise RuntimeError("out of order")


def _denies() -> None:
    raise Deny("nobody may know")


WITHHELD: dict[str, dict[str, Any]] = {
    "agent_start": {"agent": "triage", "input": {}},
    "tool_execute": {"tool": "search", "arguments": {}, "result": None, "call_id": "1", "duration": 1.5},
    "knowledge_update": {"documents": ()},
}


@pytest.mark.parametrize("fails", [_raises, _denies], ids=["fails", "denies"])
@pytest.mark.parametrize("hook", WITHHELD)
async def test_a_failure_withholds(
    hook: str, fails: Callable[[], None], arguments: Callable[..., dict[str, Any]], make_manager: Any
) -> None:
    """Where it fails or denies, the event is sent without what anybody said, and the run goes on."""
    seen: list[Mapping[str, Any]] = []

    class Everything(Provider):
        events = (hook,)

        async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
            seen.append(data)

    class Broken:
        @hookimpl
        def event_data(self) -> None:
            fails()

    manager = make_manager(broken=Broken())
    manager.register(Everything())
    await getattr(manager.hook, hook)(**arguments(hook))
    assert {key: seen[0][key] for key in WITHHELD[hook]} == WITHHELD[hook]


async def test_a_failure_is_logged_without_its_text(
    arguments: Callable[..., dict[str, Any]], make_manager: Any, failures: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """What the failing one says may be what it looked at: only the class of its error is told."""

    class Broken:
        @hookimpl
        def event_data(self, data: Mapping[str, Any]) -> None:
            raise RuntimeError(str(data))

    manager = make_manager(broken=Broken())
    with caplog.at_level(logging.DEBUG):
        await manager.hook.agent_start(**arguments("agent_start"))
    assert "RecordedError: withheld" in caplog.text
    assert "ticket" not in caplog.text
    assert failures.told == []
    [status] = [each for each in manager.statuses() if each.name == "broken"]
    assert status.failures == 1
    assert isinstance(status.error, RecordedError)
    assert status.error.type == "builtins.RuntimeError"


async def test_an_error_that_is_no_error_is_withheld(
    arguments: Callable[..., dict[str, Any]], make_manager: Any
) -> None:
    """A replacement of another type cannot be logged as an error."""

    class Talkative:
        @hookimpl
        def agent_start(self) -> None:
            raise RuntimeError("the password is hunter2")

    manager = make_manager(screen=Screen(), talkative=Talkative())
    await manager.hook.agent_start(**arguments("agent_start"))
    [status] = [each for each in manager.statuses() if each.name == "talkative"]
    assert str(status.error) == "withheld"


class NoSecrets:
    """Takes one word out of errors."""

    @hookimpl
    def event_data(self, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
        error = data.get("error")
        return None if error is None else {**data, "error": ValueError(str(error).replace("hunter2", "***"))}


async def test_failures_of_plugins_are_screened(
    arguments: Callable[..., dict[str, Any]], make_manager: Any, failures: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The log, the status and ``plugin_error`` hold what was made of the error; so does what ends a run."""

    class Talkative:
        @hookimpl
        def agent_start(self) -> None:
            raise RuntimeError("the password is hunter2")

        @hookimpl
        def agent_input(self) -> None:
            raise RuntimeError("the password is hunter2")

    manager = make_manager(screen=NoSecrets(), talkative=Talkative())
    await manager.hook.agent_start(**arguments("agent_start"))
    with pytest.raises(HookError) as caught:
        await manager.hook.agent_input(**arguments("agent_input"))
    assert "hunter2" not in str(caught.value)
    assert [str(each[2]) for each in failures.told] == ["the password is ***"] * 2
    assert "hunter2" not in caplog.text
    [status] = [each for each in manager.statuses() if each.name == "talkative"]
    assert str(status.error) == "the password is ***"


async def test_cancellation_while_it_is_screened(arguments: Callable[..., dict[str, Any]]) -> None:
    """A run that is cancelled then tells the event all the same, withheld, and then goes on to its end."""
    told: list[Any] = []
    reached = asyncio.Event()

    class Slow:
        @hookimpl
        async def event_data(self) -> None:
            reached.set()
            await asyncio.Event().wait()

    class Hearing:
        @hookimpl
        def agent_start(self, agent: str, input: Mapping[str, Any]) -> None:
            told.append((agent, input))

    manager = PluginManager()
    manager.register(Slow())
    manager.register(Hearing())
    task = asyncio.ensure_future(manager.hook.agent_start(**arguments("agent_start")))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == [("triage", {})]


@pytest.mark.parametrize("delivery", ["background", "durable"])
async def test_lanes_see_the_screened_context(delivery: str, tmp_path: Path) -> None:
    """The metadata and the state of the context that lanes and the journal get are what was made of them; the run's
    own stay.
    """
    seen: list[Any] = []

    class Screening:
        @hookimpl
        def event_data(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
            return {key: {"kept": "***"} if key.startswith("context.") else each for key, each in data.items()}

    class Laned(Provider):
        name = "laned"
        events = ("agent_start",)

        async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
            seen.append((data["context"].metadata, data["context"].state, data["context"].context_id))

    Laned.delivery = delivery  # type: ignore[assignment]
    context = ExecutionContext("triage", {"token": "hunter2"})
    context.state["note"] = "hunter2"
    async with PluginManager(load_settings(start=tmp_path, overrides={"state_dir": tmp_path / "state"})) as manager:
        manager.register(Screening())
        manager.register(Laned())
        await manager.startup()
        await manager.hook.agent_start(context=context, agent="triage", input={})
        assert not (await manager.flush(10)).waiting
    assert seen == [({"kept": "***"}, {"kept": "***"}, context.context_id)]
    assert (context.metadata, context.state) == ({"token": "hunter2"}, {"note": "hunter2"})
    kept = b"".join(each.read_bytes() for each in (tmp_path / "state").rglob("*") if each.is_file())
    assert b"hunter2" not in kept

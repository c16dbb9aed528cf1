"""Faults at the start and the end of plugins, and what is closed with them."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import PluginManager, ProviderMiddleware, Settings, hookimpl


@pytest.fixture
def life() -> list[str]:
    """What happened, in order."""
    return []


async def test_plugins_registered_while_a_failure_is_told(
    life: list[str], site: Any, plugin: Callable[..., Any]
) -> None:
    """A plugin that comes when the others have been started is not forgotten."""
    site.install("broken", "raise ValueError('broken')")
    manager, make = PluginManager(), plugin

    class Doctor:
        @hookimpl
        def plugin_error(self, plugin: str) -> None:
            manager.register(make(agentcore_startup=lambda: life.append("+substitute")), "substitute")

    manager.register(Doctor())
    manager.load()
    await manager.startup()
    assert not manager.ready
    await manager.startup()
    assert life == ["+substitute"]


def test_two_loops(plugin: Callable[..., Any]) -> None:
    """Two loops in two threads start a manager once, and both wait for it."""
    begun, gate = threading.Event(), threading.Event()
    seen: list[str] = []

    def slow() -> None:
        begun.set()
        gate.wait()
        seen.append("started")

    async def use(name: str) -> None:
        await manager.startup()
        seen.append(name)

    manager = PluginManager()
    manager.register(plugin(agentcore_startup=hookimpl(blocking=True)(slow)), "slow")
    users = [threading.Thread(target=asyncio.run, args=(use(f"used {index}"),)) for index in range(2)]
    for each in users:
        each.start()
    begun.wait()
    gate.set()
    for each in users:
        each.join()
    assert seen[0] == "started"
    assert sorted(seen[1:]) == ["used 0", "used 1"]


async def test_startup_cancelled_while_it_asks_for_middleware(
    life: list[str], arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Middleware that was not had because the startup was cancelled is asked for again; nobody is started twice."""
    begun, gate = asyncio.Event(), asyncio.Event()
    seen: list[str] = []

    class Note(ProviderMiddleware):
        def pre_execute(self, provider: str, event: str, data: Any) -> None:
            seen.append(event)

    class Bringing:
        @hookimpl
        def agentcore_startup(self) -> None:
            life.append("+a")

        @hookimpl
        async def register_middleware(self) -> list[ProviderMiddleware]:
            begun.set()
            await gate.wait()
            return [Note()]

    manager = PluginManager()
    manager.register(Bringing())
    manager.register(plugin(tool_start=lambda: None), "one")
    starting = asyncio.create_task(manager.startup())
    await begun.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    gate.set()
    await manager.startup()
    await manager.hook.tool_start(**arguments("tool_start"))
    assert life == ["+a"]
    assert seen == ["tool_start"]


async def test_startup_that_cancels_itself(
    plugin: Callable[..., Any], failures: Any, make_manager: Callable[..., PluginManager]
) -> None:
    """A plugin that cancels itself when it is started is failed, not the startup."""

    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    manager = make_manager(mine=plugin(agentcore_startup=cancels_itself))
    await manager.startup()
    assert failures.kinds == [("mine", "setup", asyncio.CancelledError)]


async def test_failed_plugin_may_come_again(
    life: list[str], plugin: Callable[..., Any], failures: Any, make_manager: Callable[..., PluginManager]
) -> None:
    """A plugin that failed may be registered again; where it fails again that is told again."""
    manager = make_manager(flaky=plugin(agentcore_startup=lambda: 1 / 0))
    await manager.startup()
    manager.register(plugin(agentcore_startup=lambda: 1 / 0), "flaky")
    await manager.startup()
    assert failures.kinds == [("flaky", "setup", ZeroDivisionError)] * 2
    manager.register(plugin(agentcore_startup=lambda: life.append("+flaky")), "flaky")
    await manager.startup()
    assert life == ["+flaky"]
    assert [(each.name, each.status, each.error) for each in manager.statuses() if each.name == "flaky"] == [
        ("flaky", "loaded", None)
    ]


async def test_what_was_made_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    """What was made for a manager or a scope is closed with it, once; what cannot be closed is logged."""
    closed: list[str] = []

    async def close() -> None:
        closed.append("model")

    async def fail() -> None:
        raise ConnectionError("lost")

    manager = PluginManager()
    manager.scope().closes(fail)
    manager.closes(close)
    caplog.set_level(logging.WARNING, logger="agentcore.plugins")
    for _ in range(2):
        await manager.aclose()
    assert closed == ["model"]
    assert [each.getMessage() for each in caplog.records] == ["closing failed: ConnectionError: lost"]


async def test_state_folder(tmp_path: Any) -> None:
    """The folder for what plugins keep is made when it is asked for."""
    manager = PluginManager(Settings(state_dir=tmp_path / "state"))
    assert not (tmp_path / "state").exists()
    assert manager.state_dir.is_dir()
    assert manager.scope().state_dir == manager.state_dir

"""Starting plugins up and shutting them down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import FunctionAgent, PluginManager, Settings, hookimpl
from agentcore.errors import HookTimeoutError


class Living:
    """Notes its start and its end, and may wait at the start."""

    def __init__(self, name: str, life: list[str], gate: asyncio.Event | None = None) -> None:
        self.name = name
        self.life = life
        self.gate = gate
        self.begun = asyncio.Event()

    @hookimpl
    async def agentcore_startup(self) -> None:
        """Note it."""
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        self.life.append(f"+{self.name}")

    @hookimpl
    async def agentcore_shutdown(self) -> None:
        """Note it."""
        await asyncio.sleep(0)
        self.life.append(f"-{self.name}")


@pytest.fixture
def life() -> list[str]:
    """Starts and ends in the order in which they came."""
    return []


async def test_once(life: list[str]) -> None:
    """Plugins are started once and shut down once, in the order of the hook; a second time does nothing."""
    manager = PluginManager()
    manager.register(Living("a", life))
    manager.register(Living("b", life))
    assert not manager.ready
    for _ in range(2):
        await manager.startup()
        assert manager.ready
    assert life == ["+b", "+a"]
    for _ in range(2):
        await manager.aclose()
        assert not manager.ready
    assert life[2:] == ["-b", "-a"]


async def test_again_after_a_shutdown(life: list[str]) -> None:
    """A manager that was closed may be started again."""
    manager = PluginManager()
    manager.register(Living("a", life))
    for _ in range(2):
        async with manager:
            assert manager.ready
    assert life == ["+a", "-a"] * 2


async def test_closing_what_was_never_started(life: list[str]) -> None:
    """A plugin that was not started is not shut down."""
    manager = PluginManager()
    manager.register(Living("a", life))
    await manager.aclose()
    assert life == []


async def test_manager_is_passed(plugin: Callable[..., Any]) -> None:
    """Startup and shutdown get the manager."""
    seen: list[Any] = []
    manager = PluginManager()
    manager.register(
        plugin(
            agentcore_startup=lambda plugins: seen.append(plugins),
            agentcore_shutdown=lambda plugins: seen.append(plugins),
        ),
        "one",
    )
    async with manager:
        pass
    assert seen == [manager, manager]


async def test_later_plugins_are_started_before_the_next_run(life: list[str]) -> None:
    """A plugin that is registered when others have been started is started by itself, before the next run."""
    manager = PluginManager()
    manager.register(Living("a", life))
    await manager.startup()

    async def work() -> str:
        life.append("run")
        return "done"

    agent = FunctionAgent(work, plugins=manager)
    await agent.run()
    manager.register(Living("b", life))
    assert not manager.ready
    await agent.run()
    assert life == ["+a", "run", "+b", "run"]


async def test_plugin_that_left_is_neither_started_nor_shut_down(life: list[str]) -> None:
    """Who was taken out is left alone."""
    manager = PluginManager()
    for name in "abc":
        manager.register(Living(name, life))
    manager.unregister("a")
    await manager.startup()
    manager.unregister("b")
    manager.block("c")
    await manager.aclose()
    assert life == ["+c", "+b"]


async def test_plugins_registered_during_startup(life: list[str], plugin: Callable[..., Any]) -> None:
    """A plugin may register others when it is started: they are started by the same startup."""
    manager = PluginManager()

    def bring(plugins: PluginManager) -> None:
        plugins.register(Living("brought", life))

    manager.register(plugin(agentcore_startup=bring), "bringing")
    await manager.startup()
    assert life == ["+brought"]
    assert manager.ready


async def test_plugins_unregistered_during_startup(life: list[str], plugin: Callable[..., Any]) -> None:
    """A plugin may take others out when it is started, or itself before it fails."""
    manager = PluginManager()
    manager.register(Living("a", life))

    def take_out(plugins: PluginManager) -> None:
        plugins.unregister("a")
        plugins.unregister("one")
        raise ValueError("and fails")

    manager.register(plugin(agentcore_startup=take_out), "one")
    await manager.startup()
    assert life == []
    assert manager.statuses() == []


async def test_plugins_unregistered_while_others_are_asked_or_shut_down(
    life: list[str], plugin: Callable[..., Any]
) -> None:
    """A plugin that is taken out before its turn comes is neither asked for middleware nor shut down."""
    manager = PluginManager()
    asked: list[str] = []

    class Bringing(Living):
        @hookimpl
        def register_middleware(self) -> None:
            asked.append(self.name)

    manager.register(Bringing("a", life))
    manager.register(Living("b", life))
    manager.register(
        plugin(
            register_middleware=lambda: manager.unregister("a") and None,
            agentcore_shutdown=lambda: manager.unregister("b") and None,
        ),
        "one",
    )
    async with manager:
        pass
    assert life == ["+b", "+a"]
    assert asked == []


async def test_startup_that_runs_an_agent(life: list[str]) -> None:
    """A plugin may run an agent when it is started, in a task of its own or not: it does not wait for itself."""

    async def work() -> str:
        life.append("run")
        return "done"

    class Testing(Living):
        @hookimpl
        async def agentcore_startup(self, plugins: PluginManager) -> None:  # type: ignore[override]
            await FunctionAgent(work, plugins=plugins).run()
            await asyncio.create_task(FunctionAgent(work, plugins=plugins, providers=[Living("b", life)]).run())
            life.append("+a")

    manager = PluginManager()
    manager.register(Testing("a", life))
    await manager.startup()
    assert life == ["run", "+b", "run", "+a"]
    assert manager.ready


async def test_many_tasks(life: list[str]) -> None:
    """However many tasks start a manager at once, all of them wait for the one startup."""
    gate = asyncio.Event()
    living = Living("a", life, gate)
    manager = PluginManager()
    manager.register(living)
    tasks = [asyncio.create_task(manager.startup()) for _ in range(50)]
    await living.begun.wait()
    assert not any(each.done() for each in tasks)
    gate.set()
    await asyncio.gather(*tasks)
    assert life == ["+a"]


async def test_cancelled_startup(life: list[str]) -> None:
    """Where the startup is cancelled, those that had been started are not started again, and the others are."""
    gate = asyncio.Event()
    waiting = Living("b", life, gate)
    manager = PluginManager()
    for each in (Living("a", life), waiting, Living("c", life)):
        manager.register(each)
    starting = asyncio.create_task(manager.startup())
    await waiting.begun.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert life == ["+c"]
    assert not manager.ready
    gate.set()
    await manager.startup()
    assert life == ["+c", "+b", "+a"]
    await manager.aclose()
    assert life[3:] == ["-c", "-b", "-a"]


async def test_cancelled_shutdown(life: list[str]) -> None:
    """Where the shutdown is cancelled the next one goes on with those that had not been reached."""
    begun = asyncio.Event()

    class Slow(Living):
        @hookimpl
        async def agentcore_shutdown(self) -> None:
            begun.set()
            await asyncio.sleep(3600)

    manager = PluginManager()
    manager.register(Living("a", life))
    manager.register(Slow("b", life))
    await manager.startup()
    closing = asyncio.create_task(manager.aclose())
    await begun.wait()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await manager.aclose()
    assert life == ["+b", "+a", "-a"]


async def test_failing_startup(life: list[str], failures: Any, make_manager: Callable[..., PluginManager]) -> None:
    """A plugin whose startup fails takes no part any more and is not shut down; the others are started."""

    class Failing(Living):
        @hookimpl
        async def agentcore_startup(self) -> None:
            raise ConnectionError("no database")

        @hookimpl
        def tool_start(self) -> None: ...

    manager = make_manager(last=Living("a", life), failing=Failing("b", life), first=Living("c", life))
    async with manager:
        assert manager.implementations("tool_start") == []
    assert life == ["+c", "+a", "-c", "-a"]
    assert failures.kinds == [("failing", "setup", ConnectionError)]
    [status] = [each for each in manager.statuses() if each.name == "failing"]
    assert (status.status, status.stage, status.failures) == ("failed", "setup", 1)


async def test_hanging_startup(
    life: list[str], failures: Any, make_manager: Callable[..., PluginManager], hasty: Settings
) -> None:
    """A plugin whose startup hangs fails after the time that every implementation has."""
    manager = make_manager(hasty, last=Living("a", life), hanging=Living("b", life, asyncio.Event()))
    await manager.startup()
    assert life == ["+a"]
    assert failures.kinds == [("hanging", "setup", HookTimeoutError)]


def test_hanging_shutdown_on_another_loop(
    life: list[str], failures: Any, make_manager: Callable[..., PluginManager], hasty: Settings
) -> None:
    """Plugins may be shut down on another loop than they were started on; one that hangs there is ended as well."""

    class Hanging(Living):
        @hookimpl
        async def agentcore_shutdown(self) -> None:
            await asyncio.sleep(3600)

    manager = make_manager(hasty, last=Living("a", life), hanging=Hanging("b", life))
    asyncio.run(manager.startup())
    asyncio.run(manager.aclose())
    assert life == ["+b", "+a", "-a"]
    assert failures.kinds == [("hanging", "agentcore_shutdown", HookTimeoutError)]


async def test_wrapper_around_a_startup(life: list[str]) -> None:
    """A plugin may wrap its own startup."""

    class Wrapping(Living):
        @hookimpl(wrapper=True, specname="agentcore_startup")
        def around(self) -> Any:
            life.append("before")
            yield
            life.append("after")

    manager = PluginManager()
    manager.register(Wrapping("a", life))
    await manager.startup()
    assert life == ["before", "+a", "after"]

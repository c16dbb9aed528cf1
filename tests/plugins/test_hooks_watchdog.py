"""What the watchdog ends, whom it spares, and those that will not be ended."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from plugin_faults import NEVER, cancels_itself, hangs, swallows

from agentcore import FunctionAgent, PluginManager, Settings, hookimpl
from agentcore._plugins.suspended import suspended_coroutines
from agentcore.errors import HookTimeoutError


async def test_swallowed_cancellation_is_taken_back(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """An implementation that swallows its cancellation and ends leaves no trace of it in the task."""

    manager = make_manager(hasty, swallowing=plugin(tool_start=swallows))
    task = asyncio.current_task()
    assert task is not None
    await manager.hook.tool_start(**arguments("tool_start"))
    while task.cancelling():
        await asyncio.sleep(0.01)
    assert failures.kinds == []
    # Where the count were not right, this timeout would not end as one.
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await hangs()


async def test_swallowed_cancellation_is_not_the_next_ones(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """What one implementation swallows neither spares the next one nor turns its fault into the run's cancellation."""

    manager = make_manager(
        hasty,
        hanging=plugin(tool_start=hangs),
        cancelling=plugin(tool_start=cancels_itself),
        swallowing=plugin(tool_start=swallows),
    )
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [
        ("cancelling", "tool_start", asyncio.CancelledError),
        ("hanging", "tool_start", HookTimeoutError),
    ]


@pytest.mark.parametrize("limit", [None, 0.1], ids=["no limit", "a limit of its own"])
async def test_swallowing_for_ever_is_closed(
    limit: float | None,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
    quiet: Callable[[], None],
) -> None:
    """An implementation that swallows every cancellation is closed at last, and the run goes on."""
    ended: list[str] = []

    async def stubborn() -> None:
        try:
            for _ in range(5):
                try:
                    await hangs()
                except asyncio.CancelledError:
                    ended.append("swallowed")
        finally:
            ended.append("closed")

    manager = make_manager(
        hasty,
        last=plugin(tool_start=lambda: ended.append("last")),
        stubborn=plugin(tool_start=hookimpl(timeout=limit)(stubborn)),
    )
    await manager.hook.tool_start(**arguments("tool_start"))
    assert ended[-2:] == ["closed", "last"]
    assert set(ended[:-2]) == {"swallowed"}
    assert failures.kinds == [("stubborn", "tool_start", HookTimeoutError)]
    quiet()


@pytest.mark.parametrize("error", [ValueError("at last"), SystemExit(1)], ids=["error", "exit"])
async def test_closing_fails(
    error: BaseException,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
    caplog: pytest.LogCaptureFixture,
    quiet: Callable[[], None],
) -> None:
    """What an implementation raises while it is being closed is logged, and harms nobody."""

    async def stubborn() -> None:
        try:
            for _ in range(5):
                try:
                    await hangs()
                except asyncio.CancelledError:
                    pass
        finally:
            raise error

    manager = make_manager(hasty, stubborn=plugin(tool_start=stubborn))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("stubborn", "tool_start", HookTimeoutError)]
    assert "plugin 'stubborn' could not be ended in 'tool_start'" in caplog.text
    quiet()


async def test_what_cannot_be_closed_is_logged(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An implementation that swallows whatever is raised in it is named in the log; it ends when it wants to."""
    released = False

    async def immortal() -> None:
        while not released:
            try:
                await asyncio.sleep(0.05)
            except BaseException:
                pass

    manager = make_manager(hasty, immortal=plugin(tool_start=immortal))
    caplog.set_level(logging.ERROR, logger="agentcore.plugins")
    call = asyncio.create_task(manager.hook.tool_start(**arguments("tool_start")))
    while "plugin 'immortal' could not be ended in 'tool_start'" not in caplog.text:
        await asyncio.sleep(0.01)
    released = True
    await call


async def test_awaitable_that_cannot_be_closed(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """An awaitable of one's own that swallows whatever is thrown into it, and has nothing to close, is left behind."""

    class Immortal:
        def __await__(self) -> Any:
            return self

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            """Give to the loop what a bare yield gives: call me again."""

        def throw(self, *error: Any) -> Any:
            """Swallow it."""

    manager = make_manager(hasty, immortal=plugin(tool_start=lambda: Immortal()))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("immortal", "tool_start", HookTimeoutError)]


async def test_many_short_executions_are_no_long_one(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """A hook that is called again and again is not taken for one call that hangs, though its memory is used again."""

    async def short() -> None:
        await asyncio.sleep(0.02)

    manager = make_manager(Settings(hook_timeout=0.5), short=plugin(tool_start=short))
    given = arguments("tool_start")
    loop = asyncio.get_running_loop()
    end = loop.time() + 1.2
    while loop.time() < end:
        await manager.hook.tool_start(**given)
    assert failures.told == []


async def test_time_is_each_implementations_own(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """Several implementations together may take longer than each of them."""

    async def slow() -> None:
        await asyncio.sleep(0.1)

    manager = make_manager(
        Settings(hook_timeout=0.5), **{f"slow{index}": plugin(tool_start=slow) for index in range(7)}
    )
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.told == []


async def test_hook_within_a_hook(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
    quiet: Callable[[], None],
) -> None:
    """Where an implementation calls the same hook, each execution is blamed for its own time only."""
    depth = 0

    async def nested() -> None:
        nonlocal depth
        depth += 1
        if depth == 1:
            await manager.hook.tool_start(**arguments("tool_start"))
            await hangs()
        await asyncio.sleep(0)

    manager = make_manager(hasty, nested=plugin(tool_start=nested))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert depth == 2
    assert failures.kinds == [("nested", "tool_start", HookTimeoutError)]
    quiet()


async def test_outer_execution_is_ended_while_an_inner_one_waits(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    quiet: Callable[[], None],
) -> None:
    """When an outer execution of a hook has had its time, the inner one of the same hook is not blamed for it."""
    inner = PluginManager(Settings(hook_timeout=NEVER))
    inner_failures: list[str] = []
    inner.register(plugin(tool_start=hangs, plugin_error=lambda plugin: inner_failures.append(plugin)), "inner")

    async def outer_start() -> None:
        await inner.hook.tool_start(**arguments("tool_start"))

    manager = make_manager(Settings(hook_timeout=0.2), outer=plugin(tool_start=outer_start))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("outer", "tool_start", HookTimeoutError)]
    assert inner_failures == []
    quiet()


def test_every_loop_is_watched(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """A program that uses its plugins on one loop after the other is guarded on each, once it started them up there."""
    manager = make_manager(hasty, hanging=plugin(tool_start=hangs))

    async def use() -> None:
        async with manager:
            await manager.hook.tool_start(**arguments("tool_start"))

    for count in (1, 2):
        asyncio.run(use())
        assert len(failures.told) == count


def test_watchdog_keeps_no_loop(arguments: Callable[..., dict[str, Any]], hasty: Settings) -> None:
    """A loop that was watched is let go of when it is closed."""

    async def use() -> weakref.ref[asyncio.AbstractEventLoop]:
        await PluginManager(hasty).hook.tool_start(**arguments("tool_start"))
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(use())
    gc.collect()
    assert loop() is None


async def test_slow_plugin_while_an_end_is_told(
    plugin: Callable[..., Any], failures: Any, make_manager: Callable[..., PluginManager], hasty: Settings
) -> None:
    """A run that was cancelled tells its end in peace: a plugin that hangs then is timed out, not obeyed."""
    begun = asyncio.Event()

    async def work() -> str:
        begun.set()
        await hangs()
        return "done"

    manager = make_manager(hasty, hanging=plugin(agent_error=hangs))
    run = asyncio.create_task(FunctionAgent(work, plugins=manager).run())
    await begun.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert failures.kinds == [("hanging", "agent_error", HookTimeoutError)]


async def test_tasks_that_run_are_not_looked_through() -> None:
    """What runs has nothing that hangs; to ask it what it awaits would crash some interpreters."""
    found: list[list[object]] = []

    def look() -> None:
        tasks = asyncio.all_tasks()
        found.append([each for task in tasks for each in suspended_coroutines(task.get_coro()) if each.cr_running])

    async def deep(levels: int) -> None:
        _ = [levels] * levels
        await deep(levels - 1) if levels else look()

    async def generate() -> AsyncIterator[None]:
        await deep(3)
        look()
        yield
        await deep(2)

    async def iterate() -> None:
        async for _ in generate():
            look()

    for _ in range(300):
        await asyncio.create_task(iterate())
    assert len(found) == 300 * 4
    assert found == [[]] * len(found)

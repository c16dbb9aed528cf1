"""Implementations that hang are ended: by the watchdog where nobody set a timeout, else after theirs."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from agentcore import FunctionAgent, PluginManager, ProviderMiddleware, Settings, hookimpl
from agentcore.errors import HookTimeoutError

NEVER = 3600.0


async def _hangs() -> None:
    await asyncio.sleep(NEVER)


async def _hangs_deep() -> None:
    async def generate() -> AsyncIterator[int]:
        await _hangs()
        yield 1

    async for _ in generate():
        pass


async def _hangs_in_anext() -> None:
    async def generate() -> AsyncIterator[int]:
        await _hangs()
        yield 1

    await anext(generate(), None)


class _Awaitable:
    def __await__(self) -> Any:
        return _hangs().__await__()


async def _hangs_in_awaitable() -> None:
    await _Awaitable()


async def _hangs_in_task() -> None:
    await asyncio.create_task(_hangs())


async def _hangs_in_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_hangs())


async def _fails_when_cancelled() -> None:
    try:
        await _hangs()
    except asyncio.CancelledError as error:
        raise ConnectionError("lost") from error


async def _hides_the_cancellation() -> None:
    try:
        await _hangs()
    except BaseException:
        raise ConnectionError("lost") from None


HANGING = [
    _hangs,
    _hangs_deep,
    _hangs_in_anext,
    _hangs_in_awaitable,
    _hangs_in_task,
    _hangs_in_group,
    _fails_when_cancelled,
    _hides_the_cancellation,
]
TIMEOUTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "watchdog": ({"hook_timeout": 0.1}, {}),
    "its own": ({}, {"timeout": 0.1}),
    "the hook's": ({"hooks": {"tool_start": {"timeout": 0.1}}}, {"timeout": NEVER}),
    "the plugin's": ({"hooks": {"tool_start": {"timeout": NEVER}}, "delivery": {"slow": {"timeout": 0.1}}}, {}),
}


@pytest.fixture
def quiet() -> Any:
    """Says afterwards that the running task is left without cancellations."""

    def quiet() -> None:
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    return quiet


@pytest.mark.parametrize("kind", ["async", "sync"])
@pytest.mark.parametrize(
    ("who", "function"),
    [*(("watchdog", each) for each in HANGING), *((who, _hangs) for who in TIMEOUTS if who != "watchdog")],
    ids=lambda each: getattr(each, "__name__", each),
)
async def test_hanging_implementation_is_ended(
    function: Callable[[], Any],
    who: str,
    kind: str,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    quiet: Callable[[], None],
) -> None:
    """What hangs, or awaits what hangs, is cancelled in time and reported; the next one runs."""
    settings, options = TIMEOUTS[who]
    ran: list[str] = []
    manager = make_manager(
        Settings(**settings),
        last=plugin(tool_start=lambda: ran.append("last")),
        slow=plugin(tool_start=hookimpl(**options)(function if kind == "async" else lambda: function())),
    )
    await manager.hook.tool_start(**arguments("tool_start"))

    assert ran == ["last"]
    assert failures.kinds == [("slow", "tool_start", HookTimeoutError)]
    assert str(failures.error) == "plugin 'slow' did not finish 'tool_start' within 0.1 s"
    assert failures.error.timeout == 0.1
    assert isinstance(failures.error, TimeoutError)
    if function in (_fails_when_cancelled, _hides_the_cancellation):
        assert isinstance(failures.error.__cause__, ConnectionError)
    quiet()


async def test_infinite_timeout_waits(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """With an infinite timeout of its own an implementation takes longer than others may."""
    ended: list[str] = []
    released = asyncio.Event()

    @hookimpl(timeout=float("inf"))
    async def patient() -> None:
        await released.wait()
        ended.append("patient")

    manager = make_manager(hasty, patient=plugin(tool_start=patient), hanging=plugin(tool_start=_hangs))
    call = asyncio.create_task(manager.hook.tool_start(**arguments("tool_start")))
    other = asyncio.create_task(manager.hook.tool_start(**arguments("tool_start")))
    # The first to run is the hanging one; when both of its calls were ended, time enough has gone by once.
    while len(failures.told) < 2:
        await asyncio.sleep(0.01)
    await PluginManager(hasty).hook.agent_start(**arguments("agent_start"))
    released.set()
    await asyncio.gather(call, other)
    assert ended == ["patient", "patient"]
    assert {each[0] for each in failures.told} == {"hanging"}


async def test_own_timeout_error_passes_as_it_is(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """A TimeoutError that an implementation raises within its time is not taken for the end of its time."""

    @hookimpl(timeout=NEVER)
    async def impatient() -> None:
        async with asyncio.timeout(0):
            await _hangs()

    manager = make_manager(impatient=plugin(tool_start=impatient))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("impatient", "tool_start", TimeoutError)]


@pytest.mark.parametrize("limit", [None, 5.0], ids=["no limit", "within its limit"])
async def test_value_within_its_time(
    limit: float | None, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """An implementation with a limit that keeps it is like any other, also where there is nothing to wait for."""

    async def shout(output: str) -> str:
        return output.upper()

    manager = PluginManager()
    manager.register(plugin(agent_output=hookimpl(timeout=limit)(shout)), "async")
    manager.register(plugin(agent_output=hookimpl(timeout=limit)(lambda output: output + "!")), "sync")
    assert await manager.hook.agent_output(**arguments("agent_output")) == "DONE!"


async def test_hanging_middleware_is_ended(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
    quiet: Callable[[], None],
) -> None:
    """A step of middleware that hangs ends the execution that it surrounds, whatever limit that one has."""

    class Hanging(ProviderMiddleware):
        async def pre_execute(self, provider: str, event: str, data: Any) -> None:
            if event == "tool_start":
                await _hangs()

    manager = make_manager(
        hasty,
        limited=plugin(tool_start=hookimpl(timeout=0.1)(lambda: None)),
        plain=plugin(tool_start=lambda: None),
    )
    manager.add_middleware(Hanging())
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("plain", "tool_start", HookTimeoutError), ("limited", "tool_start", HookTimeoutError)]
    quiet()


# --- those that swallow their cancellation ---


async def test_swallowed_cancellation_is_taken_back(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """An implementation that swallows its cancellation and ends leaves no trace of it in the task."""

    async def swallows() -> None:
        try:
            await _hangs()
        except asyncio.CancelledError:
            return

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
            await _hangs()


async def test_swallowed_cancellation_is_not_the_next_ones(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    hasty: Settings,
) -> None:
    """What one implementation swallows neither spares the next one nor turns its fault into the run's cancellation."""

    async def swallows() -> None:
        try:
            await _hangs()
        except asyncio.CancelledError:
            return

    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    manager = make_manager(
        hasty,
        hanging=plugin(tool_start=_hangs),
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
            while True:
                try:
                    await _hangs()
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
            while True:
                try:
                    await _hangs()
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


# --- the watchdog's eye ---


async def test_many_short_executions_are_no_long_one(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """A hook that is called again and again is not taken for one call that hangs, though its memory is used again."""

    async def short() -> None:
        await asyncio.sleep(0.02)

    manager = make_manager(Settings(hook_timeout=0.1), short=plugin(tool_start=short))
    given = arguments("tool_start")
    loop = asyncio.get_running_loop()
    end = loop.time() + 0.6
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
        await asyncio.sleep(0.15)

    manager = make_manager(
        Settings(hook_timeout=0.4), **{f"slow{index}": plugin(tool_start=slow) for index in range(5)}
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
            await _hangs()
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
    inner.register(plugin(tool_start=_hangs, plugin_error=lambda plugin: inner_failures.append(plugin)), "inner")

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
    manager = make_manager(hasty, hanging=plugin(tool_start=_hangs))

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
        await _hangs()
        return "done"

    manager = make_manager(hasty, hanging=plugin(agent_error=_hangs))
    run = asyncio.create_task(FunctionAgent(work, plugins=manager).run())
    await begun.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert failures.kinds == [("hanging", "agent_error", HookTimeoutError)]

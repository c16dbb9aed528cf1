"""A failing implementation of an event is reported, and reaches neither the agent nor the other plugins."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest
from plugin_faults import cancels_itself, exits, raises

from agentcore import Deny, PluginManager, hookimpl


async def _raises_later() -> None:
    await asyncio.sleep(0)
    raise ValueError("broken")


async def _awaits_what_was_cancelled() -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def _awaits_a_cancelled_task() -> None:
    task = asyncio.create_task(asyncio.sleep(3600))
    task.cancel()
    await task


async def _exits_later() -> None:
    await asyncio.sleep(0)
    sys.exit(3)


def _recurses() -> None:
    _recurses()


def _denies() -> None:
    raise Deny("no")


async def _runs_out_of_time() -> None:
    raise TimeoutError("its own")


async def _stops() -> None:
    raise StopAsyncIteration


def _stops_at_once() -> None:
    raise StopIteration


def _groups() -> None:
    raise BaseExceptionGroup("several", [ValueError("one"), SystemExit(1)])


def _demands_more(*, wanted: int) -> None: ...


def _misuses_arguments(tool: str) -> None:
    tool.nothing  # type: ignore[attr-defined]  # noqa: B018


FAILING: list[tuple[Callable[..., Any], type[BaseException]]] = [
    (raises, ValueError),
    (_raises_later, ValueError),
    (cancels_itself, asyncio.CancelledError),
    (_awaits_what_was_cancelled, asyncio.CancelledError),
    (_awaits_a_cancelled_task, asyncio.CancelledError),
    (exits, SystemExit),
    (_exits_later, SystemExit),
    (_recurses, RecursionError),
    (_denies, Deny),
    (_runs_out_of_time, TimeoutError),
    (_stops, StopAsyncIteration),
    (_stops_at_once, StopIteration),
    (_groups, BaseExceptionGroup),
    (_misuses_arguments, AttributeError),
]


@pytest.mark.parametrize(("function", "error"), FAILING, ids=[each.__name__ for each, _ in FAILING])
async def test_failure_is_contained_and_told_once(
    function: Callable[..., Any],
    error: type[BaseException],
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """However an implementation fails, the others run, ``plugin_error`` is told once, and the status counts it."""
    ran: list[str] = []
    manager = make_manager(
        last=plugin(tool_execute=lambda: ran.append("last")),
        broken=plugin(tool_execute=function),
        first=plugin(tool_execute=lambda: ran.append("first")),
    )
    await manager.hook.tool_execute(**arguments("tool_execute"))

    assert ran == ["first", "last"]
    assert failures.kinds == [("broken", "tool_execute", error)]
    [status] = [each for each in manager.statuses() if each.name == "broken"]
    assert (status.status, status.failures, status.error) == ("loaded", 1, failures.error)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


@pytest.mark.parametrize(
    "result",
    [42, "text", object(), [], {"no": "mapping"}, ValueError("not raised"), type("Odd", (), {"__await__": None})],
    ids=["number", "text", "object", "list", "mapping", "error", "class"],
)
async def test_result_of_an_event_is_ignored(
    result: Any,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    make_manager: Callable[..., PluginManager],
    failures: Any,
) -> None:
    """An event returns None, whatever its implementations return; only what claims to be awaitable has to be."""
    manager = make_manager(odd=plugin(tool_start=lambda: result))
    hooks: Any = manager.hook
    assert await hooks.tool_start(**arguments("tool_start")) is None
    assert failures.kinds in ([], [("odd", "tool_start", TypeError)])


@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
async def test_keyboard_interrupt_passes(
    later: bool, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """Who presses Ctrl-C while an implementation runs stops the program, not the plugin."""

    def interrupted() -> Any:
        async def wait() -> None:
            raise KeyboardInterrupt

        if later:
            return wait()
        raise KeyboardInterrupt

    manager = PluginManager()
    manager.register(plugin(tool_start=interrupted), "one")
    call = manager.hook.tool_start(**arguments("tool_start"))
    # Driven by hand: a task that ends with it would stop the loop of the test.
    with pytest.raises(KeyboardInterrupt):
        call.__await__().send(None)


async def test_closing_a_call_closes_the_implementation(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], make_manager: Callable[..., PluginManager]
) -> None:
    """A call that is closed where it waits is closed throughout, and nothing is taken for a failure."""
    closed: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            closed.append("closed")

    manager = make_manager(one=plugin(tool_start=waits))
    call = manager.hook.tool_start(**arguments("tool_start")).__await__()
    call.send(None)
    call.close()
    assert closed == ["closed"]
    assert [each.failures for each in manager.statuses()] == [0, 0]


async def test_call_without_a_task(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """A hook may be driven by hand, where there is no task that could have been cancelled."""
    manager = make_manager(broken=plugin(tool_start=cancels_itself))
    done = asyncio.get_running_loop().create_future()

    def drive() -> None:
        try:
            manager.hook.tool_start(**arguments("tool_start")).__await__().send(None)
        except StopIteration as stop:
            done.set_result(stop.value)

    asyncio.get_running_loop().call_soon(drive)
    assert await done is None
    assert failures.kinds == [("broken", "tool_start", asyncio.CancelledError)]


async def test_every_failure_counts(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A plugin that fails each time is counted and told each time, and fills the log once for each kind."""
    caplog.set_level(logging.DEBUG, logger="agentcore.plugins")
    manager = make_manager(broken=plugin(tool_start=raises, tool_execute=raises))
    for hook in ("tool_start", "tool_start", "tool_execute"):
        await getattr(manager.hook, hook)(**arguments(hook))
    assert [each.failures for each in manager.statuses()] == [3, 0]
    assert len(failures.told) == 3
    logged = [(each.levelname, each.getMessage()) for each in caplog.records]
    assert logged == [
        ("WARNING", "plugin 'broken' failed in 'tool_start': ValueError: broken"),
        ("DEBUG", "plugin 'broken' failed in 'tool_start': ValueError: broken"),
        ("WARNING", "plugin 'broken' failed in 'tool_execute': ValueError: broken"),
    ]


async def test_failure_is_told_with_its_context(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], context: Any
) -> None:
    """``plugin_error`` gets the context of the run in which the plugin failed, and an envelope of its own."""
    seen: list[Any] = []
    manager = PluginManager()
    manager.register(plugin(plugin_error=lambda context, event: seen.append((context, event.name))), "listener")
    manager.register(plugin(tool_start=raises), "broken")
    await manager.hook.tool_start(**arguments("tool_start"))
    assert seen == [(context, "plugin_error")]


@pytest.mark.parametrize("function", [raises, exits, cancels_itself], ids=["raises", "exits", "cancels itself"])
async def test_failure_to_hear_of_failures_is_only_logged(
    function: Callable[..., Any],
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failure inside ``plugin_error`` is counted and logged, and told to nobody: it would never end."""
    manager = make_manager(deaf=plugin(plugin_error=function), broken=plugin(tool_start=raises))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("broken", "tool_start", ValueError)]
    assert {each.name: each.failures for each in manager.statuses()} == {"broken": 1, "deaf": 1, "failures": 0}
    assert "plugin 'deaf' failed in 'plugin_error'" in caplog.text


async def test_a_plugin_may_unregister_itself(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], make_manager: Callable[..., PluginManager]
) -> None:
    """A plugin that takes itself out while its hook is called does not disturb that call."""
    ran: list[str] = []
    manager = make_manager(last=plugin(tool_start=lambda: ran.append("last")))

    def once() -> None:
        ran.append("once")
        manager.unregister("once")
        raise ValueError("gone")

    manager.register(plugin(tool_start=once), "once")
    for _ in range(2):
        await manager.hook.tool_start(**arguments("tool_start"))
    assert ran == ["once", "last", "last"]


@pytest.mark.parametrize("mark", [hookimpl, hookimpl(blocking=True)], ids=["on the loop", "on a thread"])
async def test_missing_argument_of_a_partial_is_its_failure(
    mark: Any,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """A function that cannot be called as its signature says fails as any other."""

    class Lying:
        def __call__(self, *args: Any, **kwargs: Any) -> None:
            _demands_more(*args, **kwargs)

    manager = make_manager(lying=plugin(tool_start=mark(Lying())))
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("lying", "tool_start", TypeError)]

"""A cancellation of the run goes through every plugin, and is counted right."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from plugin_faults import NEVER

from agentcore import ExecutionContext, PluginManager, ProviderMiddleware, Settings, hookimpl
from agentcore.errors import HookError, HookTimeoutError


class Waiting:
    """An implementation that says when it waits, and what it was ended by."""

    def __init__(self, end: Callable[[], Any] | None = None) -> None:
        self.begun = asyncio.Event()
        self.end = end

    async def __call__(self) -> None:
        self.begun.set()
        try:
            await asyncio.sleep(NEVER)
        except asyncio.CancelledError:
            if self.end is None:
                raise
            self.end()


def _convert() -> None:
    raise ConnectionError("lost")


def _convert_without_context() -> None:
    raise ConnectionError("lost") from None


def _exit() -> None:
    raise SystemExit(1)


def _wrapper() -> Any:
    return (yield)


def _wrapper_that_swallows() -> Any:
    try:
        yield
    except BaseException:
        return None


def _wrapper_that_answers() -> Any:
    try:
        yield
    except BaseException:
        return {"ticket": "all is well"}


def _wrapper_that_converts() -> Any:
    try:
        yield
    except BaseException as error:
        raise ConnectionError("lost") from error


WRAPPERS = {
    "no wrapper": None,
    "a wrapper": _wrapper,
    "one that swallows": _wrapper_that_swallows,
    "one that answers": _wrapper_that_answers,
    "one that converts": _wrapper_that_converts,
}
ENDS = {"passes": None, "converts": _convert, "hides": _convert_without_context, "exits": _exit}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("limit", [None, NEVER], ids=["watched", "limited"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("hook", ["tool_start", "agent_input", "knowledge_query", "resolve_model"])
async def test_cancellation_of_the_task_passes(
    hook: str,
    end: str,
    limit: float | None,
    wrapper: str,
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """A task that is cancelled while a plugin waits ends as cancelled, whatever the plugin makes of it; nothing that
    comes after that plugin runs, and nothing is taken for a failure."""
    ran: list[str] = []
    waiting = Waiting(ENDS[end])
    manager = make_manager(
        last=plugin(**{hook: lambda: ran.append("last")}),
        waiting=plugin(**{hook: hookimpl(timeout=limit)(waiting)}),
    )
    if (made := WRAPPERS[wrapper]) is not None:
        manager.register(plugin(**{hook: hookimpl(wrapper=True)(made)}), "wrapper")

    async def call() -> None:
        await getattr(manager.hook, hook)(**arguments(hook))

    task = asyncio.create_task(call())
    await waiting.begun.wait()
    task.cancel("stop")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert task.cancelling() == 1
    assert ran == []
    assert failures.kinds == []


@pytest.mark.parametrize("hook", ["tool_start", "agent_input"])
async def test_timeout_around_a_hook(
    hook: str, arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], make_manager: Callable[..., Any]
) -> None:
    """``asyncio.timeout`` around a hook ends it as a TimeoutError, and leaves the task without a cancellation."""
    manager = make_manager(waiting=plugin(**{hook: Waiting()}))
    task = asyncio.current_task()
    assert task is not None
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await getattr(manager.hook, hook)(**arguments(hook))
    assert task.cancelling() == 0


async def test_task_group_around_a_hook(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], make_manager: Callable[..., Any]
) -> None:
    """A task group cancels a hook that waits where another of its tasks fails."""
    waiting = Waiting()
    manager = make_manager(waiting=plugin(tool_start=waiting))

    async def fails() -> None:
        await waiting.begun.wait()
        raise ValueError("other")

    with pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="other")):
        async with asyncio.TaskGroup() as group:
            group.create_task(manager.hook.tool_start(**arguments("tool_start")))
            group.create_task(fails())


async def test_timeout_goes_on_after_a_failure(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., Any],
    hasty: Settings,
) -> None:
    """What the watchdog ended within ``asyncio.timeout`` does not disturb that timeout."""
    manager = make_manager(hasty, waiting=plugin(tool_start=Waiting()))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.6):
            await manager.hook.tool_start(**arguments("tool_start"))
            assert failures.kinds == [("waiting", "tool_start", HookTimeoutError)]
            await asyncio.sleep(NEVER)


async def test_self_cancellation_within_a_task_that_is_not_cancelled(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., Any],
) -> None:
    """A plugin that is cancelled by itself alone fails; the run's next wait is not interrupted."""

    async def cancels_itself() -> None:
        raise asyncio.CancelledError("mine")

    manager = make_manager(mine=plugin(tool_start=cancels_itself))
    await manager.hook.tool_start(**arguments("tool_start"))
    await asyncio.sleep(0)
    assert failures.kinds == [("mine", "tool_start", asyncio.CancelledError)]


async def test_failure_in_a_task_that_ignored_its_cancellation(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., Any],
) -> None:
    """In a task that was cancelled and goes on all the same, a plugin that fails is a plugin that fails."""
    manager = make_manager(broken=plugin(tool_start=lambda: 1 / 0))

    async def stubborn() -> str:
        try:
            await asyncio.sleep(NEVER)
        except asyncio.CancelledError:
            await manager.hook.tool_start(**arguments("tool_start"))
        return "went on"

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "went on"
    assert failures.kinds == [("broken", "tool_start", ZeroDivisionError)]


async def test_plugin_that_cancels_the_run(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], make_manager: Callable[..., Any]
) -> None:
    """A plugin that cancels the task of the run, as a kill switch does, is obeyed."""
    seen: list[str] = []

    async def kills() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel("budget spent")
        await asyncio.sleep(0)

    manager = make_manager(last=plugin(tool_start=lambda: seen.append("last")), killing=plugin(tool_start=kills))
    task = asyncio.create_task(manager.hook.tool_start(**arguments("tool_start")))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == []


async def test_cancellation_together_with_the_watchdogs(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., Any],
    hasty: Settings,
) -> None:
    """Where the run is cancelled at the very moment at which the watchdog ends an implementation, the run ends."""
    task: asyncio.Task[None] | None = None
    seen: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(NEVER)
        finally:
            # The watchdog's cancellation is on its way through this frame when the other one comes.
            assert task is not None
            seen.append(f"cancelled {task.cancelling()} time")
            task.cancel("the run")

    manager = make_manager(hasty, last=plugin(tool_start=lambda: seen.append("last")), waiting=plugin(tool_start=waits))
    task = asyncio.create_task(manager.hook.tool_start(**arguments("tool_start")))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled 1 time"]
    assert failures.kinds == []
    assert task.cancelling() == 1


async def test_cancellation_while_a_failure_is_told(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    make_manager: Callable[..., Any],
) -> None:
    """A cancellation that comes while ``plugin_error`` waits passes, too."""
    waiting = Waiting()
    manager = make_manager(
        listener=plugin(plugin_error=waiting), broken=plugin(tool_start=lambda: 1 / 0, agent_input=lambda: 1 / 0)
    )
    for hook in ("tool_start", "agent_input"):
        waiting.begun.clear()
        task = asyncio.create_task(getattr(manager.hook, hook)(**arguments(hook)))
        await waiting.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_cancellation_in_middleware(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., Any],
) -> None:
    """A cancellation that comes while a step of middleware waits passes, too."""
    waiting = Waiting()

    class Slow(ProviderMiddleware):
        async def post_execute(self, provider: str, event: str, result: Any) -> None:
            await waiting()

    manager = make_manager(one=plugin(tool_start=lambda: None))
    manager.add_middleware(Slow())
    task = asyncio.create_task(manager.hook.tool_start(**arguments("tool_start")))
    await waiting.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert failures.kinds == []


async def test_cancelled_value_hook_is_no_denial(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], context: ExecutionContext
) -> None:
    """A guard that cancels itself fails closed; one that the run's cancellation ends does not fail at all."""

    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    manager = PluginManager()
    manager.register(plugin(agent_input=cancels_itself), "guard")
    with pytest.raises(HookError) as caught:
        await manager.hook.agent_input(**arguments("agent_input"))
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)


async def test_two_causes_of_a_failure(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any], make_manager: Callable[..., Any]
) -> None:
    """The run's cancellation is found behind an error that names another cause."""

    def convert() -> None:
        raise ConnectionError("lost") from OSError("the socket")

    waiting = Waiting(convert)
    manager = make_manager(waiting=plugin(tool_start=waiting))
    task = asyncio.create_task(manager.hook.tool_start(**arguments("tool_start")))
    await waiting.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

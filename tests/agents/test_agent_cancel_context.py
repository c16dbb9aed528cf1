"""Runs that are cancelled through their contexts."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from agentcore import (
    Agent,
    ContextManager,
    ExecutionContext,
    FunctionAgent,
    PluginManager,
    RunResult,
    hookimpl,
    use_context,
)
from agentcore.errors import RunCancelledError

Make = Callable[..., Agent]
Recorder = Any
Begun = Any


async def waits(text: str, context: ExecutionContext) -> None:
    """Waits for ever."""
    await asyncio.Event().wait()


async def test_a_run_is_cancelled_through_its_context(pm: PluginManager, recorder: Recorder, begun: Begun) -> None:
    """The caller is told the reason, and its own task is not cancelled."""
    run = asyncio.create_task(FunctionAgent(waits, plugins=pm).run("x"))
    (context,) = await begun(pm)
    context.cancel("no longer needed")
    with pytest.raises(RunCancelledError, match="'waits' was cancelled: no longer needed") as caught:
        await run
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert run.cancelling() == 0
    assert recorder.end().error is caught.value
    assert (context.outcome, context.cancel_reason) == ("cancelled", "no longer needed")


async def test_another_thread_can_cancel(pm: PluginManager, begun: Begun) -> None:
    """The run's loop is woken up."""
    run = asyncio.create_task(FunctionAgent(waits, plugins=pm).run("x"))
    (context,) = await begun(pm)
    await asyncio.to_thread(context.cancel)
    with pytest.raises(RunCancelledError):
        await run


async def test_a_context_that_was_cancelled_before_ends_its_run_at_once(pm: PluginManager, recorder: Recorder) -> None:
    """The agent does nothing, and both events are told, without the input."""
    ran: list[str] = []

    def work(text: str) -> None:
        ran.append(text)

    context = ExecutionContext("early")
    context.cancel("too late")
    with pytest.raises(RunCancelledError, match="too late"):
        await FunctionAgent(work, plugins=pm).run("x", context=context)
    assert ran == []
    assert recorder.names() == ["agent_start", "agent_error"]
    assert recorder.end().input == {}
    assert recorder.end().outcome == "cancelled"


async def test_a_descendant_of_a_cancelled_context_does_not_run(pm: PluginManager, recorder: Recorder) -> None:
    """The reason is the ancestor's."""
    root = ExecutionContext("root")
    leaf = root.fork().fork()
    root.cancel("closing down")
    with pytest.raises(RunCancelledError, match="closing down"):
        await FunctionAgent(waits, plugins=pm).run("x", context=leaf)
    assert recorder.names() == ["context_fork", "agent_start", "agent_error"]


async def test_cancelling_a_run_that_has_ended_does_nothing(make: Make) -> None:
    """Its outcome stays."""
    result = await make("done").run("Hello.")
    result.context.cancel()
    assert not result.context.cancelled
    assert result.outcome == "ok"


async def test_a_run_that_ends_well_all_the_same_cancels_nobody(pm: PluginManager) -> None:
    """Cancelled at its very end, it returns its result, and its caller goes on unharmed."""

    async def last_moment(text: str, context: ExecutionContext) -> str:
        context.cancel()
        return text

    class Slow:
        @hookimpl
        async def agent_complete(self) -> None:
            for _ in range(5):
                await asyncio.sleep(0)

    pm.register(Slow())
    task = asyncio.current_task()
    assert task is not None
    assert (await FunctionAgent(last_moment, plugins=pm).run("x")).output == "x"
    await asyncio.sleep(0)
    assert task.cancelling() == 0


async def test_a_run_that_swallows_the_cancellation_leaves_no_trace_of_it(pm: PluginManager) -> None:
    """It ends as it likes, and its caller's task counts no cancellation."""

    async def stubborn(text: str, context: ExecutionContext) -> str:
        context.cancel()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "still here"
        return "never"

    task = asyncio.current_task()
    assert task is not None
    result = await FunctionAgent(stubborn, plugins=pm).run("x")
    assert (result.output, result.outcome) == ("still here", "ok")
    assert task.cancelling() == 0


async def test_a_cancellation_turned_into_an_error_is_that_error(pm: PluginManager, recorder: Recorder) -> None:
    """Code that says something else than it was told has the last word."""

    async def translates(text: str, context: ExecutionContext) -> None:
        context.cancel()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise KeyError("translated") from None

    task = asyncio.current_task()
    assert task is not None
    with pytest.raises(KeyError, match="translated"):
        await FunctionAgent(translates, plugins=pm).run("x")
    assert recorder.end().outcome == "error"
    assert task.cancelling() == 0


async def test_descendants_on_other_tasks_and_threads_are_cancelled_too(
    pm: PluginManager, recorder: Recorder, begun: Begun
) -> None:
    """Wherever they run, even where nobody waits for them."""
    agent = FunctionAgent(waits, plugins=pm, name="descendant")
    detached: list[asyncio.Task[RunResult[None]]] = []
    thread: Future[RunResult[None]] = Future()

    def in_thread() -> None:
        try:
            agent.run_sync("x")
        except BaseException as error:
            thread.set_exception(error)

    async def spawns(text: str) -> None:
        detached.append(asyncio.create_task(agent.run("x")))
        await asyncio.gather(agent.run("x"), asyncio.to_thread(in_thread))

    run = asyncio.create_task(FunctionAgent(spawns, plugins=pm).run("x"))
    root, *others = await begun(pm, 4)
    assert len(others) == 3
    root.cancel("all of you")
    with pytest.raises(RunCancelledError):
        await run
    with pytest.raises(RunCancelledError, match="all of you"):
        await detached[0]
    with pytest.raises(RunCancelledError, match="all of you"):
        await asyncio.wrap_future(thread)
    assert [each.outcome for each in recorder.all("agent_error", "descendant")] == ["cancelled"] * 3


async def test_a_context_above_several_runs_cancels_them(pm: PluginManager, begun: Begun) -> None:
    """A context need not be a run's to have descendants."""
    request = ExecutionContext("request")
    agent = FunctionAgent(waits, plugins=pm)
    with use_context(request):
        runs = [asyncio.create_task(agent.run("x")) for _ in range(3)]
    stranger = asyncio.create_task(agent.run("x"))
    live = await begun(pm, 4)
    request.cancel("gone")
    for run in runs:
        with pytest.raises(RunCancelledError, match="gone"):
            await run
    assert pm.contexts.live() == [each for each in live if each.parent is None]
    stranger.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stranger


async def test_a_run_is_cancelled_wherever_it_is_held(pm: PluginManager, begun: Begun) -> None:
    """Contexts of another manager do not get in the way."""
    contexts = ContextManager()
    other = contexts.create("other")
    await test_a_context_above_several_runs_cancels_them(pm, begun)
    assert contexts.live() == [other]
    assert not other.cancelled


async def test_a_sub_run_that_is_cancelled_does_not_cancel_the_run_around_it(
    pm: PluginManager, recorder: Recorder
) -> None:
    """The caller gets an error that it can handle."""
    sub = FunctionAgent(waits, plugins=pm, name="sub")

    async def carries_on(text: str, context: ExecutionContext) -> str:
        child = context.fork()
        asyncio.get_running_loop().call_later(0.01, child.cancel, "enough")
        try:
            await sub.run("x", context=child)
        except RunCancelledError as error:
            return str(error)
        return "never"

    result = await FunctionAgent(carries_on, plugins=pm).run("x")
    assert result.output == "the run of agent 'sub' was cancelled: enough"
    assert recorder.end("sub").outcome == "cancelled"

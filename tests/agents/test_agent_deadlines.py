"""Runs whose time is over."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import (
    Agent,
    ContextManager,
    ExecutionContext,
    FunctionAgent,
    Limits,
    ModelRequest,
    PluginManager,
    ToolCall,
    hookimpl,
    use_context,
)
from agentcore.errors import DeadlineError

Make = Callable[..., Agent]
Recorder = Any

SOON = 0.02
"""Seconds until the deadlines that these tests wait for."""

LATER = 0.3
"""Seconds in which a busy machine comes to the end of a run, too."""


async def waits(text: str) -> None:
    """Waits for ever."""
    await asyncio.Event().wait()


async def think_for_ever(request: ModelRequest) -> str:
    await asyncio.Event().wait()
    return "never"


def waiting(pm: PluginManager, name: str = "waits", **options: Any) -> FunctionAgent[None]:
    return FunctionAgent(waits, name=name, plugins=pm, **options)


async def test_a_run_ends_at_its_limit(pm: PluginManager, recorder: Recorder) -> None:
    """The caller gets a DeadlineError, and its own task is not cancelled."""
    with pytest.raises(DeadlineError, match="'waits' reached its deadline") as caught:
        await waiting(pm, limits=Limits(timeout=SOON)).run("x")
    end = recorder.one("agent_error")
    assert end.error is caught.value
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert end.outcome == end.context.outcome == "timeout"
    assert end.context.remaining <= 0
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_it_was_doing_ends_with_it(make: Make, recorder: Recorder) -> None:
    """The model call timed out, too."""
    with pytest.raises(DeadlineError):
        await make(think_for_ever, limits=Limits(timeout=SOON)).run("x")
    assert recorder.one("model_error").outcome == "timeout"
    assert recorder.end().usage.requests == 1


async def test_the_tool_that_it_was_calling_ends_with_it(make: Make, recorder: Recorder) -> None:
    """Its end is told with the same outcome."""

    async def slow() -> str:
        await asyncio.Event().wait()
        return "never"

    agent = make(ToolCall("1", "slow", {}), tools=[slow], limits=Limits(timeout=SOON))
    with pytest.raises(DeadlineError):
        await agent.run("x")
    assert recorder.one("tool_error").outcome == "timeout"


@pytest.mark.parametrize("by", ["context", "headers", "parent", "manager"])
async def test_a_deadline_may_come_from_anywhere(pm: PluginManager, recorder: Recorder, by: str) -> None:
    """From a fresh context, from another process, from a parent that is no run, from a manager."""
    context = ExecutionContext("request")
    context.limit_time(SOON)
    if by == "headers":
        context = ExecutionContext.from_headers(context.to_headers(), "request")
    elif by == "parent":
        context = context.fork()
    elif by == "manager":
        context = ContextManager().create("request", timeout=SOON)
    with pytest.raises(DeadlineError):
        await waiting(pm).run("x", context=context)
    assert recorder.end().outcome == "timeout"


async def test_a_deadline_that_has_passed_ends_a_run_at_once(pm: PluginManager, recorder: Recorder) -> None:
    """The agent does nothing, even if it would not have waited."""
    ran: list[str] = []

    def work(text: str) -> None:
        ran.append(text)

    context = ExecutionContext("late")
    context.limit_time(-1)
    headers = context.to_headers()
    for late in (context, ExecutionContext.from_headers(headers, "late")):
        with pytest.raises(DeadlineError):
            await FunctionAgent(work, plugins=pm).run("x", context=late)
    assert ran == []
    assert recorder.names() == ["agent_start", "agent_error"] * 2
    assert {each.outcome for each in recorder.all("agent_error")} == {"timeout"}


async def test_an_earlier_deadline_of_the_context_holds(pm: PluginManager) -> None:
    """The agent's own limit does not prolong it, and a later one of the context does not prolong the limit."""
    for limit, given in ((60, SOON), (SOON, 60)):
        context = ExecutionContext("x")
        context.limit_time(given)
        with pytest.raises(DeadlineError):
            await waiting(pm, limits=Limits(timeout=limit)).run("x", context=context)


async def test_a_run_that_is_going_on_can_be_limited(pm: PluginManager) -> None:
    """By itself, and by another thread."""

    async def by_itself(text: str, context: ExecutionContext) -> None:
        context.limit_time(SOON)
        await asyncio.Event().wait()

    async def by_thread(text: str, context: ExecutionContext) -> None:
        context.limit_time(60)
        await asyncio.to_thread(context.limit_time, SOON)
        await asyncio.Event().wait()

    for function in (by_itself, by_thread):
        with pytest.raises(DeadlineError):
            await FunctionAgent(function, plugins=pm).run("x")


async def test_a_limit_that_comes_after_the_end_does_nothing(make: Make) -> None:
    """A run that has ended is left alone."""
    result = await make("done").run("x")
    result.context.limit_time(0)
    await asyncio.sleep(0.001)
    assert result.context.outcome == "ok"


async def test_a_run_within_its_time_is_left_alone(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """Nothing waits for its deadline any more when it has ended."""
    context = weakref.ref((await make("done", limits=Limits(timeout=3_600)).run("x")).context)
    pm.contexts.prune()
    recorder.told.clear()
    gc.collect()
    assert context() is None


async def test_limits_without_end_are_none(make: Make) -> None:
    """Infinity is a number of seconds."""
    result = await make("done", limits=Limits(timeout=float("inf"))).run("x")
    assert result.context.remaining is None


# --- families ---


async def test_an_ancestors_deadline_ends_its_descendants(pm: PluginManager, recorder: Recorder) -> None:
    """All of them timed out; the error comes from the run whose limit it was."""
    leaf = waiting(pm, "leaf")

    async def middle(text: str) -> None:
        await leaf.run("x")

    agent = FunctionAgent(middle, plugins=pm)

    async def top(text: str) -> None:
        await agent.run("x")

    with pytest.raises(DeadlineError, match="'top'"):
        await FunctionAgent(top, plugins=pm, limits=Limits(timeout=SOON)).run("x")
    ends = recorder.all("agent_error")
    assert [(each.agent, each.outcome) for each in ends] == [
        ("leaf", "timeout"),
        ("middle", "timeout"),
        ("top", "timeout"),
    ]
    assert all(isinstance(each.error, DeadlineError) for each in ends)


async def test_a_run_cannot_outlive_its_deadline_by_forgiving_a_sub_run(pm: PluginManager) -> None:
    """What ends at the deadline of the run around it is that run's to answer: it sees no error to forgive."""
    leaf = waiting(pm, "leaf")
    forgiven: list[Exception] = []

    async def forgives(text: str) -> str:
        try:
            await leaf.run("x")
        except Exception as error:
            forgiven.append(error)
        await asyncio.Event().wait()
        return "never"

    with pytest.raises(DeadlineError, match="'forgives'"):
        await FunctionAgent(forgives, plugins=pm, limits=Limits(timeout=SOON)).run("x")
    assert forgiven == []


async def test_a_sub_runs_own_limit_is_an_error_that_can_be_handled(pm: PluginManager, recorder: Recorder) -> None:
    """The run around it has time left."""
    leaf = waiting(pm, "leaf", limits=Limits(timeout=SOON))

    async def forgives(text: str) -> str:
        try:
            await leaf.run("x")
        except DeadlineError:
            return "forgiven"
        return "never"

    result = await FunctionAgent(forgives, plugins=pm, limits=Limits(timeout=60)).run("x")
    assert result.output == "forgiven"
    assert recorder.end("leaf").outcome == "timeout"


async def test_a_sub_run_on_another_task_keeps_its_ancestors_deadline(pm: PluginManager, recorder: Recorder) -> None:
    """Even where nobody waits for it."""
    leaf = waiting(pm, "leaf")
    detached: list[asyncio.Task[Any]] = []

    async def spawns(text: str) -> str:
        detached.append(asyncio.create_task(leaf.run("x")))
        return "done"

    await FunctionAgent(spawns, plugins=pm, limits=Limits(timeout=LATER)).run("x")
    with pytest.raises(DeadlineError, match="'leaf'"):
        await detached[0]
    assert recorder.end("leaf").outcome == "timeout"


async def test_a_run_that_a_plugin_starts_when_another_has_ended_keeps_its_time(pm: PluginManager) -> None:
    """The limit of the run that has ended still holds for its child, which nobody else would end."""
    errors: list[BaseException] = []
    leaf = waiting(pm, "leaf")

    class Follower:
        @hookimpl
        async def agent_complete(self, agent: str) -> None:
            if agent == "quick":
                try:
                    await leaf.run("x")
                except DeadlineError as error:
                    errors.append(error)

    pm.register(Follower())

    def quick(text: str) -> str:
        return text

    assert (await FunctionAgent(quick, plugins=pm, limits=Limits(timeout=LATER)).run("x")).output == "x"
    assert len(errors) == 1


async def test_a_model_that_is_told_of_a_sub_agents_deadline_goes_on(make: Make, recorder: Recorder) -> None:
    """An agent that is a tool may fail like any tool."""
    slow = make(think_for_ever, name="slow", limits=Limits(timeout=SOON))
    agent = make(ToolCall("1", "slow", {"text": "x"}), "done", tools=[slow])
    assert (await agent.run("x")).output.answer == "done"
    assert "DeadlineError" in recorder.all("model_start", "triage")[-1].request.messages[-1].content


async def test_a_declared_agent_does_not_ask_its_model_after_its_deadline(make: Make, recorder: Recorder) -> None:
    """Not even where nothing waited long enough to be interrupted."""

    def spend(context: ExecutionContext) -> str:
        context.limit_time(-1)
        return "spent"

    with pytest.raises(DeadlineError):
        await make(ToolCall("1", "spend", {}), "never", tools=[spend]).run("x")
    assert len(recorder.all("model_start")) == 1
    assert recorder.end().outcome == "timeout"


# --- clocks ---


class Hasty(asyncio.SelectorEventLoop):
    """A loop that calls at once what is due later, as far too coarse a clock would."""

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        return super().call_at(self.time(), callback, *args, context=context)


def test_a_loop_that_is_early_does_not_make_another_outcome(pm: PluginManager, recorder: Recorder) -> None:
    """A run ends at its deadline, and not before it."""
    remaining: list[float | None] = []

    class Notes:
        @hookimpl
        def agent_error(self, context: ExecutionContext) -> None:
            remaining.append(context.remaining)

    pm.register(Notes())
    with asyncio.Runner(loop_factory=Hasty) as runner, pytest.raises(DeadlineError):
        runner.run(waiting(pm, limits=Limits(timeout=0.05)).run("x"))
    assert recorder.end().outcome == "timeout"
    [left] = remaining
    assert left is not None
    assert left <= 0


async def test_many_deadlines_at_once(pm: PluginManager, recorder: Recorder) -> None:
    """Each run ends at its own."""
    with use_context(ExecutionContext("request")):
        runs = [waiting(pm, limits=Limits(timeout=SOON)).run("x") for _ in range(50)]
        results = await asyncio.gather(*runs, return_exceptions=True)
    assert all(isinstance(each, DeadlineError) for each in results)
    assert len(recorder.all("agent_error")) == 50

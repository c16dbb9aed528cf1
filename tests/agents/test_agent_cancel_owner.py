"""Whose a cancellation is: of the owner of the task, of the context, or of what cancels itself."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError as PoolCancelledError
from typing import Any

import pytest
from pydantic import BaseModel

from agentcore import (
    Agent,
    BaseAgent,
    ExecutionContext,
    FunctionAgent,
    ModelRequest,
    PluginManager,
    Tool,
    ToolCall,
    hookimpl,
)
from agentcore.errors import DeadlineError, ModelError, RunCancelledError
from agentcore.models import ScriptedModel

Make = Callable[..., Agent]
Recorder = Any
Gate = Any
Begun = Any


async def waits(text: str, context: ExecutionContext) -> None:
    """Waits for ever."""
    await asyncio.Event().wait()


# --- by whom ---


async def test_the_owner_of_the_task_has_precedence(pm: PluginManager, recorder: Recorder, begun: Begun) -> None:
    """Where the task is cancelled and the context, too, the task's owner is answered."""
    for first in ("task", "context"):
        run = asyncio.create_task(FunctionAgent(waits, plugins=pm).run("x"))
        (context,) = await begun(pm)
        for act in (run.cancel, context.cancel) if first == "task" else (context.cancel, run.cancel):
            act()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert run.cancelled()
    assert {each.outcome for each in recorder.all("agent_error")} == {"cancelled"}


async def test_a_task_that_is_cancelled_while_its_end_is_told_is_cancelled(
    pm: PluginManager, gate: Gate, begun: Begun
) -> None:
    """A cancellation through the context has been answered; the one of the task that comes later has not."""

    class Slow:
        @hookimpl(trylast=True)
        async def agent_error(self) -> None:
            await gate.wait()

    pm.register(Slow())
    run = asyncio.create_task(FunctionAgent(waits, plugins=pm).run("x"))
    (context,) = await begun(pm)
    context.cancel()
    await gate.reached.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert context.outcome == "cancelled"


async def test_an_end_is_told_to_everybody_while_the_task_is_being_cancelled(
    make: Make, pm: PluginManager, recorder: Recorder, gate: Gate
) -> None:
    """Observers may wait, and one that cancels itself does not silence the next."""

    class Slow:
        @hookimpl(tryfirst=True)
        async def model_error(self) -> None:
            await asyncio.sleep(0)

        @hookimpl(tryfirst=True)
        async def agent_error(self) -> None:
            await asyncio.sleep(0)

    class Selfish:
        @hookimpl(tryfirst=True)
        async def model_error(self) -> None:
            raise asyncio.CancelledError

        @hookimpl(tryfirst=True)
        async def agent_error(self) -> None:
            raise asyncio.CancelledError

    async def think(request: ModelRequest) -> str:
        await gate.wait()
        return "never"

    pm.register(Slow())
    pm.register(Selfish(), "selfish")
    run = asyncio.create_task(make(think).run("x"))
    await gate.reached.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert [each for each in recorder.names() if each != "plugin_error"] == [
        "agent_start",
        "model_start",
        "model_error",
        "agent_error",
    ]
    assert [(each.plugin, each.hook) for each in recorder.all("plugin_error")] == [
        ("selfish", "model_error"),
        ("selfish", "agent_error"),
    ]
    assert recorder.one("model_error").outcome == recorder.end().outcome == "cancelled"


@pytest.mark.parametrize("waiting", ["left", "right"])
async def test_a_cancelled_run_ends_every_tool_that_it_is_calling(
    make: Make, pm: PluginManager, recorder: Recorder, gate: Gate, waiting: str, begun: Begun
) -> None:
    """One that has not begun, because an observer is still being told, does not begin any more."""
    begun_tools: list[str] = []

    def tool(name: str) -> Tool:
        async def work() -> str:
            begun_tools.append(name)
            await asyncio.Event().wait()
            return name

        return Tool(work, name=name)

    class Slow:
        @hookimpl(trylast=True)
        async def tool_start(self, tool: str) -> None:
            if tool == waiting:
                await gate.wait()

    pm.register(Slow())
    calls = [ToolCall("1", "left", {}), ToolCall("2", "right", {})]
    run = asyncio.create_task(make(calls, "done", tools=[tool("left"), tool("right")]).run("x"))
    await gate.reached.wait()
    await begun(pm)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert begun_tools == ["right" if waiting == "left" else "left"]
    assert [each.outcome for each in recorder.all("tool_error")] == ["cancelled", "cancelled"]


async def test_a_task_that_is_being_cancelled_may_run_agents(make: Make, pm: PluginManager) -> None:
    """Cleaning up is a run like any other, and its end is its own."""
    seen: list[Any] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append((await make("saved").run("x")).output.answer)
            for act, error in ((ExecutionContext.cancel, RunCancelledError), (end_now, DeadlineError)):
                context = ExecutionContext("waits")
                asyncio.get_running_loop().call_soon(act, context)
                with pytest.raises(error):
                    await FunctionAgent(waits, plugins=pm).run("x", context=context)
                seen.append(context.outcome)
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["saved", "cancelled", "timeout"]


def end_now(context: ExecutionContext) -> None:
    context.limit_time(0)


async def test_a_plugin_may_run_an_agent_when_a_run_was_cancelled(
    make: Make, pm: PluginManager, recorder: Recorder, gate: Gate, begun: Begun
) -> None:
    """The cancellation has been answered: a plugin that cancels itself there is contained, as anywhere."""
    saved: list[str] = []
    agent = make("saved", name="saver")

    class Saver:
        @hookimpl
        async def agent_error(self, context: ExecutionContext) -> None:
            if context.agent_id == "waits":
                saved.append((await agent.run("x", context=ExecutionContext("saver"))).output.answer)
                saved.append((await make("again", name="helper").run("x")).output.answer)

    class Selfish:
        @hookimpl(tryfirst=True)
        async def agent_start(self, context: ExecutionContext) -> None:
            if context.agent_id == "helper":
                raise asyncio.CancelledError

    pm.register(Saver())
    pm.register(Selfish(), "selfish")
    run = asyncio.create_task(FunctionAgent(waits, plugins=pm).run("x"))
    await begun(pm)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert saved == ["saved", "again"]
    assert recorder.one("plugin_error").plugin == "selfish"


# --- what cancels itself ---


@pytest.mark.parametrize("blocking", [False, True], ids=["on the loop", "on a thread"])
async def test_a_tool_that_cancels_itself_has_failed(make: Make, recorder: Recorder, blocking: bool) -> None:
    """Nobody cancelled the run: the model is told, and the run goes on."""

    def shut_down() -> str:
        raise PoolCancelledError if blocking else asyncio.CancelledError

    agent = make(ToolCall("1", "shut_down", {}), "done", tools=[Tool(shut_down, blocking=blocking)])
    assert (await agent.run("x")).output.answer == "done"
    assert "the tool 'shut_down' cancelled itself" in recorder.all("model_start")[-1].request.messages[-1].content
    assert isinstance(recorder.one("tool_error").error.__cause__, asyncio.CancelledError)
    assert recorder.one("tool_error").outcome == "error"


async def test_a_tool_that_cancels_itself_ends_the_run_where_its_failures_do(make: Make, recorder: Recorder) -> None:
    """With on_error="raise" the caller gets an error, and no cancellation."""

    async def shut_down() -> str:
        raise asyncio.CancelledError

    agent = make(ToolCall("1", "shut_down", {}), "done", tools=[Tool(shut_down, on_error="raise")])
    with pytest.raises(RuntimeError, match="cancelled itself"):
        await agent.run("x")
    assert recorder.end().outcome == "error"


async def test_a_model_that_cancels_itself_has_failed(make: Make, recorder: Recorder) -> None:
    """Nobody cancelled the run: its caller gets an error."""

    async def shut_down(request: ModelRequest) -> str:
        raise asyncio.CancelledError

    with pytest.raises(ModelError, match="'scripted' cancelled itself") as caught:
        await make(shut_down).run("x")
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert recorder.one("model_error").outcome == recorder.end().outcome == "error"


async def test_a_run_that_raises_a_cancellation_is_cancelled(pm: PluginManager, recorder: Recorder) -> None:
    """What the agent itself raises is what its caller gets: it may have waited for something that was cancelled."""

    async def waits_for_nothing(text: str) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await FunctionAgent(waits_for_nothing, plugins=pm).run("x")
    assert recorder.end().outcome == "cancelled"


class Nothing(BaseModel):
    """The arguments of a tool that takes none."""


async def forever(request: ModelRequest | None = None) -> str:
    """Waits for ever."""
    await asyncio.Event().wait()
    return "never"


def waiting_in(where: str, pm: PluginManager) -> BaseAgent[Any]:
    """An agent that waits there for ever."""
    if where == "agent":
        return FunctionAgent(waits, plugins=pm)
    if where == "model":
        return Agent("thinks", model=ScriptedModel(forever), plugins=pm)
    tools = [Tool(forever, parameters=Nothing)]
    return Agent("works", model=ScriptedModel([ToolCall("1", "forever", {})]), tools=tools, plugins=pm)


class TellsEnds:
    """Keeps the ends that it is told, and takes its time."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @hookimpl
    async def agent_error(self) -> None:
        self.told.append("agent")
        await asyncio.sleep(0)

    @hookimpl
    async def model_error(self) -> None:
        self.told.append("model")
        await asyncio.sleep(0)

    @hookimpl
    async def tool_error(self) -> None:
        self.told.append("tool")
        await asyncio.sleep(0)


def abandoned(where: str, plugin: TellsEnds, begun: Begun) -> weakref.ref[ExecutionContext]:
    """Close a loop over a run that waits, cancel the run, and forget it."""
    pm = PluginManager()
    pm.register(plugin)
    loop = asyncio.new_event_loop()
    try:
        task = loop.create_task(waiting_in(where, pm).run("x"))
        (context,) = loop.run_until_complete(begun(pm))
    finally:
        loop.close()
    context.cancel()
    assert context.cancelled
    # Asyncio logs tasks that are forgotten; this one is meant to be.
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    return weakref.ref(context)


@pytest.mark.parametrize("where", ["agent", "model", "tool"])
def test_a_run_whose_loop_was_closed_over_it_can_be_forgotten(where: str, begun: Begun) -> None:
    """Nothing can end it any more: cancelling it is no error, and nobody is told, for nobody could take their time."""
    plugin = TellsEnds()
    context = abandoned(where, plugin, begun)
    gc.collect()
    assert context() is None
    assert plugin.told == []

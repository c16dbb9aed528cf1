"""Runs that are cancelled: by their task, by their context, and by what runs in them."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError as PoolCancelledError
from concurrent.futures import Future
from typing import Any

import pytest
from pydantic import BaseModel

from agentcore import (
    Agent,
    BaseAgent,
    ContextManager,
    ExecutionContext,
    FunctionAgent,
    ModelRequest,
    PluginManager,
    Provider,
    RunResult,
    Tool,
    ToolCall,
    hookimpl,
    use_context,
)
from agentcore.errors import DeadlineError, ModelError, RunCancelledError
from agentcore.models import ScriptedModel

Make = Callable[..., Agent]
Recorder = Any
Gate = Any

VALUE_HOOKS = ("agent_input", "agent_output", "model_request", "model_response", "tool_call", "tool_result")


class AtEvent(Provider):
    """Does something at the k-th hook call of the runs, after everybody else was told."""

    name = "at-event"
    priority = -1

    def __init__(self, number: int, act: Callable[[], None], events: tuple[str, ...]) -> None:
        self.events = events
        self.number = number
        self.act = act
        self.seen = 0
        self.where = ("", "")

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
        self.seen += 1
        if self.seen == self.number:
            self.where = (event, data["context"].agent_id)
            self.act()
            # Long enough for whatever was asked for to arrive here.
            for _ in range(3):
                await asyncio.sleep(0)


async def look(query: str) -> str:
    """Look something up."""
    await asyncio.sleep(0)
    return query.upper()


def nested(make: Make, *, at_once: bool) -> Agent:
    """An agent that calls a tool and another agent, one after the other or both at once."""

    async def think(request: ModelRequest) -> Any:
        await asyncio.sleep(0)
        calls = [ToolCall("1", "look", {"query": "a"}), ToolCall("2", "helper", {"text": "b"})]
        told = sum(message.role == "tool" for message in request.messages)
        if at_once:
            return "done" if told else calls
        return calls[told] if told < 2 else "done"

    async def help_(request: ModelRequest) -> Any:
        await asyncio.sleep(0)
        return "helped"

    return make(think, name="boss", tools=[look, make(help_, name="helper")])


class Interrupted:
    """One run of nested agents that something happened to at its k-th hook call."""

    def __init__(self, make: Make, pm: PluginManager, recorder: Recorder) -> None:
        self.make = make
        self.pm = pm
        self.recorder = recorder

    async def run(self, number: int, act: Callable[["Interrupted"], None], *, at_once: bool) -> AtEvent:
        self.recorder.told.clear()
        self.context = ExecutionContext("boss")
        plugin = AtEvent(number, lambda: act(self), (*self.recorder.events[:-1], *VALUE_HOOKS))
        self.pm.register(plugin)
        self.task = asyncio.create_task(nested(self.make, at_once=at_once).run("Go.", context=self.context))
        await asyncio.wait([self.task])
        self.pm.unregister(plugin.name)
        self.recorder.check()
        assert self.pm.contexts.live() == []
        return plugin

    @property
    def error(self) -> BaseException | None:
        return asyncio.CancelledError() if self.task.cancelled() else self.task.exception()


@pytest.fixture
def interrupted(make: Make, pm: PluginManager, recorder: Recorder) -> Interrupted:
    return Interrupted(make, pm, recorder)


def cancel_task(run: Interrupted) -> None:
    run.task.cancel()


def cancel_context(run: Interrupted) -> None:
    run.context.cancel("stop")


def end_time(run: Interrupted) -> None:
    run.context.limit_time(-1)


at_every_event = pytest.mark.parametrize("at_once", [False, True], ids=["in turn", "at once"])


@at_every_event
@pytest.mark.parametrize(
    ("act", "error", "outcome"),
    [
        (cancel_task, asyncio.CancelledError, "cancelled"),
        (cancel_context, RunCancelledError, "cancelled"),
        (end_time, DeadlineError, "timeout"),
    ],
    ids=["task", "context", "deadline"],
)
async def test_wherever_a_run_is_interrupted_every_start_has_its_end(
    interrupted: Interrupted,
    act: Callable[[Interrupted], None],
    error: type[BaseException],
    outcome: str,
    at_once: bool,
) -> None:
    """At each hook call in turn: every pair of events is whole, and the caller is told who did it."""
    number = 0
    while True:
        number += 1
        plugin = await interrupted.run(number, act, at_once=at_once)
        if plugin.seen < number:
            break
        if plugin.where == ("agent_complete", "boss"):
            # The run had ended: only its task can still be cancelled.
            assert isinstance(interrupted.error, asyncio.CancelledError if act is cancel_task else type(None))
            assert interrupted.context.outcome == "ok"
        else:
            assert isinstance(interrupted.error, error), plugin.where
            assert interrupted.context.outcome == outcome
            assert {each.outcome for each in interrupted.recorder.all("agent_error")} == {outcome}
    assert number >= 30
    assert interrupted.task.result().output.answer == "done"


@at_every_event
async def test_wherever_a_task_was_cancelled_without_stopping_the_pairs_are_whole(
    interrupted: Interrupted, at_once: bool
) -> None:
    """A cancellation that arrives at the next point where the run waits, whatever that is."""

    async def go_on(self: AtEvent, event: str, data: Mapping[str, Any]) -> None:
        self.seen += 1
        if self.seen == self.number:
            self.where = (event, data["context"].agent_id)
            self.act()

    number = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AtEvent, "handle_event", go_on)
        while True:
            number += 1
            plugin = await interrupted.run(number, cancel_task, at_once=at_once)
            if plugin.seen < number:
                break
            # One that came when the run waited for nothing any more is the task's, and not the run's.
            assert isinstance(interrupted.error, asyncio.CancelledError), plugin.where
            assert interrupted.context.outcome in ("cancelled", "ok")
    assert number >= 30


# --- by the context ---


async def waits(text: str, context: ExecutionContext) -> None:
    """Waits for ever."""
    await asyncio.Event().wait()


async def begun(pm: PluginManager, count: int = 1) -> list[ExecutionContext]:
    """The live contexts, as soon as there are so many."""
    while len(pm.contexts.live()) < count:
        await asyncio.sleep(0)
    # And on, until each run waits.
    for _ in range(10):
        await asyncio.sleep(0)
    return pm.contexts.live()


async def test_a_run_is_cancelled_through_its_context(pm: PluginManager, recorder: Recorder) -> None:
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


async def test_another_thread_can_cancel(pm: PluginManager) -> None:
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


async def test_descendants_on_other_tasks_and_threads_are_cancelled_too(pm: PluginManager, recorder: Recorder) -> None:
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


async def test_a_context_above_several_runs_cancels_them(pm: PluginManager) -> None:
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


async def test_a_run_is_cancelled_wherever_it_is_held(pm: PluginManager) -> None:
    """Contexts of another manager do not get in the way."""
    contexts = ContextManager()
    other = contexts.create("other")
    await test_a_context_above_several_runs_cancels_them(pm)
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


# --- by whom ---


async def test_the_owner_of_the_task_has_precedence(pm: PluginManager, recorder: Recorder) -> None:
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


async def test_a_task_that_is_cancelled_while_its_end_is_told_is_cancelled(pm: PluginManager, gate: Gate) -> None:
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
    make: Make, pm: PluginManager, recorder: Recorder, gate: Gate, waiting: str
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
    make: Make, pm: PluginManager, recorder: Recorder, gate: Gate
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


def abandoned(where: str, plugin: TellsEnds) -> weakref.ref[ExecutionContext]:
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
def test_a_run_whose_loop_was_closed_over_it_can_be_forgotten(where: str) -> None:
    """Nothing can end it any more: cancelling it is no error, and nobody is told, for nobody could take their time."""
    plugin = TellsEnds()
    context = abandoned(where, plugin)
    gc.collect()
    assert context() is None
    assert plugin.told == []

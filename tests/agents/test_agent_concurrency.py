"""Many runs at once, and many runs one after the other."""

import asyncio
import gc
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from agentcore import (
    Agent,
    ExecutionContext,
    FunctionAgent,
    ModelRequest,
    PluginManager,
    ToolCall,
    Usage,
    current_context,
    hookimpl,
)
from agentcore.models import ScriptedModel

Recorder = Any

ONE = Usage(requests=1, input_tokens=1, output_tokens=1)
RUNS = 1_000


class Strict:
    """Checks that every event belongs to the code that it is told in."""

    def __init__(self) -> None:
        self.misplaced: list[str] = []

    @hookimpl
    async def agent_start(self, context: ExecutionContext, agent: str, input: Any) -> None:
        await asyncio.sleep(0)
        if current_context() is not context or context.agent_id != agent:
            self.misplaced.append(agent)
        context.state["number"] = input["text"]

    @hookimpl
    async def model_complete(self, context: ExecutionContext, request: ModelRequest) -> None:
        await asyncio.sleep(0)
        if current_context() is not context or context.state["number"] not in request.messages[0].content:
            self.misplaced.append(context.agent_id)

    @hookimpl
    def agent_complete(self, context: ExecutionContext, agent: str) -> None:
        if current_context() is not context:
            self.misplaced.append(agent)


def nested(pm: PluginManager) -> Agent:
    """Three agents, each the tool of the next; each answers what it was asked."""

    def script(tool: str | None) -> Callable[[ModelRequest], Any]:
        async def think(request: ModelRequest) -> Any:
            await asyncio.sleep(0)
            text = request.messages[0].content
            if tool is None or len(request.messages) > 1:
                return text
            return ToolCall("1", tool, {"text": text})

        return think

    agent: Agent | None = None
    for name, tool in (("leaf", None), ("middle", "leaf"), ("top", "middle")):
        model = ScriptedModel(script(tool), usage=ONE, record=False)
        agent = Agent(name, model=model, plugins=pm, tools=[] if agent is None else [agent])
    assert agent is not None
    return agent


async def test_a_thousand_concurrent_runs_keep_themselves_apart(pm: PluginManager, recorder: Recorder) -> None:
    """Every event carries the right context, ancestry and number; starts and ends pair up; nothing is left behind."""
    strict = Strict()
    pm.register(strict)
    top = nested(pm)
    results = await asyncio.gather(*(top.run(f"<{number}>") for number in range(RUNS)))
    assert [each.output.answer for each in results] == [f"<{number}>" for number in range(RUNS)]
    assert strict.misplaced == []
    assert {each.usage for each in results} == {sum([ONE] * 5, Usage())}

    # Each start has its end, and the events of each run are numbered: the recorder checks that for all of them.
    recorder.check()
    count: Counter[str] = Counter(recorder.names())
    assert count["agent_start"] == count["agent_complete"] == 3 * RUNS
    assert count["model_start"] == count["model_complete"] == 5 * RUNS
    assert count["tool_start"] == count["tool_execute"] == count["context_fork"] == 2 * RUNS
    assert pm.contexts.live() == []

    roots = {each.context: number for number, each in enumerate(results)}
    for told in recorder.told:
        context: ExecutionContext = told.context
        line = [context.agent_id, *(each.agent_id for each in context.ancestors)]
        assert line == ["leaf", "middle", "top"][-len(line) :]
        assert context.state["number"] == f"<{roots[context.root]}>"
        assert told.event.context is context
    assert len({told.event.id for told in recorder.told}) == len(recorder.told)
    assert len({told.context.context_id for told in recorder.told}) == 3 * RUNS


async def test_concurrent_runs_that_fail_and_are_cancelled_leave_nothing_behind(
    pm: PluginManager, recorder: Recorder
) -> None:
    """However each ends, its events pair up and its context is let go."""

    async def work(text: str) -> str:
        number = int(text)
        await asyncio.sleep(0)
        if number % 3 == 0:
            raise KeyError(number)
        if number % 3 == 1:
            await asyncio.Event().wait()
        return text

    agent = FunctionAgent(work, plugins=pm)
    runs = [asyncio.create_task(agent.run(str(number))) for number in range(300)]
    for _ in range(5):
        await asyncio.sleep(0)
    for context in pm.contexts.live():
        context.cancel()
    await asyncio.wait(runs)
    assert Counter(each.outcome for each in recorder.all("agent_complete") + recorder.all("agent_error")) == {
        "ok": 100,
        "error": 100,
        "cancelled": 100,
    }


class Counting:
    """An observer that keeps a number, and nothing else."""

    def __init__(self) -> None:
        self.runs = 0

    @hookimpl
    def agent_start(self, context: ExecutionContext) -> None:
        self.runs += 1

    @hookimpl
    async def agent_complete(self, context: ExecutionContext, output: Any) -> None:
        assert context.context_id


def allocated() -> int:
    """How many blocks of memory the interpreter holds."""
    gc.collect()
    return sys.getallocatedblocks()


async def test_memory_does_not_grow_with_the_number_of_runs() -> None:
    """After 20,000 runs of nested agents as much of it is held as after a thousand."""
    pm = PluginManager()
    pm.register(Counting())
    sub = Agent("sub", model=ScriptedModel.repeating("helped", usage=ONE), plugins=pm)

    async def work(text: str) -> str:
        return str((await sub.run(text)).output.answer)

    agent = FunctionAgent(work, plugins=pm)

    async def run(times: int) -> None:
        for _ in range(times):
            await agent.run("x")

    await run(500)
    before = allocated()
    await run(9_500)
    # A single block that each run left would make 19,000.
    assert allocated() - before < 500
    assert pm.contexts.live() == []
    assert len(pm.contexts.finished()) == 256


async def test_memory_does_not_grow_with_runs_that_end_badly() -> None:
    """Failed, cancelled and late runs, and those with plugins of their own, are let go like any other."""
    pm = PluginManager()

    async def work(text: str, context: ExecutionContext) -> None:
        if text == "error":
            raise KeyError(text)
        if text == "cancel":
            context.cancel()
        else:
            context.limit_time(0)
        await asyncio.Event().wait()

    agent = FunctionAgent(work, plugins=pm)

    async def run(times: int) -> None:
        for _ in range(times):
            for text in ("error", "cancel", "late"):
                await asyncio.gather(agent.run(text, providers=[Counting()]), return_exceptions=True)

    await run(100)
    before = allocated()
    await run(200)
    # A single block that each run left would make 600.
    assert allocated() - before < 500
    assert pm.contexts.live() == []


def test_threads_run_agents_of_one_manager_at_once() -> None:
    """Each thread has its own event loop, and no event gets into another's run."""
    pm = PluginManager()
    strict = Strict()
    pm.register(strict)
    top = nested(pm)
    barrier = threading.Barrier(8)

    def work(number: int) -> list[str]:
        barrier.wait()
        return [str(top.run_sync(f"<{number}.{each}>").output.answer) for each in range(10)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(8)))
    assert answers == [[f"<{number}.{each}>" for each in range(10)] for number in range(8)]
    assert strict.misplaced == []
    assert pm.contexts.live() == []


def test_threads_share_the_first_startup() -> None:
    """A plugin is started up once, however many threads begin at the same time."""
    started: list[int] = []

    class Once:
        @hookimpl
        async def agentcore_startup(self) -> None:
            await asyncio.sleep(0.01)
            started.append(1)

    pm = PluginManager()
    pm.register(Once())
    agent = Agent("triage", model=ScriptedModel.repeating("done"), plugins=pm)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(agent.run_sync, ["x"] * 16))
    assert started == [1]

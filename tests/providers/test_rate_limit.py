"""``rate_limit``: a model is asked so often in a minute, and not more."""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agentcore import Agent, ExecutionContext, ModelSettings, Usage
from agentcore.errors import DeniedError, ModelError, RunCancelledError
from agentcore.models import ScriptedModel
from agentcore.testing import FakeClock, Gate, MakeContext
from agentcore.types import ModelRequest


@pytest.fixture
def clock(fake_clock: FakeClock) -> FakeClock:
    """Time that stands still: no minute passes but by the test."""
    fake_clock.drive("agentcore.providers._window")
    return fake_clock


def clerk(plugins: Any, *, name: str = "tiny", tokens: int = 0, **more: Any) -> Any:
    """An agent whose model consumes *tokens* in each call."""
    usage = Usage(requests=1, input_tokens=tokens)
    model = ScriptedModel.repeating("done", name=name, usage=usage, record=True)
    return Agent("clerk", model=model, plugins=plugins, **more)


async def test_no_more_than_the_limit(enable: Any, clock: FakeClock) -> None:
    """What comes after is denied where it may not wait, says when it may come, and asks no model."""
    agent = clerk(enable(rate_limit={"requests_per_minute": 2, "longest_wait": 0}))
    await agent.run("Go.")
    clock.advance(20)
    await agent.run("Go.")
    with pytest.raises(DeniedError, match=r"'tiny' has reached its limit: it can be asked in 40 s, .* wait for 0 s"):
        await agent.run("Go.")
    clock.advance(39)
    with pytest.raises(DeniedError, match="asked in 1 s"):
        await agent.run("Go.")
    clock.advance(1)
    await agent.run("Go.")
    assert len(agent.model.requests) == 3


async def test_any_minute_counts(enable: Any, clock: FakeClock) -> None:
    """The minute is not one of the clock's on the wall: any 60 seconds have no more than the limit."""
    agent = clerk(enable(rate_limit={"requests_per_minute": 3, "longest_wait": 0}))
    began = []
    for second in range(300):
        try:
            await agent.run("Go.")
            began.append(second)
        except DeniedError:
            pass
        clock.advance(1)
    assert len(began) == 15
    assert max(len([each for each in began if 0 <= each - first < 60]) for first in began) == 3


async def test_tokens(enable: Any, clock: FakeClock) -> None:
    """What calls took is counted, as it turned out to be, and makes the next one wait."""
    agent = clerk(enable(rate_limit={"tokens_per_minute": 1_000, "longest_wait": 0}), tokens=600)
    await agent.run("Go.")
    clock.advance(30)
    await agent.run("Go.")
    with pytest.raises(DeniedError, match="asked in 30 s"):
        await agent.run("Go.")
    clock.advance(30)
    await agent.run("Go.")


async def test_a_failed_call_counts(enable: Any, clock: FakeClock) -> None:
    """A provider counts what it answers with an error, too."""
    plugins = enable(rate_limit={"requests_per_minute": 1, "longest_wait": 0})
    agent = Agent("clerk", model=ScriptedModel([ModelError("no", model="m"), "done"]), plugins=plugins)
    with pytest.raises(ModelError):
        await agent.run("Go.")
    with pytest.raises(DeniedError):
        await agent.run("Go.")


async def test_what_is_expected_to_be_too_much(enable: Any, clock: FakeClock) -> None:
    """A call is taken for as large as its messages and the longest answer; alone it may go, whatever its size."""
    settings = ModelSettings(max_tokens=900)
    agent = clerk(enable(rate_limit={"tokens_per_minute": 1_000, "longest_wait": 0}), tokens=300, settings=settings)
    await agent.run("word " * 10_000)
    with pytest.raises(DeniedError):
        await agent.run("Go.")


async def test_models_apart(enable: Any, clock: FakeClock) -> None:
    """Each model counts for itself, and a table of its own says how much; the first pattern that fits counts."""
    limits = {"small": {"requests_per_minute": 2}, "s*": {"requests_per_minute": 5}, "free": {}}
    plugins = enable(rate_limit={"requests_per_minute": 1, "longest_wait": 0, "models": limits})
    counted = {}
    for name in ("small", "sold", "large", "free"):
        agent = clerk(plugins, name=name)
        await asyncio.gather(*(agent.run("Go.") for _ in range(9)), return_exceptions=True)
        counted[name] = len(agent.model.requests)
    assert counted == {"small": 2, "sold": 5, "large": 1, "free": 9}


async def test_a_cached_answer_is_not_counted(enable: Any, clock: FakeClock) -> None:
    """What needs no call takes no turn."""
    agent = clerk(enable(cache={}, rate_limit={"requests_per_minute": 1, "longest_wait": 0}))
    for _ in range(5):
        await agent.run("Go.")
    assert len(agent.model.requests) == 1
    with pytest.raises(DeniedError):
        await agent.run("Go on.")
    await agent.run("Go.")


class Line:
    """Agents whose model holds the first call, and so their turn, until a gate opens."""

    def __init__(self, plugins: Any) -> None:
        self.gate = Gate()
        self.order: list[str] = []
        self.model = ScriptedModel(self.think, name="tiny")
        self.agent = Agent("clerk", model=self.model, plugins=plugins)

    async def think(self, request: ModelRequest) -> str:
        self.order.append(request.messages[-1].content)
        if len(self.order) == 1:
            await self.gate.wait()
        return "done"

    async def comes(self, text: str, **more: Any) -> asyncio.Task[Any]:
        """Begin a run, and let it get as far as it can."""
        task = asyncio.create_task(self.agent.run(text, **more))
        for _ in range(50):
            await asyncio.sleep(0)
        return task


async def test_those_who_wait_have_their_turn_in_order(enable: Any, clock: FakeClock, caplog: Any) -> None:
    """Who came first goes first, once there is room, and not before; the log says how long each is to wait."""
    caplog.set_level(logging.INFO, logger="agentcore.rate_limit")
    line = Line(enable(rate_limit={"requests_per_minute": 2}))
    runs = [await line.comes(each) for each in "abcde"]
    assert line.order == ["a", "b"]
    clock.advance(60)
    line.gate.open()
    await runs[0]
    await asyncio.gather(*runs[1:4])
    assert line.order == ["a", "b", "c", "d"]
    assert not runs[4].done()
    clock.advance(60)
    # Somebody else's end has the next one look at the time.
    runs[4].cancel()
    await asyncio.wait([runs[4]])
    assert [each.getMessage() for each in caplog.records] == [
        "a call of model 'tiny' waits for 60 s",
        "a call of model 'tiny' waits for 60 s",
        "a call of model 'tiny' waits for 120 s",
    ]


async def test_who_is_cancelled_leaves_the_line(enable: Any, clock: FakeClock) -> None:
    """The others move up."""
    line = Line(enable(rate_limit={"requests_per_minute": 1}))
    first, second, third = [await line.comes(each) for each in "abc"]
    second.cancel()
    await asyncio.wait([second])
    clock.advance(60)
    line.gate.open()
    await asyncio.gather(first, third)
    assert line.order == ["a", "c"]


async def test_the_line_is_bounded(enable: Any, clock: FakeClock) -> None:
    """One more than may wait is denied at once."""
    line = Line(enable(rate_limit={"requests_per_minute": 1, "max_waiting": 2}))
    runs = [await line.comes(each) for each in "abc"]
    with pytest.raises(DeniedError, match="2 calls wait, and no more may"):
        await line.agent.run("d")
    for each in runs:
        each.cancel()
    await asyncio.wait(runs)


async def test_a_deadline_that_is_too_near(enable: Any, make_context: MakeContext, clock: FakeClock) -> None:
    """A run whose deadline is before its turn is denied at once, and takes nobody's place."""
    line = Line(enable(rate_limit={"requests_per_minute": 1}))
    first = await line.comes("a")
    with pytest.raises(DeniedError, match=r"asked in 60 s, and this call can wait for 10 s"):
        await line.agent.run("b", context=make_context("clerk", timeout=10))
    line.gate.open()
    await first


async def test_a_run_that_waits_is_cancelled(enable: Any, clock: FakeClock) -> None:
    """Cancelling a run by its context ends its waiting."""
    line = Line(enable(rate_limit={"requests_per_minute": 1}))
    first = await line.comes("a")
    context = ExecutionContext("clerk")
    second = await line.comes("b", context=context)
    context.cancel()
    with pytest.raises(RunCancelledError):
        await asyncio.wait_for(second, 10)
    line.gate.open()
    await first


def test_all_threads_together(enable: Any, clock: FakeClock) -> None:
    """Runs on event loops of their own share one limit."""
    agent = clerk(enable(rate_limit={"requests_per_minute": 7, "longest_wait": 0}))

    def runs(number: int) -> bool:
        try:
            agent.run_sync(f"Go {number}.")
        except DeniedError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(runs, range(20))) == 7


FORK = """
import os, sys, warnings
from agentcore import Agent, PluginManager, load_settings
from agentcore.errors import DeniedError
from agentcore.models import ScriptedModel
from agentcore.providers import RateLimitProvider
warnings.simplefilter("ignore", DeprecationWarning)
plugins = PluginManager(load_settings(overrides={"autoload": False, "state_dir": sys.argv[1]}))
plugins.register(RateLimitProvider(RateLimitProvider.Config(requests_per_minute=1, longest_wait=0)), "rate_limit")
agent = Agent("clerk", model=ScriptedModel.repeating("done"), plugins=plugins)
agent.run_sync("a")
child = os.fork()
if child == 0:
    agent.run_sync("a")
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
try:
    agent.run_sync("a")
except DeniedError:
    sys.exit(7)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork(python: Any, tmp_path: Any) -> None:
    """A child counts for itself, and waits for nobody of its parent's."""
    assert python(FORK, tmp_path).wait() == 7

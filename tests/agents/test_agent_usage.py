"""What runs consume, counted once."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from agentcore import (
    Agent,
    Deny,
    FunctionAgent,
    Limits,
    ModelRequest,
    ModelResponse,
    PluginManager,
    ToolCall,
    Usage,
    hookimpl,
)
from agentcore.errors import DeniedError, LimitError, ModelError, ModelRateLimitError

Make = Callable[..., Agent]
Recorder = Any

ONE = Usage(requests=1, input_tokens=3, output_tokens=2)


def times(count: int) -> Usage:
    return sum([ONE] * count, Usage())


async def test_nested_agents_are_counted_once(make: Make, recorder: Recorder) -> None:
    """Own usage is the run's, the total that of everybody below it, and each model call is told once."""
    leaf = make("leaf", "leaf", name="leaf")
    middle = make(ToolCall("1", "leaf", {"text": "x"}), "middle", name="middle", tools=[leaf])
    calls = [ToolCall("1", "middle", {"text": "x"}), ToolCall("2", "leaf", {"text": "x"})]
    result = await make(calls, "done", name="top", tools=[middle, leaf]).run("x")
    assert result.usage == result.context.total_usage == times(6)
    assert result.context.usage == times(2)
    assert recorder.end("middle").usage == times(3)
    assert recorder.end("middle").context.usage == times(2)
    assert [each.usage for each in recorder.all("model_complete")] == [ONE] * 6
    assert sum((each.context.usage for each in recorder.all("agent_complete")), Usage()) == times(6)


async def test_failed_calls_are_counted(make: Make, recorder: Recorder) -> None:
    """Each is one request, whatever came of it."""
    failing = ModelRateLimitError("slow down", model="scripted", retry_after=0)
    result = await make(failing, failing, "done").run("x")
    assert result.usage == Usage(requests=3, input_tokens=3, output_tokens=2)
    assert [each.usage for each in recorder.all("model_error")] == [Usage(requests=1)] * 2


async def test_denied_answers_are_counted_and_denied_requests_are_not(
    make: Make, pm: PluginManager, recorder: Recorder
) -> None:
    """An answer that was denied has been paid for."""

    class Censor:
        @hookimpl
        def model_request(self, request: ModelRequest) -> None:
            if request.messages[-1].content == "never":
                raise Deny("unasked")

        @hookimpl
        def model_response(self, response: ModelResponse) -> None:
            raise Deny("unsaid")

    pm.register(Censor())
    for text in ("never", "ask"):
        with pytest.raises(DeniedError):
            await make("done").run(text)
    assert [each.usage for each in recorder.all("model_error")] == [Usage(), ONE]
    assert [each.usage for each in recorder.all("agent_error")] == [Usage(), ONE]


async def test_a_request_that_was_not_sent_is_not_counted(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """A run that is cancelled while the start of the call is told has asked nobody."""

    class Slow:
        @hookimpl(trylast=True)
        async def model_start(self) -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)

    pm.register(Slow())
    run = asyncio.create_task(make("done").run("x"))
    await asyncio.wait([run])
    assert run.cancelled()
    assert recorder.one("model_error").usage == recorder.end().usage == Usage()


async def test_cancelled_calls_are_counted(make: Make, recorder: Recorder) -> None:
    """The request was sent, and nobody knows what it cost."""

    async def think(request: ModelRequest) -> str:
        await asyncio.Event().wait()
        return "never"

    run = asyncio.create_task(make(think).run("x"))
    while not recorder.all("model_start"):
        await asyncio.sleep(0)
    run.cancel()
    await asyncio.wait([run])
    assert recorder.one("model_error").usage == recorder.end().usage == Usage(requests=1)


async def test_a_sub_run_that_fails_is_counted_in_the_run_around_it(make: Make, pm: PluginManager) -> None:
    """Usage does not depend on how a run ends."""
    sub = make(ToolCall("1", "missing", {}), ModelError("no", model="scripted"), name="sub")
    result = await make(ToolCall("1", "sub", {"text": "x"}), "done", tools=[sub]).run("x")
    assert result.usage == Usage(requests=4, input_tokens=9, output_tokens=6)


async def test_costs_add_up(make: Make) -> None:
    """As the model's server reports them."""
    answers = [ModelResponse(text=text, usage=Usage(requests=1, cost=Decimal("0.001"))) for text in ("no", "7")]
    result = await make(answers[0], ModelResponse(text='{"n": 1}', usage=answers[1].usage), output="n: int").run("x")
    assert result.usage.cost == Decimal("0.002")


@pytest.mark.parametrize("steps", [1, 3])
async def test_a_run_may_ask_its_model_so_often(make: Make, recorder: Recorder, steps: int) -> None:
    """The call that would be one too many is not made."""
    with pytest.raises(LimitError, match=rf"'triage' has taken its {steps} steps? without an answer") as caught:
        await make(*[ToolCall("1", "missing", {})] * 5, limits=Limits(steps=steps)).run("x")
    assert "Limits(steps=...)" in caught.value.hint
    assert len(recorder.all("model_start")) == steps


async def test_a_step_is_a_question_to_the_runs_own_model(make: Make, recorder: Recorder) -> None:
    """After tools and after an answer that does not fit it is a new one; a call that failed and is made again, and
    what a sub-agent asks, is none.
    """
    busy = ModelRateLimitError("slow down", model="scripted", retry_after=0)
    sub = make(ToolCall("1", "missing", {}), "helped", name="sub", limits=Limits(steps=2))
    script = (busy, ToolCall("1", "sub", {"text": "x"}), "no number", busy, '{"n": 7}')
    result = await make(*script, output="n: int", tools=[sub], limits=Limits(steps=3)).run("x")
    assert result.output.n == 7
    assert len(recorder.all("model_start")) == 7
    again = make(*script, output="n: int", tools=[make("helped", name="sub")], limits=Limits(steps=2))
    with pytest.raises(LimitError, match="'triage' has taken its 2 steps"):
        await again.run("x")


async def test_a_run_may_use_so_many_tokens(make: Make, recorder: Recorder) -> None:
    """The call that goes over the limit is paid for, and the next one is not made; sub-agents count."""
    sub = make("helped", name="sub")
    agent = make(ToolCall("1", "sub", {"text": "x"}), "done", tools=[sub], limits=Limits(tokens=6))
    with pytest.raises(LimitError, match="used 10 of 6 tokens") as caught:
        await agent.run("x")
    assert "Limits(tokens=...)" in caught.value.hint
    assert recorder.end("triage").usage == times(2)


async def test_nothing_is_limited_where_nothing_is_said(make: Make) -> None:
    """None sets no limit."""
    calls = [ToolCall("1", "missing", {})] * 30
    result = await make(*calls, "done", limits=Limits(steps=None)).run("x")
    assert result.usage.requests == 31


@pytest.mark.parametrize("bad", [{"steps": 0}, {"tokens": -1}, {"timeout": 0}, {"timeout": float("nan")}], ids=str)
def test_a_limit_must_be_positive(bad: dict[str, Any]) -> None:
    """Zero would be an agent that may do nothing."""
    with pytest.raises(ValueError, match=next(iter(bad))):
        Limits(**bad)


async def test_concurrent_sub_runs_are_all_counted(make: Make, pm: PluginManager) -> None:
    """Nothing is lost between tasks."""
    sub = make(*["x"] * 100, name="sub")

    async def many(text: str) -> None:
        await asyncio.gather(*(sub.run("x") for _ in range(100)))

    result = await FunctionAgent(many, plugins=pm).run("x")
    assert result.usage == times(100)
    assert result.context.usage == Usage()

"""The life of a run: what begins ends, exactly once, whatever happens."""

from collections.abc import Callable
from typing import Any

import pytest

from agentcore import (
    Agent,
    BaseAgent,
    ExecutionContext,
    FunctionAgent,
    Limits,
    ModelResponse,
    PluginManager,
    ToolCall,
    Usage,
    hookimpl,
)
from agentcore.errors import (
    LimitError,
    ModelError,
    OutputError,
    RunCancelledError,
)

Make = Callable[..., Agent]
Recorder = Any

CALL = ToolCall("1", "search", {"query": "bolts"})


def search(query: str) -> str:
    """Search the handbook."""
    return f"page on {query}"


# --- what ends well ---


async def test_the_events_of_a_run_with_a_tool_are_told_in_order(make: Make, recorder: Recorder) -> None:
    """The agent's events surround the model's and the tool's, and all are the run's."""
    result = await make(CALL, "done", tools=[search]).run("Where are the bolts?")
    assert recorder.names() == [
        "agent_start",
        "model_start",
        "model_complete",
        "tool_start",
        "tool_execute",
        "model_start",
        "model_complete",
        "agent_complete",
    ]
    assert {each.context for each in recorder.told} == {result.context}


async def test_a_run_that_ends_well_tells_what_came_of_it(make: Make, recorder: Recorder) -> None:
    """Input, output, usage, duration and outcome are those of the run and its result."""
    result = await make("done").run("Hello.")
    start, end = recorder.one("agent_start"), recorder.one("agent_complete")
    assert (start.agent, start.input) == ("triage", {"text": "Hello."})
    assert (end.agent, end.input, end.output) == ("triage", {"text": "Hello."}, result.output)
    assert (end.outcome, end.usage) == ("ok", Usage(requests=1, input_tokens=3, output_tokens=2))
    assert end.duration == result.duration > 0
    assert (result.outcome, result.usage, result.output.answer) == ("ok", end.usage, "done")
    assert (result.context.outcome, result.context.agent_id) == ("ok", "triage")
    assert result.context.end_time is not None
    assert result.context.plugins is None


async def test_a_model_call_tells_what_was_asked_and_answered(make: Make, recorder: Recorder) -> None:
    """Both events carry the same id and request, and the usage of the one call."""
    await make("done").run("Hello.")
    start, end = recorder.one("model_start"), recorder.one("model_complete")
    assert start.model == end.model == "scripted"
    assert start.call_id == end.call_id
    assert start.request is end.request
    assert start.request.messages[-1].content == "Hello."
    assert end.response.text == "done"
    assert (end.outcome, end.usage) == ("ok", Usage(requests=1, input_tokens=3, output_tokens=2))


async def test_a_tool_call_tells_what_was_called_and_returned(make: Make, recorder: Recorder) -> None:
    """Both events carry the id of the call and the arguments."""
    await make(CALL, "done", tools=[search]).run("Hello.")
    start, end = recorder.one("tool_start"), recorder.one("tool_execute")
    assert start.tool == end.tool == "search"
    assert start.call_id == end.call_id == "1"
    assert start.arguments == end.arguments == {"query": "bolts"}
    assert (end.result, end.outcome) == ("page on bolts", "ok")


async def test_a_response_without_a_count_is_one_request(make: Make, recorder: Recorder) -> None:
    """Every model call counts, whether its server counts or not."""
    await make(ModelResponse(text="done", usage=Usage(input_tokens=7))).run("Hello.")
    assert recorder.one("model_complete").usage == Usage(requests=1, input_tokens=7)


# --- what fails ---


def boom(text: str) -> str:
    raise KeyError("boom")


async def test_a_failure_is_told_and_raised(pm: PluginManager, recorder: Recorder) -> None:
    """The event carries the very exception that the caller gets."""
    with pytest.raises(KeyError) as caught:
        await FunctionAgent(boom, plugins=pm).run("x")
    assert recorder.names() == ["agent_start", "agent_error"]
    end = recorder.one("agent_error")
    assert end.error is caught.value
    assert (end.outcome, end.input) == ("error", {"text": "x"})
    assert end.context.outcome == "error"


async def test_a_failure_keeps_its_cause_and_its_context(pm: PluginManager) -> None:
    """Whoever reads the traceback sees everything that led to it."""

    def implicit(text: str) -> None:
        try:
            boom(text)
        except KeyError:
            raise ValueError(text)  # noqa: B904 - without a cause is what this is about

    def explicit(text: str) -> None:
        try:
            boom(text)
        except KeyError as error:
            raise ValueError(text) from error

    for function in (implicit, explicit):
        with pytest.raises(ValueError, match="x") as caught:
            await FunctionAgent(function, plugins=pm).run("x")
        assert isinstance(caught.value.__context__, KeyError)
        assert caught.value.__suppress_context__ is (function is explicit)


async def test_a_model_that_fails_ends_the_run(make: Make, recorder: Recorder) -> None:
    """The model's end comes before the agent's, with the same error."""
    with pytest.raises(ModelError) as caught:
        await make(ModelError("no", model="scripted")).run("Hello.")
    assert recorder.names() == ["agent_start", "model_start", "model_error", "agent_error"]
    end = recorder.one("model_error")
    assert end.error is caught.value is recorder.one("agent_error").error
    assert (end.outcome, end.usage) == ("error", Usage(requests=1))
    assert recorder.end().usage == Usage(requests=1)


async def test_a_run_whose_answer_never_fits_fails(make: Make, recorder: Recorder) -> None:
    """The model calls ended well, and the run did not."""
    with pytest.raises(OutputError):
        await make("no", "no", output="n: int", retries=1).run("Hello.")
    assert [each.outcome for each in recorder.all("model_complete")] == ["ok", "ok"]
    assert recorder.end().outcome == "error"
    assert recorder.end().usage.requests == 2


async def test_a_run_at_its_limit_fails(make: Make, recorder: Recorder) -> None:
    """What was consumed until then is counted."""
    with pytest.raises(LimitError):
        await make(CALL, "done", tools=[search], limits=Limits(steps=1)).run("Hello.")
    assert recorder.end().outcome == "error"
    assert isinstance(recorder.end().error, LimitError)
    assert recorder.end().usage == Usage(requests=1, input_tokens=3, output_tokens=2)


# --- what plugins do to the telling ---


async def test_an_observer_that_fails_silences_nobody(make: Make, pm: PluginManager, recorder: Recorder) -> None:
    """The run ends well, and every event was told to the next one."""

    class Broken:
        @hookimpl(tryfirst=True)
        def agent_start(self) -> None:
            raise ZeroDivisionError

        @hookimpl(tryfirst=True)
        async def model_complete(self) -> None:
            raise SystemExit

        @hookimpl(tryfirst=True)
        def agent_complete(self) -> None:
            raise KeyError

    pm.register(Broken(), "broken")
    assert (await make("done").run("Hello.")).output.answer == "done"
    assert [each for each in recorder.names() if each != "plugin_error"] == [
        "agent_start",
        "model_start",
        "model_complete",
        "agent_complete",
    ]
    assert [(each.hook, type(each.error)) for each in recorder.all("plugin_error")] == [
        ("agent_start", ZeroDivisionError),
        ("model_complete", SystemExit),
        ("agent_complete", KeyError),
    ]


async def test_a_run_in_which_a_run_is_cancelled_is_cancelled(pm: PluginManager, recorder: Recorder) -> None:
    """An error that says so makes the outcome, whichever run it comes from."""

    def give_up(text: str) -> None:
        raise RunCancelledError("given up")

    with pytest.raises(RunCancelledError):
        await FunctionAgent(give_up, plugins=pm).run("x")
    assert recorder.end().outcome == "cancelled"


async def test_a_timeout_of_the_agents_own_is_one(pm: PluginManager, recorder: Recorder) -> None:
    """Whatever is a TimeoutError counts as a timeout."""

    def late(text: str) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await FunctionAgent(late, plugins=pm).run("x")
    assert recorder.end().outcome == "timeout"


class Echo(BaseAgent[str]):
    """Returns its input.

    In a second paragraph, which nobody is told.
    """

    async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> str:
        return str(input["text"])


async def test_a_subclass_gets_every_event_for_free(pm: PluginManager, recorder: Recorder) -> None:
    """The template tells of a run that knows nothing of events."""
    agent = Echo("echo", plugins=pm)
    assert (await agent.run(text="hello")).output == "hello"
    assert recorder.names() == ["agent_start", "agent_complete"]
    assert recorder.end().input == {"text": "hello"}
    assert recorder.end().usage == Usage()


async def test_the_run_can_call_hooks_itself(pm: PluginManager, recorder: Recorder) -> None:
    """Within the run the plugins that take part are at hand."""

    class Retrying(BaseAgent[int]):
        async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> int:
            assert context.plugins is pm
            await pm.hook.model_retry(context=context, model="mine", error=KeyError(), attempt=1, delay=0.0)
            return 1

    await Retrying("retrying", plugins=pm).run({})
    assert recorder.names() == ["agent_start", "model_retry", "agent_complete"]

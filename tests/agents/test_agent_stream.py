"""Runs whose answer is read while it is being written."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import (
    Agent,
    ExecutionContext,
    FunctionAgent,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    PluginManager,
    Provider,
    RunStream,
    ToolCall,
    current_context,
    hookimpl,
    use_context,
)
from agentcore.errors import InputError, ModelError, ModelRateLimitError, RunCancelledError
from agentcore.models import DeltaHandler, Model

Make = Callable[..., Agent]
Recorder = Any


class Writes(Model):
    """Writes numbers, and keeps how many were taken from it."""

    name = "writes"
    provider = "test"

    def __init__(self, count: int) -> None:
        self.count = count
        self.written = 0

    async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
        assert on_delta is not None
        for number in range(self.count):
            await on_delta(ModelDelta(text=f"{number} "))
            self.written += 1
        return ModelResponse(text="written")


async def texts(stream: RunStream[Any]) -> list[str]:
    return [delta.text async for delta in stream]


async def pause() -> None:
    """Let everything else go on for as long as it can."""
    for _ in range(200):
        await asyncio.sleep(0)


async def test_the_answer_comes_in_pieces_and_then_the_result(make: Make, recorder: Recorder) -> None:
    """The result is that of a run; every piece is an event, too."""
    async with make("one two three").run_stream("x") as stream:
        assert await texts(stream) == ["one ", "two ", "three"]
    assert stream.result.output.answer == "one two three"
    assert stream.result.outcome == "ok"
    assert recorder.names() == [
        "agent_start",
        "model_start",
        *["model_delta"] * 3,
        "model_complete",
        "agent_complete",
    ]
    deltas = recorder.all("model_delta")
    assert [each.delta.text for each in deltas] == ["one ", "two ", "three"]
    assert {each.call_id for each in deltas} == {recorder.one("model_start").call_id}
    assert {each.context for each in deltas} == {stream.result.context}


async def test_a_run_that_does_not_stream_has_no_pieces(make: Make, recorder: Recorder) -> None:
    """Nobody is told of what nobody asked for."""
    await make("one two three").run("x")
    assert recorder.all("model_delta") == []


async def test_a_stream_takes_what_a_run_takes(make: Make, pm: PluginManager) -> None:
    """Fields, a fresh context, plugins for the run."""
    seen: list[str] = []

    class Sees:
        @hookimpl
        def model_delta(self, delta: ModelDelta) -> None:
            seen.append(delta.text)

    context = ExecutionContext("request", metadata={"tenant": "acme"})
    async with make("done").run_stream(text="x", context=context, providers=[Sees()]) as stream:
        await texts(stream)
    assert stream.result.context is context
    assert seen == ["done"]


async def test_all_answers_of_a_run_are_streamed_and_those_of_sub_agents_are_not(
    make: Make, recorder: Recorder
) -> None:
    """Between the pieces its tools are called."""
    sub = make("sub words", name="sub")
    thinking = ModelResponse(text="let me see", tool_calls=(ToolCall("1", "sub", {"text": "x"}),))
    async with make(thinking, "the answer", tools=[sub]).run_stream("x") as stream:
        assert "".join(await texts(stream)) == "let me seethe answer"
    assert len(recorder.all("model_delta", "sub")) == 0


async def test_a_run_without_a_model_streams_nothing(pm: PluginManager) -> None:
    """There is the result all the same."""
    async with FunctionAgent(shout, plugins=pm).run_stream("x") as stream:
        assert await texts(stream) == []
    assert stream.result.output == "X"


def shout(text: str) -> str:
    return text.upper()


# --- the end ---


@pytest.mark.parametrize("count", [0, 3, 200])
async def test_the_end_can_be_read_again(pm: PluginManager, count: int) -> None:
    """A stream that has ended stays so."""
    async with Agent("writer", model=Writes(count), plugins=pm).run_stream("x") as stream:
        assert len(await texts(stream)) == count
        assert await texts(stream) == []
    assert await texts(stream) == []
    assert stream.result.output.answer == "written"


async def test_what_the_run_raises_is_raised_to_the_reader(make: Make, recorder: Recorder) -> None:
    """After the pieces that came before."""

    class Breaks(Model):
        name, provider = "breaks", "test"

        async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
            assert on_delta is not None
            await on_delta(ModelDelta(text="half"))
            raise ModelError("broken", model="breaks")

    async with make(model=Breaks()).run_stream("x") as stream:
        assert (await anext(stream)).text == "half"
        with pytest.raises(ModelError, match="broken"):
            await anext(stream)
    with pytest.raises(ModelError, match="broken"):
        _ = stream.result
    assert recorder.end().outcome == "error"


async def test_input_that_does_not_fit_is_raised_to_the_reader(make: Make) -> None:
    """Where any other error is."""
    async with make("never").run_stream(wrong=1) as stream:
        with pytest.raises(InputError):
            await texts(stream)


async def test_a_run_that_is_cancelled_through_its_context_is_raised_to_the_reader(make: Make) -> None:
    """The reader itself is not cancelled."""
    context = ExecutionContext("request")

    async def think(request: ModelRequest) -> str:
        context.cancel("enough")
        await asyncio.Event().wait()
        return "never"

    async with make(think).run_stream("x", context=context) as stream:
        with pytest.raises(RunCancelledError, match="enough"):
            await texts(stream)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


@pytest.mark.parametrize("patient", [False, True], ids=["at once", "when the model waits"])
async def test_leaving_early_cancels_the_run(pm: PluginManager, recorder: Recorder, patient: bool) -> None:
    """However many pieces wait to be read; nobody is told of the cancellation but the plugins."""
    model = Writes(1_000)
    async with Agent("writer", model=model, plugins=pm).run_stream("x") as stream:
        async for _ in stream:
            if patient:
                await pause()
            break
    assert model.written < 1_000
    assert recorder.end().outcome == recorder.one("model_error").outcome == "cancelled"
    with pytest.raises(RunCancelledError, match="its stream was left"):
        _ = stream.result


async def test_leaving_with_an_error_cancels_the_run(pm: PluginManager, recorder: Recorder) -> None:
    """The error is the reader's."""

    async def read() -> None:
        async with Agent("writer", model=Writes(1_000), plugins=pm).run_stream("x") as stream:
            await anext(stream)
            raise KeyError

    with pytest.raises(KeyError):
        await read()
    assert recorder.end().outcome == "cancelled"


async def test_a_reader_that_leaves_before_the_run_began_runs_nothing(make: Make, recorder: Recorder) -> None:
    """No event tells of a run that never was; and who still reads comes to the end."""
    stream = make("never").run_stream("x")
    async with stream:
        reader = asyncio.create_task(texts(stream))
    with pytest.raises(RunCancelledError):
        await reader
    assert recorder.told == []


async def test_an_error_that_nobody_reads_is_let_go(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """A reader that leaves early does not want the run's error."""
    async with make(ModelError("broken", model="scripted")).run_stream("x"):
        await pause()
    assert caplog.records == []


async def test_a_reader_that_is_cancelled_takes_the_run_with_it(pm: PluginManager, recorder: Recorder) -> None:
    """As leaving in any other way."""

    async def read() -> None:
        async with make_waiting(pm).run_stream("x") as stream:
            await texts(stream)

    reader = asyncio.create_task(read())
    await pause()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert recorder.end().outcome == "cancelled"


def make_waiting(pm: PluginManager) -> FunctionAgent[None]:
    async def waits(text: str) -> None:
        await asyncio.Event().wait()

    return FunctionAgent(waits, plugins=pm)


# --- readers ---


async def test_two_readers_share_the_pieces_and_the_end(pm: PluginManager) -> None:
    """Each piece goes to one of them, and both come to the end."""
    read: list[list[str]] = [[], []]

    async def reader(into: list[str], stream: RunStream[Any]) -> None:
        async for delta in stream:
            into.append(delta.text)
            await asyncio.sleep(0)

    async with Agent("writer", model=Writes(100), plugins=pm).run_stream("x") as stream:
        await asyncio.gather(*(reader(each, stream) for each in read))
    assert sorted(read[0] + read[1]) == sorted(f"{number} " for number in range(100))
    assert all(read)


async def test_two_readers_both_get_the_error(pm: PluginManager) -> None:
    """Neither waits for ever."""

    async def fails(text: str) -> None:
        await pause()
        raise KeyError(text)

    async with FunctionAgent(fails, plugins=pm).run_stream("x") as stream:
        errors = await asyncio.gather(texts(stream), texts(stream), return_exceptions=True)
    assert [type(each) for each in errors] == [KeyError, KeyError]


async def test_the_model_waits_for_a_slow_reader(pm: PluginManager) -> None:
    """A bounded number of pieces wait to be read, however long the answer is."""
    model = Writes(1_000)
    async with Agent("writer", model=model, plugins=pm).run_stream("x") as stream:
        await pause()
        waiting = model.written
        assert 1 < waiting < 200
        for _ in range(10):
            await anext(stream)
        await pause()
        assert model.written == waiting + 10
        assert len(await texts(stream)) == 990
    assert stream.result.output.answer == "written"


async def test_the_runs_context_does_not_leak_into_the_reader(make: Make) -> None:
    """Code between the pieces is not part of the run."""
    assert current_context() is None
    async with make("one two").run_stream("x") as stream:
        async for _ in stream:
            assert current_context() is None
    assert current_context() is None


async def test_a_streamed_run_belongs_to_the_run_around_it(make: Make) -> None:
    """Its context is a child of the reader's, or of the one that is given."""
    around = ExecutionContext("around")
    with use_context(around):
        async with make("one").run_stream("x") as stream:
            await texts(stream)
            assert current_context() is around
    assert stream.result.context.parent is around
    begun = stream.result.context
    async with make("two").run_stream("x", context=begun) as stream:
        await texts(stream)
    assert stream.result.context.parent is begun


async def test_a_failure_that_may_pass_streams_again(make: Make, recorder: Recorder) -> None:
    """The pieces of the call that succeeded are whole."""
    failure = ModelRateLimitError("slow down", model="scripted", retry_after=0)
    async with make(failure, "one two").run_stream("x") as stream:
        assert await texts(stream) == ["one ", "two"]
    assert len(recorder.all("model_retry")) == 1


class BreaksOff(Model):
    """Loses its connection after as many pieces as it is told, and then answers."""

    name = "breaks-off"
    provider = "test"

    def __init__(self, after: int) -> None:
        self.after = after
        self.calls = 0

    async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
        self.calls += 1
        for number, piece in enumerate(["one ", "two"]):
            if self.calls == 1 and number == self.after:
                raise ModelRateLimitError("slow down", model=self.name, retry_after=0)
            if on_delta is not None:
                await on_delta(ModelDelta(text=piece))
        return ModelResponse(text="one two")


async def test_a_call_is_not_made_again_when_its_answer_is_being_read(pm: PluginManager, recorder: Recorder) -> None:
    """Its reader would read what it began with a second time; the failure says so."""
    model = BreaksOff(after=1)
    read: list[str] = []
    with pytest.raises(ModelRateLimitError) as failed:
        async with Agent("triage", model=model, plugins=pm).run_stream("x") as stream:
            async for delta in stream:
                read.append(delta.text)  # noqa: PERF401 - what was read before the failure stays
    assert read == ["one "]
    assert failed.value.partial
    assert model.calls == 1
    assert recorder.all("model_retry") == []
    assert recorder.one("agent_error").outcome == "error"


@pytest.mark.parametrize(("after", "streams"), [(0, True), (1, False)], ids=["nothing-read-yet", "not-streaming"])
async def test_a_call_is_made_again_where_nobody_reads_twice(after: int, streams: bool, pm: PluginManager) -> None:
    """Before its first piece, and in a run whose pieces nobody reads."""
    model = BreaksOff(after)
    agent = Agent("triage", model=model, plugins=pm)
    if streams:
        async with agent.run_stream("x") as stream:
            assert await texts(stream) == ["one ", "two"]
    else:
        assert (await agent.run("x")).output.answer == "one two"
    assert model.calls == 2


async def test_the_first_piece_of_each_answer_says_so(make: Make, recorder: Recorder) -> None:
    """So that a reader can tell an answer that was asked for again from the one that did not fit."""
    agent = make('{"n": no}', '{"n": 1}', output="n: int")
    read: list[str] = []
    async with agent.run_stream("x") as stream:
        async for delta in stream:
            if delta.first:
                read.append("")
            read[-1] += delta.text
    assert read == ['{"n": no}', '{"n": 1}']
    assert [each.delta.first for each in recorder.all("model_delta")] == [True, False, True, False]
    elapsed = [each.delta.elapsed for each in recorder.all("model_delta")]
    assert [each is not None and each > 0 for each in elapsed] == [True, False, True, False]


async def test_an_observer_of_pieces_that_fails_does_not_stop_them(make: Make, pm: PluginManager) -> None:
    """Pieces are events like any other."""

    class Broken(Provider):
        events = ("model_delta",)

    pm.register(Broken())
    async with make("one two").run_stream("x") as stream:
        assert await texts(stream) == ["one ", "two"]


# --- misuse ---


async def test_a_stream_is_read_inside_of_its_block(make: Make) -> None:
    """The error says how."""
    stream = make("never").run_stream("x")
    with pytest.raises(RuntimeError, match="has not begun\nhint: read it inside 'async with"):
        await anext(stream)
    with pytest.raises(RuntimeError, match="has not ended"):
        _ = stream.result
    await stream.__aexit__(None, None, None)


async def test_a_stream_is_one_run(make: Make) -> None:
    """Another run needs another stream."""
    stream = make("done").run_stream("x")
    async with stream:
        with pytest.raises(RuntimeError, match="has begun already\nhint: call run_stream"):
            await stream.__aenter__()
        await texts(stream)


async def test_there_is_no_result_before_the_end(pm: PluginManager) -> None:
    """The error says what to do."""
    async with Agent("writer", model=Writes(1_000), plugins=pm).run_stream("x") as stream:
        await anext(stream)
        with pytest.raises(RuntimeError, match="has not ended\nhint: read the stream to its end"):
            _ = stream.result

"""The model that answers from a script."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from agentcore.errors import ModelError
from agentcore.models import ModelProfile, ScriptedModel
from agentcore.models.scripted import Answer
from agentcore.types import Message, ModelRequest, ModelResponse, ToolCall, Usage

Ask = Callable[..., ModelRequest]
Deltas = Any


class Label(BaseModel):
    label: str


def once(answer: Answer) -> ScriptedModel:
    return ScriptedModel([answer])


CALL = ToolCall("1", "search", {"query": "two words"})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param("Paris", ("Paris", (), "stop"), id="text"),
        pytest.param("", ("", (), "stop"), id="empty text"),
        pytest.param({"label": "bug é"}, ('{"label": "bug é"}', (), "stop"), id="mapping"),
        pytest.param(Label(label="bug"), ('{"label":"bug"}', (), "stop"), id="pydantic model"),
        pytest.param(CALL, ("", (CALL,), "tool_calls"), id="tool call"),
        pytest.param([CALL, CALL], ("", (CALL, CALL), "tool_calls"), id="tool calls"),
        pytest.param(ModelResponse(text="x", finish_reason="length"), ("x", (), "length"), id="response"),
    ],
)
@pytest.mark.parametrize("make", [once, ScriptedModel.repeating])
async def test_each_kind_of_answer_becomes_a_response(
    ask: Ask, make: Callable[[Any], ScriptedModel], answer: Any, expected: tuple[Any, ...]
) -> None:
    """The same answer means the same in a list and repeated."""
    response = await make(answer).respond(ask())
    assert (response.text, tuple(response.tool_calls), response.finish_reason) == expected


async def test_answers_come_in_order_and_run_out_with_an_error_that_counts_them(ask: Ask) -> None:
    """A test that asks more often than it planned learns so."""
    model = ScriptedModel(["one", "two"])
    assert [(await model.respond(ask())).text for _ in range(2)] == ["one", "two"]
    with pytest.raises(ModelError, match="run out after 2 answers") as caught:
        await model.respond(ask())
    assert "repeating" in caught.value.hint
    assert not caught.value.retryable


async def test_a_function_answers_the_request(ask: Ask) -> None:
    """It may be sync or async."""

    async def later(request: ModelRequest) -> str:
        return request.messages[0].content.upper()

    assert (await ScriptedModel(lambda request: request.messages[0].content).respond(ask("hi"))).text == "hi"
    assert (await ScriptedModel(later).respond(ask("hi"))).text == "HI"


@pytest.mark.parametrize("make", [once, ScriptedModel.repeating])
async def test_an_exception_is_raised(ask: Ask, make: Callable[[Exception], ScriptedModel]) -> None:
    """Failures can be scripted as well."""
    error = ModelError("no", model="m", retryable=True)
    with pytest.raises(ModelError) as caught:
        await make(error).respond(ask())
    assert caught.value is error


async def test_a_repeated_exception_does_not_grow(ask: Ask) -> None:
    """Raised a thousand times, its traceback stays as short as at first."""
    model = ScriptedModel.repeating(ValueError("no"))
    depths = set[int]()
    for _ in range(10):
        with pytest.raises(ValueError, match="no") as caught:
            await model.respond(ask())
        depths.add(len(caught.traceback))
    assert len(depths) == 1


async def test_a_repeating_model_never_runs_out_and_keeps_no_requests(ask: Ask) -> None:
    """It serves benchmarks: nothing grows."""
    model = ScriptedModel.repeating("ok")
    for length in range(1500):
        response = await model.respond(ask("x " * length))
        assert response.usage.input_tokens == length + 1
    assert model.requests == []


async def test_words_are_counted_where_no_usage_is_given() -> None:
    """The same script always consumes the same."""
    request = ModelRequest(messages=[Message("system", "Be brief."), Message("user", "Which city is it?")])
    for model in (ScriptedModel(["It is Paris", CALL]), ScriptedModel.repeating("It is Paris")):
        assert (await model.respond(request)).usage == Usage(requests=1, input_tokens=6, output_tokens=3)
    assert (await ScriptedModel([CALL]).respond(request)).usage.output_tokens == 3


async def test_known_usage_is_reported_as_given(ask: Ask) -> None:
    """Whoever tests costs says what they are."""
    usage = Usage(requests=1, input_tokens=100, output_tokens=5, cached_tokens=80)
    for model in (ScriptedModel(["ok"], usage=usage), ScriptedModel.repeating("ok", usage=usage)):
        assert (await model.respond(ask())).usage == usage


@pytest.mark.parametrize(
    ("text", "chunk", "pieces"),
    [
        ("one two three", 1, ["one ", "two ", "three"]),
        ("one two three", 2, ["one two ", "three"]),
        ("one two three", 9, ["one two three"]),
        (" spaced  out ", 1, [" ", "spaced ", " ", "out "]),
        ("", 1, []),
    ],
)
async def test_streaming_hands_over_words_that_add_up_to_the_answer(
    ask: Ask, deltas: Deltas, text: str, chunk: int, pieces: list[str]
) -> None:
    """The pieces joined are the text, and the response is whole all the same."""
    response = await ScriptedModel([text], chunk=chunk).respond(ask(), on_delta=deltas)
    assert deltas.texts == pieces
    assert "".join(deltas.texts) == response.text == text


async def test_requests_are_recorded_unless_told_otherwise(ask: Ask) -> None:
    """A test can look at what was asked."""
    first, second = ask("one"), ask("two")
    model, silent = ScriptedModel(["1", "2"]), ScriptedModel(["1"], record=False)
    await model.respond(first)
    await model.respond(second)
    await silent.respond(first)
    assert model.requests == [first, second]
    assert silent.requests == []


async def test_delay_lets_others_run(ask: Ask) -> None:
    """With a delay the model gives way before it answers, as a real one does."""
    order: list[str] = []

    async def respond() -> None:
        order.append((await ScriptedModel(["answered"], delay=0.001).respond(ask())).text)

    async def meanwhile() -> None:
        order.append("meanwhile")

    await asyncio.gather(respond(), meanwhile())
    assert order == ["meanwhile", "answered"]


def test_one_text_is_no_script() -> None:
    """A text is a sequence of letters, and nobody means those."""
    with pytest.raises(TypeError, match=r"ScriptedModel\.repeating"):
        ScriptedModel("Paris")


def test_a_profile_can_be_given() -> None:
    """The run loop's other ways of asking can be tested too."""
    assert ScriptedModel([], profile=ModelProfile(tools="actions")).profile.tools == "actions"
    assert ScriptedModel([]).profile == ModelProfile()

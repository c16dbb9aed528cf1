"""Models through pydantic-ai, against its own test models."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic_ai import exceptions as theirs
from pydantic_ai.messages import (
    ModelMessage,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.messages import ModelResponse as TheirResponse
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.usage import RequestUsage

from agentcore.errors import (
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelResponseError,
    ModelTimeoutError,
)
from agentcore.models import ModelProfile, PydanticAIModel
from agentcore.types import Message, ModelRequest, ModelSettings, ToolCall, ToolSpec, Usage

Ask = Callable[..., ModelRequest]
Deltas = Any

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SEARCH = ToolSpec("search", "Searches.", {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]})


def answering(
    *parts: Any, seen: list[tuple[list[ModelMessage], AgentInfo]] | None = None, **more: Any
) -> PydanticAIModel:
    """A model whose answer has *parts*."""

    def function(messages: list[ModelMessage], info: AgentInfo) -> TheirResponse:
        if seen is not None:
            seen.append((messages, info))
        return TheirResponse(parts=list(parts), **more)

    return PydanticAIModel(FunctionModel(function, model_name="fake"))


async def test_a_question_is_answered_with_its_usage(ask: Ask) -> None:
    """Thoughts are no part of the answer."""
    usage = RequestUsage(
        input_tokens=20,
        output_tokens=9,
        cache_read_tokens=5,
        cache_write_tokens=6,
        input_audio_tokens=7,
        output_reasoning_tokens=4,
        output_audio_tokens=3,
    )
    model = answering(ThinkingPart("hm"), TextPart("Par"), TextPart("is"), usage=usage, finish_reason="length")
    response = await model.respond(ask())
    assert (response.text, response.model, response.finish_reason) == ("Paris", "fake", "length")
    assert response.usage == Usage(
        requests=1,
        input_tokens=20,
        output_tokens=9,
        cached_tokens=5,
        reasoning_tokens=4,
        cache_write_tokens=6,
        input_audio_tokens=7,
        output_audio_tokens=3,
    )
    assert model.name == "pydantic-ai:function:fake"
    assert model.provider == "function"


async def test_a_conversation_is_told_in_their_words() -> None:
    """What is asked in a row is one request; a result finds the name of its tool."""
    seen: list[tuple[list[ModelMessage], AgentInfo]] = []
    request = ModelRequest(
        messages=[
            Message("system", "Be brief."),
            Message("user", "Find it."),
            Message("assistant", "Well.", [ToolCall("c1", "search", {"q": "x"})]),
            Message("tool", "found", tool_call_id="c1"),
            Message("user", "And?"),
        ],
        tools=[SEARCH],
        settings=ModelSettings(temperature=0.0, max_tokens=5, stop=["END"], extra={"top_k": 1}),
    )
    await answering(TextPart("x"), seen=seen).respond(request)
    ((messages, info),) = seen
    first, second, third = (message.parts for message in messages)
    assert [type(part) for part in first] == [SystemPromptPart, UserPromptPart]
    assert [type(part) for part in second] == [TextPart, ToolCallPart]
    assert isinstance(second[1], ToolCallPart)
    assert second[1].args_as_dict() == {"q": "x"}
    assert isinstance(third[0], ToolReturnPart)
    assert (third[0].tool_name, third[0].tool_call_id, third[0].content) == ("search", "c1", "found")
    assert isinstance(third[1], UserPromptPart)
    assert [tool.name for tool in info.function_tools] == ["search"]
    assert info.model_settings == {
        "temperature": 0.0,
        "max_tokens": 5,
        "stop_sequences": ["END"],
        "extra_body": {"top_k": 1},
    }


async def test_a_conversation_may_end_with_the_assistant() -> None:
    """An example turn, as some agents give them."""
    seen: list[tuple[list[ModelMessage], AgentInfo]] = []
    messages = [Message("assistant", "a"), Message("assistant", "", [ToolCall("c1", "search", {})])]
    await answering(TextPart("x"), seen=seen).respond(ModelRequest(messages=messages))
    assert [[type(part) for part in message.parts] for message in seen[0][0]] == [[TextPart], [ToolCallPart]]


async def test_tools_that_are_asked_for_are_returned() -> None:
    """Here by pydantic-ai's own test model, which calls every tool."""
    request = ModelRequest(messages=[Message("user", "Find it.")], tools=[SEARCH])
    response = await PydanticAIModel(TestModel()).respond(request)
    (call,) = response.tool_calls
    assert (call.name, dict(call.arguments)) == ("search", {"q": "a"})
    assert response.finish_reason == "tool_calls"


async def test_arguments_that_are_no_object_can_be_asked_for_again(ask: Ask) -> None:
    """The model may do better."""
    with pytest.raises(ModelResponseError, match="called tool 'search' with arguments that are not") as caught:
        await answering(ToolCallPart("search", "[1]")).respond(ask())
    assert caught.value.retryable


async def test_structure_is_the_arguments_of_an_output_tool(ask: Ask) -> None:
    """Its call is the answer, as JSON text."""
    response = await PydanticAIModel(TestModel(custom_output_args={"city": "Paris"})).respond(ask(schema=SCHEMA))
    assert response.text == '{"city":"Paris"}'
    assert response.tool_calls == []
    assert response.finish_reason == "stop"


async def test_the_output_tool_has_a_name_of_its_own() -> None:
    """A tool of the agent may be called the same."""
    seen: list[tuple[list[ModelMessage], AgentInfo]] = []
    request = ModelRequest(
        messages=[Message("user", "x")], tools=[ToolSpec("final_result", "", {"type": "object"})], output_schema=SCHEMA
    )
    response = await answering(ToolCallPart("final_result", {}), seen=seen).respond(request)
    assert [tool.name for tool in seen[0][1].output_tools] == ["final_result_"]
    assert [call.name for call in response.tool_calls] == ["final_result"]


async def test_tools_are_left_to_the_prompt_where_the_profile_says_so() -> None:
    """Then none is sent."""
    seen: list[tuple[list[ModelMessage], AgentInfo]] = []

    def function(messages: list[ModelMessage], info: AgentInfo) -> TheirResponse:
        seen.append((messages, info))
        return TheirResponse(parts=[TextPart("x")])

    model = PydanticAIModel(FunctionModel(function), name="mine", profile=ModelProfile(tools="actions"))
    await model.respond(ModelRequest(messages=[Message("user", "x")], tools=[SEARCH]))
    assert seen[0][1].function_tools == []
    assert model.name == "mine"


async def test_streaming_hands_over_each_piece(ask: Ask, deltas: Deltas) -> None:
    """And returns the whole."""

    async def stream(_messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
        for word in ("Paris ", "it ", "is"):
            yield word

    response = await PydanticAIModel(FunctionModel(stream_function=stream)).respond(ask(), on_delta=deltas)
    assert "".join(deltas.texts) == response.text == "Paris it is"
    assert len(deltas.texts) == 3


async def test_streaming_hands_over_the_pieces_of_structure(ask: Ask, deltas: Deltas) -> None:
    """The arguments of the output tool, and of no other."""

    async def stream(_messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[DeltaToolCalls]:
        name = info.output_tools[0].name
        yield {0: DeltaToolCall("search", "{}", tool_call_id="c1")}
        yield {1: DeltaToolCall(name, '{"city"', tool_call_id="c2")}
        yield {1: DeltaToolCall(json_args=': "Paris"}', tool_call_id="c2")}

    model = PydanticAIModel(FunctionModel(stream_function=stream))
    response = await model.respond(ask(schema=SCHEMA), on_delta=deltas)
    assert "".join(deltas.texts) == response.text == '{"city": "Paris"}'


HTTP = theirs.ModelHTTPError


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        pytest.param(HTTP(401, "m", "no"), ModelAuthenticationError, False, id="401"),
        pytest.param(HTTP(404, "m", "no"), ModelNotFoundError, False, id="404"),
        pytest.param(HTTP(429, "m", "no", retry_after=3.0), ModelRateLimitError, True, id="429"),
        pytest.param(HTTP(503, "m", "no"), ModelResponseError, True, id="503"),
        pytest.param(HTTP(400, "m", "no"), ModelResponseError, False, id="400"),
        pytest.param(theirs.ModelTimeoutError("m", "late"), ModelTimeoutError, True, id="timeout"),
        pytest.param(theirs.ModelConnectionError("m", "gone"), ModelConnectionError, True, id="connection"),
        pytest.param(theirs.UnexpectedModelBehavior("odd"), ModelResponseError, True, id="nonsense"),
        pytest.param(theirs.UserError("not supported"), ModelResponseError, False, id="misuse"),
    ],
)
async def test_their_errors_become_ours(ask: Ask, error: Exception, kind: type[ModelError], retryable: bool) -> None:
    """With theirs as the cause."""

    def function(_messages: list[ModelMessage], _info: AgentInfo) -> TheirResponse:
        raise error

    with pytest.raises(kind) as caught:
        await PydanticAIModel(FunctionModel(function)).respond(ask())
    assert caught.value.retryable is retryable
    assert caught.value.__cause__ is error
    if isinstance(caught.value, ModelRateLimitError):
        assert caught.value.retry_after == 3.0


async def test_a_call_ends_after_its_time(ask: Ask) -> None:
    """pydantic-ai's own retries included."""

    async def function(_messages: list[ModelMessage], _info: AgentInfo) -> TheirResponse:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(ModelTimeoutError, match=r"did not answer within 0\.05 s"):
        await PydanticAIModel(FunctionModel(function)).respond(ask(timeout=0.05))


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("ghost:model", ModelNotFoundError, "pydantic-ai knows no model"),
        ("no-provider", ModelNotFoundError, "pydantic-ai knows no model"),
        ("groq:llama", ModelError, "lacks a package"),
        ("elevenlabs:x", ModelAuthenticationError, "has no API key: .*ELEVENLABS_API_KEY"),
    ],
)
async def test_a_name_that_cannot_be_used_says_why(ask: Ask, name: str, kind: type[ModelError], words: str) -> None:
    """An unknown provider, or one whose package or key is missing."""
    with pytest.raises(kind, match=words):
        await PydanticAIModel(name).respond(ask())


def test_a_named_model_serves_loop_after_loop(ask: Ask) -> None:
    """pydantic-ai's ``test`` is a model that needs no server; each loop has one of its own."""
    model = PydanticAIModel("test")
    for _ in range(2):
        assert asyncio.run(model.respond(ask())).text

    async def close() -> None:
        await model.respond(ask())
        await model.aclose()

    asyncio.run(close())


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, not at the first question."""
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    with pytest.raises(ModelError, match="needs pydantic-ai, which is not installed") as caught:
        PydanticAIModel("anthropic:claude")
    assert "agentcore-framework[pydantic-ai]" in caught.value.hint

"""Requests and answers in OpenAI's JSON."""

import json
from decimal import Decimal
from typing import Any

import pytest

from agentcore.errors import ModelResponseError
from agentcore.models import ModelProfile
from agentcore.models._settings import merged
from agentcore.models._wire import decode, decode_usage, encode
from agentcore.types import Message, ModelRequest, ModelSettings, ToolCall, ToolSpec, Usage

SCHEMA = {"type": "object", "properties": {"label": {"type": "string"}}, "required": ["label"]}
QUESTION = (Message("user", "Which city?"),)


def body_of(request: ModelRequest, **profile: Any) -> dict[str, Any]:
    return encode(request, model="m", profile=ModelProfile(**profile))


def test_a_plain_request_holds_the_model_and_the_messages_alone() -> None:
    """What nobody asked for is not sent: servers refuse keys that they do not know."""
    request = ModelRequest(messages=[Message("system", "Be brief."), *QUESTION])
    assert body_of(request) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which city?"}],
    }


def test_calls_and_results_of_tools_are_told_in_the_servers_words() -> None:
    """Arguments travel as JSON text, and a result names the call that it answers."""
    call = ToolCall("c1", "search", {"query": "Zürich"})
    request = ModelRequest(
        messages=[Message("assistant", "", [call]), Message("tool", "found", tool_call_id="c1")],
        tools=[ToolSpec("search", "Searches.", {"type": "object"})],
    )
    body = body_of(request)
    assert body["messages"] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "search", "arguments": '{"query": "Z\\u00fcrich"}'},
                }
            ],
        },
        {"role": "tool", "content": "found", "tool_call_id": "c1"},
    ]
    assert body["tools"] == [
        {
            "type": "function",
            "function": {"name": "search", "description": "Searches.", "parameters": {"type": "object"}},
        }
    ]


def test_tools_are_not_sent_to_a_model_that_would_drop_them() -> None:
    """Its tools are offered in the prompt."""
    request = ModelRequest(messages=QUESTION, tools=[ToolSpec("search", "Searches.", {})])
    assert "tools" not in body_of(request, tools="actions")


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        ("json_schema", {"type": "json_schema", "json_schema": {"name": "output", "schema": SCHEMA}}),
        ("json_object", {"type": "json_object"}),
        ("prompt", None),
    ],
)
def test_structure_is_asked_for_as_the_profile_says(structure: str, expected: object) -> None:
    """A server that cannot follow a schema is not sent one."""
    request = ModelRequest(messages=QUESTION, output_schema=SCHEMA)
    assert body_of(request, structure=structure).get("response_format") == expected


def test_schema_is_bounded_for_a_model_that_runs_away() -> None:
    """The schema that is sent has bounds; the caller's stays as it was."""
    request = ModelRequest(messages=QUESTION, output_schema=SCHEMA)
    sent = body_of(request, bounded_schema=True)["response_format"]["json_schema"]["schema"]
    assert sent["properties"]["label"] == {"type": "string", "maxLength": 400}
    assert SCHEMA["properties"] == {"label": {"type": "string"}}


def test_strict_is_asked_for_where_the_schema_allows_it() -> None:
    """A schema without a strict form is sent as it is."""
    free = {"type": "object", "properties": {"tags": {"type": "object", "additionalProperties": {"type": "string"}}}}
    for schema, strict in ((SCHEMA, True), (free, None)):
        request = ModelRequest(messages=QUESTION, output_schema=schema)
        sent = encode(request, model="m", profile=ModelProfile(), strict_schema=True)["response_format"]["json_schema"]
        assert sent.get("strict") is strict
    assert sent["schema"] is free


def test_settings_are_sent_under_the_servers_names() -> None:
    """And what is extra wins over what is known."""
    settings = ModelSettings(
        temperature=0.0, top_p=0.5, max_tokens=7, seed=1, stop=("END",), timeout=3, extra={"top_k": 4, "seed": 2}
    )
    body = encode(
        ModelRequest(messages=QUESTION, settings=settings),
        model="m",
        profile=ModelProfile(max_tokens=99),
        max_tokens_key="max_completion_tokens",
    )
    del body["model"], body["messages"]
    assert body == {
        "temperature": 0.0,
        "top_p": 0.5,
        "max_completion_tokens": 7,
        "seed": 2,
        "stop": ["END"],
        "top_k": 4,
    }


def test_profile_bounds_an_answer_that_nobody_bounded() -> None:
    """None leaves it to the server."""
    assert body_of(ModelRequest(messages=QUESTION), max_tokens=99)["max_tokens"] == 99
    assert "max_tokens" not in body_of(ModelRequest(messages=QUESTION))


def test_settings_of_the_request_come_before_those_of_the_model() -> None:
    """Each on its own; extras are joined."""
    asked = ModelSettings(temperature=0.0, extra={"a": 1})
    own = ModelSettings(
        temperature=1.0, top_p=0.5, max_tokens=9, seed=3, stop=("x",), timeout=2.0, extra={"a": 0, "b": 2}
    )
    assert merged(asked, own) == ModelSettings(
        temperature=0.0, top_p=0.5, max_tokens=9, seed=3, stop=("x",), timeout=2.0, extra={"a": 1, "b": 2}
    )
    assert merged(asked, ModelSettings()) is asked


def payload(message: dict[str, Any], finish: object = "stop", **extra: Any) -> dict[str, Any]:
    return {"model": "m-0613", "choices": [{"finish_reason": finish, "message": message}], **extra}


def test_an_answer_is_read_whole() -> None:
    """Text, model, reason and usage."""
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
    response = decode(payload({"content": "Paris"}, usage=usage), name="m")
    assert (response.text, response.model, response.finish_reason) == ("Paris", "m-0613", "stop")
    assert response.usage == Usage(requests=1, input_tokens=12, output_tokens=3)


@pytest.mark.parametrize(
    ("message", "finish", "expected"),
    [
        pytest.param({"content": "Par"}, "length", ("Par", "length"), id="cut"),
        pytest.param({"content": None}, "content_filter", ("", "content_filter"), id="filtered"),
        pytest.param({"content": None, "refusal": "No."}, "stop", ("No.", "content_filter"), id="refused"),
        pytest.param({"content": "x"}, "eos", ("x", "other"), id="a reason of the server's own"),
        pytest.param({"content": "x"}, None, ("x", "stop"), id="no reason"),
        pytest.param(
            {"content": [{"type": "thinking"}, {"type": "text", "text": "Pa"}, {"type": "text", "text": "ris"}]},
            "stop",
            ("Paris", "stop"),
            id="parts",
        ),
    ],
)
def test_the_reason_to_stop_is_told_in_our_words(message: dict[str, Any], finish: object, expected: object) -> None:
    """Whatever the server calls it."""
    response = decode(payload(message, finish), name="m")
    assert (response.text, response.finish_reason) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [('{"query": "x"}', {"query": "x"}), ({"query": "x"}, {"query": "x"}), ("", {}), (None, {})],
    ids=["text", "object", "empty", "none"],
)
def test_tool_calls_are_read(arguments: object, expected: object) -> None:
    """Some servers send arguments as an object, or say ``stop`` all the same."""
    call = {"id": "c1", "function": {"name": "search", "arguments": arguments}}
    response = decode(payload({"tool_calls": [call]}), name="m")
    assert response.tool_calls == [ToolCall("c1", "search", expected)]  # type: ignore[arg-type]  # as parametrised
    assert response.finish_reason == "tool_calls"


def test_calls_without_an_id_get_ids_of_their_own() -> None:
    """Results must find their way back."""
    call = {"function": {"name": "search", "arguments": "{}"}}
    first, second = decode(payload({"tool_calls": [call, call]}), name="m").tool_calls
    assert first.id != second.id


@pytest.mark.parametrize("arguments", ['{"query": ', "[1]", '"text"'])
def test_arguments_that_are_no_object_can_be_asked_for_again(arguments: str) -> None:
    """The error names the tool, not what the model wrote."""
    call = {"id": "c1", "function": {"name": "search", "arguments": arguments}}
    with pytest.raises(
        ModelResponseError, match="called tool 'search' with arguments that are not a JSON object"
    ) as caught:
        decode(payload({"tool_calls": [call]}), name="m")
    assert caught.value.retryable


@pytest.mark.parametrize(
    "broken", ["{}", '{"choices": []}', '{"choices": [{}]}', '{"choices": ["x"]}', '{"choices": 3}']
)
def test_an_answer_without_a_message_can_be_asked_for_again(broken: str) -> None:
    """Overloaded servers send those."""
    with pytest.raises(ModelResponseError, match="answered without a message") as caught:
        decode(json.loads(broken), name="m")
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        pytest.param(None, Usage(requests=1), id="none"),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "total_tokens": 120,
                "prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 16, "audio_tokens": 7},
                "completion_tokens_details": {"reasoning_tokens": 12, "audio_tokens": 5},
                "cost": 0.000123,
            },
            Usage(
                requests=1,
                input_tokens=100,
                output_tokens=20,
                cached_tokens=64,
                reasoning_tokens=12,
                cache_write_tokens=16,
                input_audio_tokens=7,
                output_audio_tokens=5,
                cost=Decimal("0.000123"),
            ),
            id="openrouter",
        ),
        pytest.param(
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 8},
            Usage(requests=1, input_tokens=9, output_tokens=2, cached_tokens=8),
            id="deepseek",
        ),
        pytest.param(
            {"prompt_tokens": 9, "prompt_tokens_details": {"cache_creation_input_tokens": 8}},
            Usage(requests=1, input_tokens=9, cache_write_tokens=8),
            id="qwen",
        ),
        pytest.param(
            {"prompt_tokens": 9, "cache_creation_input_tokens": 6},
            Usage(requests=1, input_tokens=9, cache_write_tokens=6),
            id="litellm",
        ),
        pytest.param(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 45,
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            Usage(requests=1, input_tokens=10, output_tokens=35, reasoning_tokens=30),
            id="reasoning in the total only",
        ),
        pytest.param(
            {"prompt_tokens": None, "completion_tokens": "many", "prompt_tokens_details": None, "cost": "free"},
            Usage(requests=1),
            id="nonsense",
        ),
        pytest.param({"prompt_tokens": 1, "cost": True}, Usage(requests=1, input_tokens=1), id="cost is no number"),
        pytest.param({"prompt_tokens": -4, "cost": float("nan")}, Usage(requests=1), id="below zero"),
    ],
)
def test_usage_is_read_from_each_servers_words(wire: object, expected: Usage) -> None:
    """What was cached and heard is part of the input, what was thought and said part of the output."""
    assert decode_usage(wire) == expected

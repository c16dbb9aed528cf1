"""Requests and answers in the JSON of OpenAI's chat completions, which llama.cpp in process speaks as well."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast
from uuid import uuid4

from agentcore.errors import ModelResponseError
from agentcore.models._base import ModelProfile
from agentcore.models._bounds import bounded
from agentcore.models._json import as_list, as_mapping
from agentcore.models._strict import strict
from agentcore.types import FinishReason, JsonSchema, Message, ModelRequest, ModelResponse, ToolCall, ToolSpec, Usage

__all__ = ["decode", "decode_usage", "encode", "finish_reason", "text_of", "tool_call"]

_FINISH: Final[Mapping[str, FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


def encode(
    request: ModelRequest,
    *,
    model: str,
    profile: ModelProfile,
    strict_schema: bool = False,
    max_tokens_key: str = "max_tokens",
) -> dict[str, Any]:
    """Return the body of *request*.

    Tools go into it only where the profile says ``native``.  With a structure other than ``json_schema`` the schema
    itself is not sent: it stands in the prompt, which is the caller's.
    """
    body: dict[str, Any] = {"model": model, "messages": [_message(each) for each in request.messages]}
    if request.tools and profile.tools == "native":
        body["tools"] = [_tool(each) for each in request.tools]
    if request.output_schema is not None and profile.structure != "prompt":
        body["response_format"] = _response_format(request.output_schema, profile, strict_schema=strict_schema)
    settings = request.settings
    said = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        max_tokens_key: profile.max_tokens if settings.max_tokens is None else settings.max_tokens,
        "seed": settings.seed,
    }
    body.update((key, value) for key, value in said.items() if value is not None)
    if settings.stop:
        body["stop"] = list(settings.stop)
    body.update(settings.extra)
    return body


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        wire["content"] = message.content or None
        wire["tool_calls"] = [_wire_call(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    return wire


def _wire_call(call: ToolCall) -> dict[str, Any]:
    arguments = json.dumps(dict(call.arguments))
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _response_format(schema: JsonSchema, profile: ModelProfile, *, strict_schema: bool) -> dict[str, Any]:
    if profile.structure == "json_object":
        return {"type": "json_object"}
    wire: dict[str, Any] = {"name": "output", "schema": bounded(schema) if profile.bounded_schema else schema}
    if strict_schema and (strict_form := strict(schema)) is not None:
        wire.update(schema=strict_form, strict=True)
    return {"type": "json_schema", "json_schema": wire}


def decode(payload: Mapping[str, Any], *, name: str) -> ModelResponse:
    """Return the answer in *payload*, of a server that was asked under *name*.

    Raises:
        ModelResponseError: There is no answer in it.
    """
    choice = as_mapping(next(iter(as_list(payload.get("choices"))), None))
    if not isinstance(choice.get("message"), Mapping):
        raise ModelResponseError(f"model {name!r} answered without a message", model=name, retryable=True)
    message = as_mapping(choice["message"])
    calls = [tool_call(as_mapping(each), name=name) for each in as_list(message.get("tool_calls"))]
    text = text_of(message.get("content"))
    refusal = message.get("refusal")
    return ModelResponse(
        text=text or (refusal if isinstance(refusal, str) else ""),
        tool_calls=calls,
        usage=decode_usage(payload.get("usage")),
        model=str(payload.get("model") or ""),
        finish_reason=finish_reason(choice.get("finish_reason"), calls=calls, refused=bool(refusal) and not text),
    )


def text_of(content: object) -> str:
    """Return the text of *content*; some servers send a list of typed parts."""
    if isinstance(content, str):
        return content
    texts = [as_mapping(part).get("text") for part in as_list(content)]
    return "".join(text for text in texts if isinstance(text, str))


def finish_reason(reason: object, *, calls: Sequence[ToolCall], refused: bool = False) -> FinishReason:
    """Return why the model stopped; some servers say ``stop`` where it asked for tools."""
    if refused:
        return "content_filter"
    known: FinishReason = _FINISH.get(reason, "other") if isinstance(reason, str) else "stop"
    return "tool_calls" if calls and known == "stop" else known


def tool_call(wire: Mapping[str, Any], *, name: str) -> ToolCall:
    """Return the call in *wire*.

    Raises:
        ModelResponseError: Its arguments are not a JSON object; asking again may help.
    """
    function = as_mapping(wire.get("function"))
    raw: object = function.get("arguments") or {}
    try:
        arguments: object = json.loads(raw) if isinstance(raw, str) else raw
    except ValueError as error:
        raise _bad_arguments(name, function) from error
    if not isinstance(arguments, Mapping):
        raise _bad_arguments(name, function)
    # Ollama and others leave the id out.
    identifier = str(wire.get("id") or f"call_{uuid4().hex}")
    return ToolCall(identifier, str(function.get("name") or ""), cast("Mapping[str, Any]", arguments))


def _bad_arguments(name: str, function: Mapping[str, Any]) -> ModelResponseError:
    return ModelResponseError(
        f"model {name!r} called tool {function.get('name')!r} with arguments that are not a JSON object",
        model=name,
        retryable=True,
    )


def decode_usage(wire: object) -> Usage:
    """Return what one call consumed; zeros for what the server did not report."""
    usage = as_mapping(wire)
    read = _count(usage.get("prompt_tokens"))
    written = _count(usage.get("completion_tokens"))
    read_details = as_mapping(usage.get("prompt_tokens_details"))
    written_details = as_mapping(usage.get("completion_tokens_details"))
    return Usage(
        requests=1,
        input_tokens=read,
        # xAI and Gemini count reasoning in the total only.
        output_tokens=max(written, _count(usage.get("total_tokens")) - read),
        # DeepSeek's own name for it comes second.
        cached_tokens=_first_count(read_details.get("cached_tokens"), usage.get("prompt_cache_hit_tokens")),
        reasoning_tokens=_count(written_details.get("reasoning_tokens")),
        # OpenRouter's name for it, Qwen's, and that of LiteLLM in front of Anthropic.
        cache_write_tokens=_first_count(
            read_details.get("cache_write_tokens"),
            read_details.get("cache_creation_input_tokens"),
            usage.get("cache_creation_input_tokens"),
        ),
        input_audio_tokens=_count(read_details.get("audio_tokens")),
        output_audio_tokens=_count(written_details.get("audio_tokens")),
        cost=_cost(usage.get("cost")),
    )


def _first_count(*values: object) -> int:
    """Return the count that is there."""
    return _count(next((each for each in values if each is not None), None))


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _cost(value: object) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        cost = Decimal(str(value))
    except InvalidOperation:
        return None
    return cost if cost.is_finite() else None

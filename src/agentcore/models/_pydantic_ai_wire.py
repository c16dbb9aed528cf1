"""Requests and answers in pydantic-ai's terms.  Importing this imports pydantic-ai."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from pydantic_ai import exceptions as theirs
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequestPart,
    ModelResponsePart,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    SystemPromptPart,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.messages import ModelRequest as TheirRequest
from pydantic_ai.messages import ModelResponse as TheirResponse
from pydantic_ai.models import Model as TheirModel
from pydantic_ai.models import ModelRequestParameters, infer_model
from pydantic_ai.settings import ModelSettings as TheirSettings
from pydantic_ai.tools import ToolDefinition

from agentcore.errors import (
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelResponseError,
    ModelTimeoutError,
)
from agentcore.models._base import DeltaHandler
from agentcore.types import (
    FinishReason,
    Message,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    ModelSettings,
    ToolCall,
    Usage,
)

__all__ = ["Call", "infer"]

_FINISH: Final[dict[str | None, FinishReason]] = {
    None: "stop",
    "stop": "stop",
    "length": "length",
    "tool_call": "tool_calls",
    "content_filter": "content_filter",
}
_RETRYABLE: Final = frozenset({408, 409, 425, 500, 502, 503, 504, 529})


def infer(model: str, *, name: str) -> TheirModel:
    """Return pydantic-ai's model of that name.

    Raises:
        ModelNotFoundError: It knows none.
        ModelAuthenticationError: It finds no key for it.
        ModelError: The provider's package is not installed.
    """
    try:
        return infer_model(model)
    except ImportError as error:
        raise ModelError(f"model {name!r} lacks a package: {error}", model=name) from error
    except (theirs.UserError, ValueError) as error:
        if "_API_KEY" in str(error):
            raise ModelAuthenticationError(f"model {name!r} has no API key: {error}", model=name) from error
        raise ModelNotFoundError(
            f"pydantic-ai knows no model {name!r}: {error}", model=name, hint="write 'pydantic-ai:PROVIDER:MODEL'"
        ) from error


class Call:
    """One call of a model."""

    def __init__(self, request: ModelRequest, settings: ModelSettings, *, name: str, native: bool) -> None:
        """Translate *request*; its tools are offered where *native* is true."""
        self._name = name
        self._messages = list(_messages(request.messages))
        self._settings = _settings(settings)
        tools = request.tools if native else ()
        self._output_tool = _free_name("final_result", {tool.name for tool in tools})
        self._parameters = ModelRequestParameters(
            function_tools=[
                ToolDefinition(
                    name=tool.name, description=tool.description, parameters_json_schema=dict(tool.parameters)
                )
                for tool in tools
            ]
        )
        if request.output_schema is not None:
            # A tool whose arguments are the answer is the one form that every provider with tools can be held to.
            self._parameters.output_mode = "tool"
            self._parameters.allow_text_output = False
            self._parameters.output_tools = [
                ToolDefinition(
                    name=self._output_tool,
                    description="The final response.",
                    parameters_json_schema=dict(request.output_schema),
                    kind="output",
                )
            ]

    async def answer(self, model: TheirModel, on_delta: DeltaHandler | None) -> ModelResponse:
        """Ask *model*; stream where there is an *on_delta*."""
        try:
            return self._translated(await (self._whole(model) if on_delta is None else self._stream(model, on_delta)))
        except (theirs.AgentRunError, theirs.UserError) as error:
            raise _error(error, self._name) from error

    async def _whole(self, model: TheirModel) -> TheirResponse:
        return await model_request(
            model, self._messages, model_settings=self._settings, model_request_parameters=self._parameters
        )

    async def _stream(self, model: TheirModel, on_delta: DeltaHandler) -> TheirResponse:
        output_parts: set[int] = set()
        async with model_request_stream(
            model, self._messages, model_settings=self._settings, model_request_parameters=self._parameters
        ) as stream:
            async for event in stream:
                if text := self._piece(event, output_parts):
                    await on_delta(ModelDelta(text=text))
            return stream.get()

    def _piece(self, event: ModelResponseStreamEvent, output_parts: set[int]) -> str:
        """Return the text in *event*; *output_parts* are the calls of the output tool so far."""
        if isinstance(event, PartStartEvent):
            part = event.part
            if isinstance(part, TextPart):
                return part.content
            if isinstance(part, ToolCallPart) and part.tool_name == self._output_tool:
                output_parts.add(event.index)
                return part.args if isinstance(part.args, str) else ""
        elif isinstance(event, PartDeltaEvent):
            delta = event.delta
            if isinstance(delta, TextPartDelta):
                return delta.content_delta
            if isinstance(delta, ToolCallPartDelta) and event.index in output_parts:
                return delta.args_delta if isinstance(delta.args_delta, str) else ""
        return ""

    def _translated(self, response: TheirResponse) -> ModelResponse:
        texts: list[str] = []
        calls: list[ToolCall] = []
        for part in response.parts:
            if isinstance(part, TextPart):
                texts.append(part.content)
            elif isinstance(part, ToolCallPart) and part.tool_name == self._output_tool:
                texts = [part.args if isinstance(part.args, str) else part.args_as_json_str()]
                calls.clear()
                break
            elif isinstance(part, ToolCallPart):
                calls.append(ToolCall(part.tool_call_id, part.tool_name, self._arguments(part)))
        usage = response.usage
        finish = _FINISH.get(response.finish_reason, "other")
        if finish in {"stop", "tool_calls"}:
            finish = "tool_calls" if calls else "stop"
        return ModelResponse(
            text="".join(texts),
            tool_calls=calls,
            usage=Usage(
                requests=1,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cached_tokens=usage.cache_read_tokens,
                reasoning_tokens=usage.output_reasoning_tokens,
                cache_write_tokens=usage.cache_write_tokens,
                input_audio_tokens=usage.input_audio_tokens,
                output_audio_tokens=usage.output_audio_tokens,
            ),
            model=response.model_name or "",
            finish_reason=finish,
        )

    def _arguments(self, part: ToolCallPart) -> dict[str, Any]:
        try:
            return part.args_as_dict(raise_if_invalid=True)
        except (ValueError, AssertionError) as error:
            raise ModelResponseError(
                f"model {self._name!r} called tool {part.tool_name!r} with arguments that are not a JSON object",
                model=self._name,
                retryable=True,
            ) from error


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _messages(messages: Sequence[Message]) -> Iterator[ModelMessage]:
    tool_names = {call.id: call.name for message in messages for call in message.tool_calls}
    asked: list[ModelRequestPart] = []
    for message in messages:
        if message.role == "assistant":
            if asked:
                yield TheirRequest(parts=asked)
                asked = []
            yield TheirResponse(parts=list(_answered(message)))
        else:
            asked.append(_asked(message, tool_names))
    if asked:
        yield TheirRequest(parts=asked)


def _asked(message: Message, tool_names: dict[str, str]) -> ModelRequestPart:
    if message.role == "system":
        return SystemPromptPart(content=message.content)
    if message.role == "tool":
        call_id = message.tool_call_id or ""
        return ToolReturnPart(tool_name=tool_names.get(call_id, ""), content=message.content, tool_call_id=call_id)
    return UserPromptPart(content=message.content)


def _answered(message: Message) -> Iterator[ModelResponsePart]:
    if message.content:
        yield TextPart(content=message.content)
    for call in message.tool_calls:
        yield ToolCallPart(tool_name=call.name, args=json.dumps(dict(call.arguments)), tool_call_id=call.id)


def _settings(settings: ModelSettings) -> TheirSettings:
    said: dict[str, Any] = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_tokens": settings.max_tokens,
        "seed": settings.seed,
        "stop_sequences": list(settings.stop) or None,
        "extra_body": dict(settings.extra) or None,
    }
    return cast("TheirSettings", {key: value for key, value in said.items() if value is not None})


def _error(error: theirs.AgentRunError | theirs.UserError, name: str) -> ModelError:
    status = getattr(error, "status_code", None)
    words = f"model {name!r} failed: {error}"
    if status in {401, 403}:
        return ModelAuthenticationError(words, model=name, hint="check the provider's API key")
    if status == 404:
        return ModelNotFoundError(words, model=name)
    if status == 429:
        return ModelRateLimitError(words, model=name, retry_after=getattr(error, "retry_after", None))
    if isinstance(error, theirs.ModelTimeoutError | theirs.ModelRequestTimeout):
        return ModelTimeoutError(words, model=name, retryable=True)
    if isinstance(error, theirs.ModelConnectionError):
        return ModelConnectionError(words, model=name, hint="check the network", retryable=True)
    passing = status in _RETRYABLE or isinstance(error, theirs.UnexpectedModelBehavior)
    return ModelResponseError(words, model=name, status=status if isinstance(status, int) else None, retryable=passing)

"""pydantic-ai: an agent on its FunctionModel, which answers in JSON (NativeOutput), the cheapest of its ways."""

from __future__ import annotations

from typing import Any

from pydantic_ai import Agent, NativeOutput
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from benchmarks._script import (
    ANSWER,
    INPUT_TOKENS,
    INSTRUCTIONS,
    OUTPUT_TOKENS,
    QUERY,
    TICKET,
    Label,
    Pause,
    Run,
    search,
)

__all__ = ["make"]


class _Observer(AbstractCapability[Any]):
    async def before_run(self, ctx: Any) -> None:
        pass

    async def after_run(self, ctx: Any, *, result: Any) -> Any:
        return result

    async def before_model_request(self, ctx: Any, request_context: Any) -> Any:
        return request_context

    async def after_model_request(self, ctx: Any, *, request_context: Any, response: Any) -> Any:
        return response


def make(*, observers: bool, tool: bool, pause: Pause) -> Run:
    """An observer is a capability."""

    async def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        await pause()
        asks = tool and len(messages) == 1
        part = ToolCallPart("search", {"query": QUERY}, "1") if asks else TextPart(ANSWER)
        usage = RequestUsage(input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS)
        return ModelResponse(parts=[part], usage=usage)

    agent = Agent(
        FunctionModel(answer),
        output_type=NativeOutput(Label),
        instructions=INSTRUCTIONS,
        capabilities=[_Observer(), _Observer()] if observers else [],
        tools=[search] if tool else [],
    )

    async def run() -> object:
        return (await agent.run(TICKET)).output

    return run

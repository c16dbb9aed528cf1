"""Microsoft Agent Framework: a chat client of its own layers, without telemetry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from agent_framework import (
    Agent,
    AgentContext,
    AgentMiddleware,
    BaseChatClient,
    ChatContext,
    ChatMiddleware,
    ChatMiddlewareLayer,
    ChatResponse,
    Content,
    FunctionInvocationLayer,
    Message,
    UsageDetails,
)

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

_USAGE: Final = UsageDetails(input_token_count=INPUT_TOKENS, output_token_count=OUTPUT_TOKENS)


class _AgentObserver(AgentMiddleware):
    async def process(self, context: AgentContext, call_next: Callable[[], Awaitable[None]]) -> None:
        await call_next()


class _ModelObserver(ChatMiddleware):
    async def process(self, context: ChatContext, call_next: Callable[[], Awaitable[None]]) -> None:
        await call_next()


class _Client(FunctionInvocationLayer[Any], ChatMiddlewareLayer[Any], BaseChatClient[Any]):
    def __init__(self, *, tool: bool, pause: Pause) -> None:
        super().__init__()
        self._tool = tool
        self._pause = pause

    def _inner_get_response(self, *, messages: Sequence[Message], **options: Any) -> Any:
        return self._answer(messages)

    async def _answer(self, messages: Sequence[Message]) -> ChatResponse[Any]:
        await self._pause()
        content: Any = ANSWER
        if self._tool and messages[-1].role != "tool":
            content = Content.from_function_call(call_id="1", name="search", arguments={"query": QUERY})
        message = Message(role="assistant", contents=[content])
        return ChatResponse(messages=[message], usage_details=_USAGE, response_format=Label)


def make(*, observers: bool, tool: bool, pause: Pause) -> Run:
    """An observer is a middleware of the agent and one of the model."""
    agent: Any = Agent(
        client=_Client(tool=tool, pause=pause),
        name="triage",
        instructions=INSTRUCTIONS,
        middleware=[_AgentObserver(), _ModelObserver(), _AgentObserver(), _ModelObserver()] if observers else None,
        tools=[search] if tool else None,
    )

    async def run() -> object:
        return (await agent.run(TICKET, options={"response_format": Label})).value

    return run

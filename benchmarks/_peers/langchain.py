"""LangChain: ``create_agent`` on a chat model of our own, with the provider's structured output."""

from __future__ import annotations

from typing import Any

from langchain import agents
from langchain.agents.structured_output import ProviderStrategy
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult

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


class _Observer(AsyncCallbackHandler):
    async def on_chain_start(self, *args: Any, **keywords: Any) -> None:
        pass

    async def on_chain_end(self, *args: Any, **keywords: Any) -> None:
        pass

    async def on_chat_model_start(self, *args: Any, **keywords: Any) -> None:
        pass

    async def on_llm_end(self, *args: Any, **keywords: Any) -> None:
        pass


class _Model(BaseChatModel):
    tool: bool
    pause: Any

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **options: Any) -> Any:
        return self

    def _generate(self, *args: Any, **options: Any) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(self, messages: Any, *args: Any, **options: Any) -> ChatResult:
        await self.pause()
        usage: Any = {
            "input_tokens": INPUT_TOKENS,
            "output_tokens": OUTPUT_TOKENS,
            "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
        }
        if self.tool and not isinstance(messages[-1], ToolMessage):
            call: Any = {"name": "search", "args": {"query": QUERY}, "id": "1", "type": "tool_call"}
            message = AIMessage("", tool_calls=[call], usage_metadata=usage)
        else:
            message = AIMessage(ANSWER, usage_metadata=usage)
        return ChatResult(generations=[ChatGeneration(message=message)])


def make(*, observers: bool, tool: bool, pause: Pause) -> Run:
    """An observer is a callback handler: as middleware, which becomes nodes of the graph, it costs much more."""
    # Its types leave parameters open, which strict checkers do not let pass.
    create_agent: Any = getattr(agents, "create_agent")  # noqa: B009
    agent: Any = create_agent(
        _Model(tool=tool, pause=pause),
        [search] if tool else None,
        system_prompt=INSTRUCTIONS,
        response_format=ProviderStrategy(Label),
    )
    config: Any = {"callbacks": [_Observer(), _Observer()]} if observers else None

    async def run() -> object:
        made = await agent.ainvoke({"messages": [{"role": "user", "content": TICKET}]}, config)
        return made["structured_response"]

    return run

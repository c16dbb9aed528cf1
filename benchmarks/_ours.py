"""The run on agentcore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agentcore import (
    Agent,
    ExecutionContext,
    ModelRequest,
    ModelResponse,
    PluginManager,
    ProviderMiddleware,
    ToolCall,
    Usage,
    hookimpl,
)
from agentcore.models import DeltaHandler, Model, ScriptedModel
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
    no_pause,
    search,
)

__all__ = ["AgentObserver", "Observer", "agent", "make"]

_USAGE: Final = Usage(requests=1, input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS)
_ANSWER: Final = ModelResponse(text=ANSWER, usage=_USAGE, model="scripted")
_SEARCH: Final = ModelResponse(
    tool_calls=[ToolCall("1", "search", {"query": QUERY})], usage=_USAGE, model="scripted", finish_reason="tool_calls"
)


class AgentObserver:
    """Sees where a run begins and ends."""

    @hookimpl
    async def agent_start(self, context: ExecutionContext, agent: str) -> None:
        pass

    @hookimpl
    async def agent_complete(self, context: ExecutionContext, output: Any, duration: float) -> None:
        pass


class Observer(AgentObserver):
    """Sees where its model calls begin and end, too."""

    @hookimpl
    async def model_start(self, context: ExecutionContext, request: ModelRequest) -> None:
        pass

    @hookimpl
    async def model_complete(self, context: ExecutionContext, response: ModelResponse, duration: float) -> None:
        pass


class _Middleware(ProviderMiddleware):
    """Runs before and after each execution of each observer, and changes nothing."""

    def pre_execute(self, provider: str, event: str, data: Mapping[str, Any]) -> None:
        pass

    def post_execute(self, provider: str, event: str, result: Any) -> None:
        pass


class _Waiting(Model):
    """Answers after a pause."""

    name = "waiting"
    provider = "scripted"

    def __init__(self, pause: Pause) -> None:
        self._pause = pause

    async def respond(self, request: ModelRequest, *, on_delta: DeltaHandler | None = None) -> ModelResponse:
        await self._pause()
        return _ANSWER


def agent(
    *, observers: type[AgentObserver] | None, middleware: bool, tool: bool = False, pause: Pause = no_pause
) -> Agent:
    """Declare the agent, with two observers and two middlewares where they are wanted."""
    plugins = PluginManager()
    if observers is not None:
        plugins.register(observers(), "first")
        plugins.register(observers(), "second")
    if middleware:
        plugins.add_middleware(_Middleware())
        plugins.add_middleware(_Middleware())
    return Agent(
        "triage",
        input="ticket: str",
        output=Label,
        instructions=INSTRUCTIONS,
        model=_model(tool=tool, pause=pause),
        tools=[search] if tool else [],
        plugins=plugins,
    )


def _model(*, tool: bool, pause: Pause) -> Model:
    if pause is not no_pause:
        return _Waiting(pause)
    return ScriptedModel(_search_first, record=False) if tool else ScriptedModel.repeating(ANSWER, usage=_USAGE)


def _search_first(request: ModelRequest) -> ModelResponse:
    return _ANSWER if request.messages[-1].role == "tool" else _SEARCH


def make(pause: Pause) -> Run:
    """Make the run with all observers and middlewares."""
    declared = agent(observers=Observer, middleware=True, pause=pause)
    return lambda: declared.run(ticket=TICKET)

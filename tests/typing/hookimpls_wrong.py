"""Implementations that type checkers must refuse, each marked with the codes of mypy and pyright; this file is checked,
not run.
"""

from collections.abc import Mapping
from typing import Any

from agentcore import (
    Document,
    Event,
    ExecutionContext,
    Hit,
    KnowledgeQuery,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    ToolCall,
    hookimpl,
)


@hookimpl.agent_strat  # error: attr-defined reportAttributeAccessIssue
def wrong_name(agent: str, **_: object) -> None:
    """There is no such hook."""


@hookimpl.agent_start  # error: type-var reportArgumentType
def missing(agent: str) -> None:
    """It does not say that it leaves the others out."""


@hookimpl.agent_start  # error: type-var reportArgumentType
def extra(agent: str, tool: str, **_: object) -> None:
    """The hook has no such argument."""


@hookimpl.agent_start  # error: type-var reportArgumentType
def misspelt(agnt: str, **_: object) -> None:
    """Nor this one, though it comes first as a self does."""


@hookimpl.agent_start  # error: type-var reportArgumentType
def mistyped(agent: int, **_: object) -> None:
    """It has another type."""


@hookimpl.agent_start  # error: type-var reportArgumentType
def narrower(input: dict[str, Any], **_: object) -> None:
    """The hook promises less."""


@hookimpl.agent_error  # error: type-var reportArgumentType
def too_narrow(error: Exception, **_: object) -> None:
    """A cancellation is an error, too."""


@hookimpl.knowledge_update  # error: type-var reportArgumentType
def no_context(context: ExecutionContext, **_: object) -> None:
    """There may be none."""


@hookimpl.agent_start  # error: type-var reportArgumentType
def positional(agent: str, /, **_: object) -> None:
    """Arguments are passed by name."""


@hookimpl.agent_input  # error: type-var reportArgumentType
def without_envelope(event: Event, **_: object) -> None:
    """Value hooks have no envelope."""


@hookimpl.agent_complete  # error: type-var reportArgumentType
def replaces(output: object, **_: object) -> object:
    """What an event returns is ignored."""
    return output


@hookimpl.tool_call  # error: type-var reportArgumentType
def wrong_result(call: ToolCall, **_: object) -> bool:
    """A value hook returns the noun."""
    return bool(call)


@hookimpl.model_request  # error: type-var reportArgumentType
async def wrong_async_result(request: ModelRequest, **_: object) -> str:
    """An async one, too."""
    return str(request)


@hookimpl.agent_input  # error: type-var reportArgumentType
def wrong_mapping(input: Mapping[str, Any], **_: object) -> list[str]:
    """The input is a mapping."""
    return list(input)


@hookimpl.model_answer  # error: type-var reportArgumentType
def wrong_answer(request: ModelRequest, **_: object) -> ModelRequest:
    """An answer is a response."""
    return request


@hookimpl.model_answer  # error: type-var reportArgumentType
def always_answered(response: ModelResponse, **_: object) -> None:
    """Nobody may have answered yet."""


@hookimpl.model_piece  # error: type-var reportArgumentType
async def wrong_piece(delta: ModelDelta, **_: object) -> str:
    """A piece has more than its text."""
    return delta.text


@hookimpl.model_piece  # error: type-var reportArgumentType
def of_a_response(response: ModelResponse, **_: object) -> None:
    """There is none yet."""


@hookimpl.model_response  # error: type-var reportArgumentType
def wrong_response(response: ModelResponse, **_: object) -> str:
    """The noun is the response."""
    return response.text


@hookimpl.event_data  # error: type-var reportArgumentType
def wrong_data(data: Mapping[str, Any], **_: object) -> list[str]:
    """What is told is a mapping."""
    return list(data)


@hookimpl.event_data  # error: type-var reportArgumentType
def in_a_run(context: ExecutionContext, **_: object) -> None:
    """Events happen outside of runs, too."""


@hookimpl.knowledge_query  # error: type-var reportArgumentType
def one_hit(query: KnowledgeQuery, **_: object) -> Hit:
    """Hits are collected from what can be iterated over."""
    return Hit(document=Document(text=query.text), score=1.0, source="shelf")


@hookimpl(timeout=3).tool_call  # error: type-var reportArgumentType
def with_options(call: str, **_: object) -> None:
    """Options change nothing about it."""


@hookimpl(tiemout=3).tool_call  # error: call-overload reportCallIssue
def wrong_option(call: ToolCall, **_: object) -> None:
    """There is no such option."""


class Guard:
    """Methods."""

    @hookimpl.tool_call  # error: type-var reportArgumentType
    def mistyped(self, call: str, **_: object) -> None:
        """It has another type."""

    @hookimpl.tool_call  # error: type-var reportArgumentType
    def extra(self, tool: str, **_: object) -> None:
        """The hook has no such argument."""

    @hookimpl.tool_call  # error: type-var reportArgumentType
    async def wrong_result(self, call: ToolCall, **_: object) -> str:
        """A value hook returns the noun."""
        return call.name

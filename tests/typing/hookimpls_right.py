"""Implementations that type checkers must accept; this file is checked, not run."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, assert_type

from agentcore import (
    Document,
    Event,
    ExecutionContext,
    Hit,
    KnowledgeQuery,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    PluginManager,
    Tool,
    ToolCall,
    Usage,
    hookimpl,
)
from agentcore.models import Model
from agentcore.types import Outcome


@hookimpl.agent_start
def some_arguments(agent: str, **_: object) -> None:
    """A function that leaves arguments out says so."""


@hookimpl.agent_start
async def another_order(event: Event, input: Mapping[str, Any], agent: str, context: ExecutionContext) -> None:
    """It takes them all, in an order of its own; async, and with the envelope."""


@hookimpl.agent_error
def wider(error: object, usage: Usage | None, duration: float, outcome: Outcome, more: int = 3, **_: object) -> None:
    """Types may be wider than the hook's, and an argument of its own has a default."""


@hookimpl.tool_call
def value(call: ToolCall, **_: object) -> ToolCall | None:
    """A value hook returns the noun or None."""
    return call


@hookimpl(tryfirst=True, timeout=2.5, before="audit").model_request
async def value_with_options(request: ModelRequest, **_: object) -> ModelRequest:
    """Options come before the name; this one always replaces."""
    return request


@hookimpl.agent_input
def guard(input: Mapping[str, Any], **_: object) -> None:
    """One that only denies returns nothing."""


@hookimpl.agent_output
def anything(output: Any, **_: object) -> str:
    """An output may be anything."""
    return str(output)


@hookimpl.knowledge_query
def generated(query: KnowledgeQuery, **_: object) -> Iterable[Hit]:
    """What is collected may be generated."""
    yield Hit(document=Document(text=query.text), score=1.0, source="shelf")


@hookimpl(blocking=True).knowledge_update
def blocking(documents: Sequence[Document], context: ExecutionContext | None, **_: object) -> None:
    """Where a hook may happen without a context, None is expected."""


@hookimpl.resolve_model
async def first(name: str) -> Model | None:
    """The only argument needs no more."""


@hookimpl.register_tools
def tools() -> list[Tool]:
    """There are hooks without arguments."""
    return []


@hookimpl(wrapper=True)
def agent_complete(agent: str) -> Generator[None, Any, None]:
    """A wrapper is found by its name, and only then."""
    yield


# The twins of the wrong ones, each without its fault.


@hookimpl.agent_start
def wrong_name(agent: str, **_: object) -> None:
    """The hook's name."""


@hookimpl.agent_start
def missing(agent: str, **_: object) -> None:
    """The others are left out on purpose."""


@hookimpl.tool_start
def extra(agent: object = None, tool: str = "", **_: object) -> None:
    """The hook has the one argument, and the other is the function's own."""


@hookimpl.agent_start
def misspelt(agent: str, **_: object) -> None:
    """The argument's name."""


@hookimpl.agent_start
def mistyped(agent: str, **_: object) -> None:
    """The argument's type."""


@hookimpl.agent_start
def narrower(input: Mapping[str, Any], **_: object) -> None:
    """What the hook promises."""


@hookimpl.agent_error
def too_narrow(error: BaseException, **_: object) -> None:
    """Every error."""


@hookimpl.knowledge_update
def no_context(context: ExecutionContext | None, **_: object) -> None:
    """Or none."""


@hookimpl.agent_start
def positional(agent: str, **_: object) -> None:
    """By name."""


@hookimpl.agent_start
def without_envelope(event: Event, **_: object) -> None:
    """Events have one."""


@hookimpl.agent_complete
def replaces(output: object, **_: object) -> None:
    """Nothing is returned."""


@hookimpl.tool_call
def wrong_result(call: ToolCall, **_: object) -> ToolCall:
    """The noun."""
    return call


@hookimpl.model_request
async def wrong_async_result(request: ModelRequest, **_: object) -> ModelRequest | None:
    """The noun."""
    return request


@hookimpl.agent_input
def wrong_mapping(input: Mapping[str, Any], **_: object) -> dict[str, Any]:
    """A kind of mapping."""
    return dict(input)


@hookimpl.model_answer
def wrong_answer(request: ModelRequest, **_: object) -> ModelResponse:
    """A response."""
    return ModelResponse(text=request.messages[-1].content)


@hookimpl.model_answer
async def always_answered(response: ModelResponse | None, **_: object) -> ModelResponse | None:
    """Or nobody has."""
    return response


@hookimpl.model_piece
async def wrong_piece(delta: ModelDelta, **_: object) -> ModelDelta:
    """The noun."""
    return delta


@hookimpl.model_piece
def of_a_response(delta: ModelDelta, call_id: str, **_: object) -> ModelDelta | None:
    """Of the call that it belongs to."""
    return None if call_id else delta


@hookimpl.model_response
def wrong_response(response: ModelResponse, **_: object) -> ModelResponse:
    """The noun."""
    return response


@hookimpl.event_data
def wrong_data(data: Mapping[str, Any], **_: object) -> dict[str, Any]:
    """A kind of mapping."""
    return dict(data)


@hookimpl.event_data
def in_a_run(context: ExecutionContext | None, name: str, **_: object) -> None:
    """Or outside of one."""


@hookimpl.knowledge_query
def one_hit(query: KnowledgeQuery, **_: object) -> tuple[Hit, ...]:
    """One of them."""
    return (Hit(document=Document(text=query.text), score=1.0, source="shelf"),)


@hookimpl(timeout=3).tool_call
def with_options(call: ToolCall, **_: object) -> None:
    """Options change nothing about it."""


@hookimpl(timeout=3).tool_call
def wrong_option(call: ToolCall, **_: object) -> None:
    """An option that there is."""


class Guard:
    """Methods."""

    @hookimpl.agentcore_startup
    async def opened(self, plugins: PluginManager) -> None:
        """All arguments."""

    @hookimpl(after=["audit"]).tool_call
    def denies(self, call: ToolCall, **_: object) -> ToolCall | None:
        """Some of them."""
        return call

    @hookimpl.tool_call
    def mistyped(self, call: ToolCall, **_: object) -> None:
        """The argument's type."""

    @hookimpl.tool_result
    def extra(self, call: ToolCall, result: object, **_: object) -> None:
        """Arguments that the hook has."""

    @hookimpl.tool_call
    async def wrong_result(self, call: ToolCall, **_: object) -> ToolCall:
        """The noun."""
        return call

    @staticmethod
    @hookimpl.tool_start
    def noted(tool: str, **_: object) -> None:
        """Without a self."""


async def called(call: ToolCall, request: ModelRequest) -> None:
    """Implementations may be called as they are written."""
    assert_type(value(call=call), ToolCall | None)
    assert_type(await value_with_options(request=request), ModelRequest)
    assert_type(Guard().denies(call), ToolCall | None)
    some_arguments("triage")

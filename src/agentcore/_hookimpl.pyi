# Written by `python -m tools.hookimpl_types` from agentcore/hookspecs.py.
"""The decorator of implementations, with every hook's own type."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar, overload

from click import Command

from agentcore._context import Event, ExecutionContext
from agentcore._middleware import ProviderMiddleware
from agentcore._plugins import PluginManager
from agentcore._tools import Tool
from agentcore.models import Model
from agentcore.types import (
    DeliveryMode,
    Document,
    Hit,
    KnowledgeQuery,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    Outcome,
    ToolCall,
    Usage,
)

__all__ = ["Hookimpl", "hookimpl"]

_F = TypeVar("_F", bound=Callable[..., Any])

class _AgentInputFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, agent: str, input: Mapping[str, Any]
    ) -> Awaitable[Mapping[str, Any] | None] | Mapping[str, Any] | None: ...

class _AgentInputMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext, agent: str, input: Mapping[str, Any]
    ) -> Awaitable[Mapping[str, Any] | None] | Mapping[str, Any] | None: ...

_AgentInput = TypeVar("_AgentInput", bound=_AgentInputFunction | _AgentInputMethod)

class _AgentStartFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, agent: str, input: Mapping[str, Any], event: Event
    ) -> Awaitable[None] | None: ...

class _AgentStartMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext, agent: str, input: Mapping[str, Any], event: Event
    ) -> Awaitable[None] | None: ...

_AgentStart = TypeVar("_AgentStart", bound=_AgentStartFunction | _AgentStartMethod)

class _AgentOutputFunction(Protocol):
    def __call__(self, *, context: ExecutionContext, agent: str, output: Any) -> Any: ...

class _AgentOutputMethod(Protocol):
    def __call__(_self, self: Any, *, context: ExecutionContext, agent: str, output: Any) -> Any: ...

_AgentOutput = TypeVar("_AgentOutput", bound=_AgentOutputFunction | _AgentOutputMethod)

class _AgentCompleteFunction(Protocol):
    def __call__(
        self,
        *,
        context: ExecutionContext,
        agent: str,
        input: Mapping[str, Any],
        output: Any,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

class _AgentCompleteMethod(Protocol):
    def __call__(
        _self,
        self: Any,
        *,
        context: ExecutionContext,
        agent: str,
        input: Mapping[str, Any],
        output: Any,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

_AgentComplete = TypeVar("_AgentComplete", bound=_AgentCompleteFunction | _AgentCompleteMethod)

class _AgentErrorFunction(Protocol):
    def __call__(
        self,
        *,
        context: ExecutionContext,
        agent: str,
        input: Mapping[str, Any],
        error: BaseException,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

class _AgentErrorMethod(Protocol):
    def __call__(
        _self,
        self: Any,
        *,
        context: ExecutionContext,
        agent: str,
        input: Mapping[str, Any],
        error: BaseException,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

_AgentError = TypeVar("_AgentError", bound=_AgentErrorFunction | _AgentErrorMethod)

class _ModelRequestFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, model: str, request: ModelRequest
    ) -> Awaitable[ModelRequest | None] | ModelRequest | None: ...

class _ModelRequestMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext, model: str, request: ModelRequest
    ) -> Awaitable[ModelRequest | None] | ModelRequest | None: ...

_ModelRequest = TypeVar("_ModelRequest", bound=_ModelRequestFunction | _ModelRequestMethod)

class _ModelAnswerFunction(Protocol):
    def __call__(
        self,
        *,
        context: ExecutionContext,
        model: str,
        provider: str,
        request: ModelRequest,
        call_id: str,
        response: ModelResponse | None,
    ) -> Awaitable[ModelResponse | None] | ModelResponse | None: ...

class _ModelAnswerMethod(Protocol):
    def __call__(
        _self,
        self: Any,
        *,
        context: ExecutionContext,
        model: str,
        provider: str,
        request: ModelRequest,
        call_id: str,
        response: ModelResponse | None,
    ) -> Awaitable[ModelResponse | None] | ModelResponse | None: ...

_ModelAnswer = TypeVar("_ModelAnswer", bound=_ModelAnswerFunction | _ModelAnswerMethod)

class _ModelStartFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, model: str, request: ModelRequest, call_id: str, event: Event
    ) -> Awaitable[None] | None: ...

class _ModelStartMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext, model: str, request: ModelRequest, call_id: str, event: Event
    ) -> Awaitable[None] | None: ...

_ModelStart = TypeVar("_ModelStart", bound=_ModelStartFunction | _ModelStartMethod)

class _ModelPieceFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, model: str, delta: ModelDelta, call_id: str
    ) -> Awaitable[ModelDelta | None] | ModelDelta | None: ...

class _ModelPieceMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext, model: str, delta: ModelDelta, call_id: str
    ) -> Awaitable[ModelDelta | None] | ModelDelta | None: ...

_ModelPiece = TypeVar("_ModelPiece", bound=_ModelPieceFunction | _ModelPieceMethod)

class _ModelDeltaFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, model: str, delta: ModelDelta, call_id: str, event: Event
    ) -> Awaitable[None] | None: ...

class _ModelDeltaMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext, model: str, delta: ModelDelta, call_id: str, event: Event
    ) -> Awaitable[None] | None: ...

_ModelDelta = TypeVar("_ModelDelta", bound=_ModelDeltaFunction | _ModelDeltaMethod)

class _ModelRetryFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, model: str, error: BaseException, attempt: int, delay: float, event: Event
    ) -> Awaitable[None] | None: ...

class _ModelRetryMethod(Protocol):
    def __call__(
        _self,
        self: Any,
        *,
        context: ExecutionContext,
        model: str,
        error: BaseException,
        attempt: int,
        delay: float,
        event: Event,
    ) -> Awaitable[None] | None: ...

_ModelRetry = TypeVar("_ModelRetry", bound=_ModelRetryFunction | _ModelRetryMethod)

class _ModelResponseFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, model: str, request: ModelRequest, response: ModelResponse
    ) -> Awaitable[ModelResponse | None] | ModelResponse | None: ...

class _ModelResponseMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext, model: str, request: ModelRequest, response: ModelResponse
    ) -> Awaitable[ModelResponse | None] | ModelResponse | None: ...

_ModelResponse = TypeVar("_ModelResponse", bound=_ModelResponseFunction | _ModelResponseMethod)

class _ModelCompleteFunction(Protocol):
    def __call__(
        self,
        *,
        context: ExecutionContext,
        model: str,
        request: ModelRequest,
        response: ModelResponse,
        call_id: str,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

class _ModelCompleteMethod(Protocol):
    def __call__(
        _self,
        self: Any,
        *,
        context: ExecutionContext,
        model: str,
        request: ModelRequest,
        response: ModelResponse,
        call_id: str,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

_ModelComplete = TypeVar("_ModelComplete", bound=_ModelCompleteFunction | _ModelCompleteMethod)

class _ModelErrorFunction(Protocol):
    def __call__(
        self,
        *,
        context: ExecutionContext,
        model: str,
        request: ModelRequest,
        error: BaseException,
        call_id: str,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

class _ModelErrorMethod(Protocol):
    def __call__(
        _self,
        self: Any,
        *,
        context: ExecutionContext,
        model: str,
        request: ModelRequest,
        error: BaseException,
        call_id: str,
        usage: Usage,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

_ModelError = TypeVar("_ModelError", bound=_ModelErrorFunction | _ModelErrorMethod)

class _ToolCallFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, call: ToolCall
    ) -> Awaitable[ToolCall | None] | ToolCall | None: ...

class _ToolCallMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext, call: ToolCall
    ) -> Awaitable[ToolCall | None] | ToolCall | None: ...

_ToolCall = TypeVar("_ToolCall", bound=_ToolCallFunction | _ToolCallMethod)

class _ToolStartFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, tool: str, arguments: Mapping[str, Any], call_id: str, event: Event
    ) -> Awaitable[None] | None: ...

class _ToolStartMethod(Protocol):
    def __call__(
        _self,
        self: Any,
        *,
        context: ExecutionContext,
        tool: str,
        arguments: Mapping[str, Any],
        call_id: str,
        event: Event,
    ) -> Awaitable[None] | None: ...

_ToolStart = TypeVar("_ToolStart", bound=_ToolStartFunction | _ToolStartMethod)

class _ToolResultFunction(Protocol):
    def __call__(self, *, context: ExecutionContext, call: ToolCall, result: Any) -> Any: ...

class _ToolResultMethod(Protocol):
    def __call__(_self, self: Any, *, context: ExecutionContext, call: ToolCall, result: Any) -> Any: ...

_ToolResult = TypeVar("_ToolResult", bound=_ToolResultFunction | _ToolResultMethod)

class _ToolExecuteFunction(Protocol):
    def __call__(
        self,
        *,
        context: ExecutionContext,
        tool: str,
        arguments: Mapping[str, Any],
        result: Any,
        call_id: str,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

class _ToolExecuteMethod(Protocol):
    def __call__(
        _self,
        self: Any,
        *,
        context: ExecutionContext,
        tool: str,
        arguments: Mapping[str, Any],
        result: Any,
        call_id: str,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

_ToolExecute = TypeVar("_ToolExecute", bound=_ToolExecuteFunction | _ToolExecuteMethod)

class _ToolErrorFunction(Protocol):
    def __call__(
        self,
        *,
        context: ExecutionContext,
        tool: str,
        arguments: Mapping[str, Any],
        error: BaseException,
        call_id: str,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

class _ToolErrorMethod(Protocol):
    def __call__(
        _self,
        self: Any,
        *,
        context: ExecutionContext,
        tool: str,
        arguments: Mapping[str, Any],
        error: BaseException,
        call_id: str,
        duration: float,
        outcome: Outcome,
        event: Event,
    ) -> Awaitable[None] | None: ...

_ToolError = TypeVar("_ToolError", bound=_ToolErrorFunction | _ToolErrorMethod)

class _ContextForkFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext, parent: ExecutionContext, event: Event
    ) -> Awaitable[None] | None: ...

class _ContextForkMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext, parent: ExecutionContext, event: Event
    ) -> Awaitable[None] | None: ...

_ContextFork = TypeVar("_ContextFork", bound=_ContextForkFunction | _ContextForkMethod)

class _KnowledgeQueryFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext | None, query: KnowledgeQuery
    ) -> Awaitable[Iterable[Hit] | None] | Iterable[Hit] | None: ...

class _KnowledgeQueryMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext | None, query: KnowledgeQuery
    ) -> Awaitable[Iterable[Hit] | None] | Iterable[Hit] | None: ...

_KnowledgeQuery = TypeVar("_KnowledgeQuery", bound=_KnowledgeQueryFunction | _KnowledgeQueryMethod)

class _KnowledgeUpdateFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext | None, documents: Sequence[Document], event: Event
    ) -> Awaitable[None] | None: ...

class _KnowledgeUpdateMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext | None, documents: Sequence[Document], event: Event
    ) -> Awaitable[None] | None: ...

_KnowledgeUpdate = TypeVar("_KnowledgeUpdate", bound=_KnowledgeUpdateFunction | _KnowledgeUpdateMethod)

class _EventDataFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext | None, name: str, data: Mapping[str, Any]
    ) -> Awaitable[Mapping[str, Any] | None] | Mapping[str, Any] | None: ...

class _EventDataMethod(Protocol):
    def __call__(
        _self, self: Any, *, context: ExecutionContext | None, name: str, data: Mapping[str, Any]
    ) -> Awaitable[Mapping[str, Any] | None] | Mapping[str, Any] | None: ...

_EventData = TypeVar("_EventData", bound=_EventDataFunction | _EventDataMethod)

class _PluginErrorFunction(Protocol):
    def __call__(
        self, *, context: ExecutionContext | None, plugin: str, hook: str, error: BaseException, event: Event
    ) -> Awaitable[None] | None: ...

class _PluginErrorMethod(Protocol):
    def __call__(
        _self,
        self: Any,
        *,
        context: ExecutionContext | None,
        plugin: str,
        hook: str,
        error: BaseException,
        event: Event,
    ) -> Awaitable[None] | None: ...

_PluginError = TypeVar("_PluginError", bound=_PluginErrorFunction | _PluginErrorMethod)

class _AgentcoreStartupFunction(Protocol):
    def __call__(self, *, plugins: PluginManager) -> Awaitable[None] | None: ...

class _AgentcoreStartupMethod(Protocol):
    def __call__(_self, self: Any, *, plugins: PluginManager) -> Awaitable[None] | None: ...

_AgentcoreStartup = TypeVar("_AgentcoreStartup", bound=_AgentcoreStartupFunction | _AgentcoreStartupMethod)

class _AgentcoreShutdownFunction(Protocol):
    def __call__(self, *, plugins: PluginManager) -> Awaitable[None] | None: ...

class _AgentcoreShutdownMethod(Protocol):
    def __call__(_self, self: Any, *, plugins: PluginManager) -> Awaitable[None] | None: ...

_AgentcoreShutdown = TypeVar("_AgentcoreShutdown", bound=_AgentcoreShutdownFunction | _AgentcoreShutdownMethod)

class _ResolveModelFunction(Protocol):
    def __call__(self, *, name: str) -> Awaitable[Model | None] | Model | None: ...

class _ResolveModelMethod(Protocol):
    def __call__(_self, self: Any, *, name: str) -> Awaitable[Model | None] | Model | None: ...

_ResolveModel = TypeVar("_ResolveModel", bound=_ResolveModelFunction | _ResolveModelMethod)

class _RegisterToolsFunction(Protocol):
    def __call__(self) -> Awaitable[Iterable[Tool | Any] | None] | Iterable[Tool | Any] | None: ...

class _RegisterToolsMethod(Protocol):
    def __call__(_self, self: Any) -> Awaitable[Iterable[Tool | Any] | None] | Iterable[Tool | Any] | None: ...

_RegisterTools = TypeVar("_RegisterTools", bound=_RegisterToolsFunction | _RegisterToolsMethod)

class _RegisterCommandsFunction(Protocol):
    def __call__(self) -> Awaitable[Iterable[Command] | None] | Iterable[Command] | None: ...

class _RegisterCommandsMethod(Protocol):
    def __call__(_self, self: Any) -> Awaitable[Iterable[Command] | None] | Iterable[Command] | None: ...

_RegisterCommands = TypeVar("_RegisterCommands", bound=_RegisterCommandsFunction | _RegisterCommandsMethod)

class _RegisterMiddlewareFunction(Protocol):
    def __call__(self) -> Awaitable[Iterable[ProviderMiddleware] | None] | Iterable[ProviderMiddleware] | None: ...

class _RegisterMiddlewareMethod(Protocol):
    def __call__(
        _self, self: Any
    ) -> Awaitable[Iterable[ProviderMiddleware] | None] | Iterable[ProviderMiddleware] | None: ...

_RegisterMiddleware = TypeVar("_RegisterMiddleware", bound=_RegisterMiddlewareFunction | _RegisterMiddlewareMethod)

class Hookimpl:
    @overload
    def __call__(self, function: _F, /) -> _F: ...
    @overload
    def __call__(
        self,
        *,
        tryfirst: bool = ...,
        trylast: bool = ...,
        wrapper: bool = ...,
        optionalhook: bool = ...,
        specname: str | None = ...,
        before: str | Sequence[str] = ...,
        after: str | Sequence[str] = ...,
        blocking: bool = ...,
        timeout: float | None = ...,
        delivery: DeliveryMode | None = ...,
    ) -> Hookimpl: ...
    def agent_input(self, function: _AgentInput, /) -> _AgentInput:
        """Value hook: the input of a run, before anything else happens with it."""
    def agent_start(self, function: _AgentStart, /) -> _AgentStart:
        """Event: a run begins."""
    def agent_output(self, function: _AgentOutput, /) -> _AgentOutput:
        """Value hook: the output of a run, before its caller sees it."""
    def agent_complete(self, function: _AgentComplete, /) -> _AgentComplete:
        """Event: a run ended well."""
    def agent_error(self, function: _AgentError, /) -> _AgentError:
        """Event: a run ended otherwise."""
    def model_request(self, function: _ModelRequest, /) -> _ModelRequest:
        """Value hook: what a model is about to be asked; the place for guards on prompts, for memory, for budgets."""
    def model_answer(self, function: _ModelAnswer, /) -> _ModelAnswer:
        """Value hook: an answer that need not be asked for, as out of a cache; also the place to wait before a call."""
    def model_start(self, function: _ModelStart, /) -> _ModelStart:
        """Event: a model is being asked."""
    def model_piece(self, function: _ModelPiece, /) -> _ModelPiece:
        """Value hook: a piece of an answer, before anybody reads it."""
    def model_delta(self, function: _ModelDelta, /) -> _ModelDelta:
        """Event: a piece of the answer arrived."""
    def model_retry(self, function: _ModelRetry, /) -> _ModelRetry:
        """Event: a model is about to be asked again."""
    def model_response(self, function: _ModelResponse, /) -> _ModelResponse:
        """Value hook: what a model answered, before the agent reads it."""
    def model_complete(self, function: _ModelComplete, /) -> _ModelComplete:
        """Event: a model answered."""
    def model_error(self, function: _ModelError, /) -> _ModelError:
        """Event: a model call ended otherwise: a failure, a denial by :func:`model_request` or :func:`model_response`,
        a deadline, a cancellation."""
    def tool_call(self, function: _ToolCall, /) -> _ToolCall:
        """Value hook: a tool that the model asks for, before its arguments are validated."""
    def tool_start(self, function: _ToolStart, /) -> _ToolStart:
        """Event: a tool is being called."""
    def tool_result(self, function: _ToolResult, /) -> _ToolResult:
        """Value hook: what a tool returned, before the model is told."""
    def tool_execute(self, function: _ToolExecute, /) -> _ToolExecute:
        """Event: a tool was executed."""
    def tool_error(self, function: _ToolError, /) -> _ToolError:
        """Event: a tool call ended otherwise: the tool failed, its arguments did not fit, it was denied, cancelled, or
        there is no such tool."""
    def context_fork(self, function: _ContextFork, /) -> _ContextFork:
        """Event: a run of a sub-agent got its context."""
    def knowledge_query(self, function: _KnowledgeQuery, /) -> _KnowledgeQuery:
        """Collecting hook: what does every store know about this?"""
    def knowledge_update(self, function: _KnowledgeUpdate, /) -> _KnowledgeUpdate:
        """Event: there are documents to remember."""
    def event_data(self, function: _EventData, /) -> _EventData:
        """Value hook: what an event is about to tell, before anybody is told; the place to take out what nobody may keep."""
    def plugin_error(self, function: _PluginError, /) -> _PluginError:
        """Event: an implementation failed, timed out, cancelled itself or tried to end the program; or a plugin could not
        be loaded (*hook* is then ``"import"``, ``"config"``, ``"validation"`` or ``"setup"``, and *context* None)."""
    def agentcore_startup(self, function: _AgentcoreStartup, /) -> _AgentcoreStartup:
        """Event: the plugin manager begins its work; the place to open what the plugin needs."""
    def agentcore_shutdown(self, function: _AgentcoreShutdown, /) -> _AgentcoreShutdown:
        """Event: the plugin manager ends its work; the place to flush and close."""
    def resolve_model(self, function: _ResolveModel, /) -> _ResolveModel:
        """First answer wins: make the model of this name, or return None to leave it to others."""
    def register_tools(self, function: _RegisterTools, /) -> _RegisterTools:
        """Collecting hook: tools (or functions to make tools of) for every agent."""
    def register_commands(self, function: _RegisterCommands, /) -> _RegisterCommands:
        """Collecting hook: click commands for the ``agentcore`` command line."""
    def register_middleware(self, function: _RegisterMiddleware, /) -> _RegisterMiddleware:
        """Collecting hook: middleware around every execution of every provider."""

hookimpl: Final[Hookimpl]

"""Arguments for every hook, for those who call one without an agent."""

from __future__ import annotations

from typing import Any, Final

from agentcore._context import ExecutionContext
from agentcore._plugins import SPECIFICATIONS, PluginManager
from agentcore.errors import ConfigError, nearest
from agentcore.types import (
    Document,
    KnowledgeQuery,
    Message,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    ToolCall,
    Usage,
)

__all__ = ["hook_arguments"]

_CALL: Final = ToolCall("1", "search", {"text": "cat"})
_REQUEST: Final = ModelRequest(messages=[Message("user", "Why?")])
_RESPONSE: Final = ModelResponse(text="Because.")


def hook_arguments(hook: str, context: ExecutionContext, /, **changes: Any) -> dict[str, Any]:
    """Return the arguments of a call of *hook*, some of them changed: ``await hook(**hook_arguments(...))``.

    Args:
        hook: The hook's name.
        context: The run's; process hooks do without.
        **changes: What is to be passed instead.

    Raises:
        ConfigError: There is no such hook.
    """
    if hook not in SPECIFICATIONS:
        raise ConfigError(f"there is no hook {hook!r}", hint=nearest(hook, SPECIFICATIONS))
    noun = hook.partition("_")[0]
    common = {"agent": _agent, "model": _model, "tool": _tool}.get(noun, _other)(hook, context)
    return {**common, **_ending(hook, context), **changes}


def _ending(hook: str, context: ExecutionContext) -> dict[str, Any]:
    """What the hooks have in common that end something."""
    if hook in ("agent_complete", "model_complete", "tool_execute"):
        ended: dict[str, Any] = {"duration": 1.5, "outcome": "ok"}
    elif hook in ("agent_error", "model_error", "tool_error"):
        ended = {"error": ValueError("no"), "duration": 1.5, "outcome": "error"}
    else:
        return {}
    return ended if hook.startswith("tool") else {**ended, "usage": Usage(requests=1)}


def _agent(hook: str, context: ExecutionContext) -> dict[str, Any]:
    given: dict[str, Any] = {"context": context, "agent": context.agent_id}
    if hook != "agent_output":
        given["input"] = {"ticket": "x"}
    return {**given, "output": "done"} if hook in ("agent_output", "agent_complete") else given


def _model(hook: str, context: ExecutionContext) -> dict[str, Any]:
    given: dict[str, Any] = {"context": context, "model": "tiny"}
    if hook == "model_retry":
        return {**given, "error": ValueError("no"), "attempt": 1, "delay": 0.5}
    if hook in ("model_piece", "model_delta"):
        return {**given, "delta": ModelDelta(text="Be"), "call_id": "m1"}
    given["request"] = _REQUEST
    if hook in ("model_answer", "model_response", "model_complete"):
        given["response"] = None if hook == "model_answer" else _RESPONSE
    if hook == "model_answer":
        given["provider"] = "tiny"
    return given if hook in ("model_request", "model_response") else {**given, "call_id": "m1"}


def _tool(hook: str, context: ExecutionContext) -> dict[str, Any]:
    if hook in ("tool_call", "tool_result"):
        given: dict[str, Any] = {"context": context, "call": _CALL}
    else:
        given = {"context": context, "tool": "search", "arguments": _CALL.arguments, "call_id": "1"}
    return {**given, "result": 3} if hook in ("tool_result", "tool_execute") else given


def _other(hook: str, context: ExecutionContext) -> dict[str, Any]:
    given: dict[str, dict[str, Any]] = {
        "context_fork": {"context": context.fork("helper"), "parent": context},
        "knowledge_query": {"context": context, "query": KnowledgeQuery(text="cat")},
        "knowledge_update": {"context": context, "documents": [Document(text="A cat.")]},
        "event_data": {"context": context, "name": "tool_start", "data": {"tool": "search"}},
        "plugin_error": {"context": context, "plugin": "broken", "hook": "tool_start", "error": ValueError("no")},
        "resolve_model": {"name": "tiny"},
    }
    return {"plugins": PluginManager()} if hook.startswith("agentcore_") else given.get(hook, {})

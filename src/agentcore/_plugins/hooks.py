"""The grid of hooks, callable: what ``pm.hook`` is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from agentcore import hookspecs
from agentcore._plugins.specification import Collecting, EventHook, FirstResult, HookSpecification, ValueHook
from agentcore.types import ModelRequest, ModelResponse, ToolCall

__all__ = ["SPECIFICATIONS", "Hooks"]


class Hooks:
    """Every hook as an async function: ``await pm.hook.agent_start(context=..., agent=..., input=...)``.

    The contracts are in :mod:`agentcore.hookspecs`.  On an instance each name is the compiled call (see
    :mod:`agentcore._plugins.relay`); here on the class it is the specification, which is what type checkers see.
    Hooks that a plugin specifies itself are attributes of the instance: ``getattr(pm.hook, "their_hook")``.
    """

    agent_input = ValueHook(hookspecs.agent_input, "input", Mapping)
    agent_start = EventHook(hookspecs.agent_start)
    agent_output = ValueHook(hookspecs.agent_output, "output")
    agent_complete = EventHook(hookspecs.agent_complete)
    agent_error = EventHook(hookspecs.agent_error)

    model_request = ValueHook(hookspecs.model_request, "request", ModelRequest)
    model_start = EventHook(hookspecs.model_start)
    model_delta = EventHook(hookspecs.model_delta)
    model_retry = EventHook(hookspecs.model_retry)
    model_response = ValueHook(hookspecs.model_response, "response", ModelResponse)
    model_complete = EventHook(hookspecs.model_complete)
    model_error = EventHook(hookspecs.model_error)

    tool_call = ValueHook(hookspecs.tool_call, "call", ToolCall)
    tool_start = EventHook(hookspecs.tool_start)
    tool_result = ValueHook(hookspecs.tool_result, "result")
    tool_execute = EventHook(hookspecs.tool_execute)
    tool_error = EventHook(hookspecs.tool_error)

    context_fork = EventHook(hookspecs.context_fork)

    knowledge_query = Collecting(hookspecs.knowledge_query)
    knowledge_update = EventHook(hookspecs.knowledge_update)

    plugin_error = EventHook(hookspecs.plugin_error)

    agentcore_startup = EventHook(hookspecs.agentcore_startup)
    agentcore_shutdown = EventHook(hookspecs.agentcore_shutdown)
    resolve_model = FirstResult(hookspecs.resolve_model)
    register_tools = Collecting(hookspecs.register_tools)
    register_commands = Collecting(hookspecs.register_commands)
    register_middleware = Collecting(hookspecs.register_middleware)


SPECIFICATIONS: Mapping[str, HookSpecification[..., Any]] = {
    name: cast("HookSpecification[..., Any]", each)
    for name, each in vars(Hooks).items()
    if isinstance(each, HookSpecification)
}
"""Every hook of agentcore, by name, in the order of a run."""

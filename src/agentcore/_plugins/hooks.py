"""The grid of hooks, callable: what ``pm.hook`` is."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final, cast

from agentcore import hookspecs
from agentcore._plugins.specification import (
    Collecting,
    EventHook,
    FirstResult,
    HookSpecification,
    OptionalHook,
    ValueHook,
)
from agentcore.types import ModelDelta, ModelRequest, ModelResponse, ToolCall

__all__ = ["SPECIFICATIONS", "Hooks", "new_hooks"]


class Hooks:
    """Every hook as an async function: ``await pm.hook.agent_start(context=..., agent=..., input=...)``.

    The contracts are in :mod:`agentcore.hookspecs`.  What a manager has is made by :func:`new_hooks`: there each name
    is the compiled call (see :mod:`agentcore._plugins.relay`); here on the class it is the specification, which is
    what type checkers see.  Hooks that a plugin specifies itself are there, too: ``getattr(pm.hook, "their_hook")``.
    """

    agent_input: Final = ValueHook(hookspecs.agent_input, "input", Mapping)
    agent_start: Final = EventHook(hookspecs.agent_start)
    agent_output: Final = ValueHook(hookspecs.agent_output, "output")
    agent_complete: Final = EventHook(hookspecs.agent_complete)
    agent_error: Final = EventHook(hookspecs.agent_error)

    model_request: Final = ValueHook(hookspecs.model_request, "request", ModelRequest)
    model_answer: Final = OptionalHook(hookspecs.model_answer, "response", ModelResponse)
    model_start: Final = EventHook(hookspecs.model_start)
    model_piece: Final = ValueHook(hookspecs.model_piece, "delta", ModelDelta)
    model_delta: Final = EventHook(hookspecs.model_delta)
    model_retry: Final = EventHook(hookspecs.model_retry)
    model_response: Final = ValueHook(hookspecs.model_response, "response", ModelResponse)
    model_complete: Final = EventHook(hookspecs.model_complete)
    model_error: Final = EventHook(hookspecs.model_error)

    tool_call: Final = ValueHook(hookspecs.tool_call, "call", ToolCall)
    tool_start: Final = EventHook(hookspecs.tool_start)
    tool_result: Final = ValueHook(hookspecs.tool_result, "result")
    tool_execute: Final = EventHook(hookspecs.tool_execute)
    tool_error: Final = EventHook(hookspecs.tool_error)

    context_fork: Final = EventHook(hookspecs.context_fork)

    knowledge_query: Final = Collecting(hookspecs.knowledge_query)
    knowledge_update: Final = EventHook(hookspecs.knowledge_update)

    event_data: Final = ValueHook(hookspecs.event_data, "data", Mapping)

    plugin_error: Final = EventHook(hookspecs.plugin_error)

    agentcore_startup: Final = EventHook(hookspecs.agentcore_startup)
    agentcore_shutdown: Final = EventHook(hookspecs.agentcore_shutdown)
    resolve_model: Final = FirstResult(hookspecs.resolve_model)
    register_tools: Final = Collecting(hookspecs.register_tools)
    register_commands: Final = Collecting(hookspecs.register_commands)
    register_middleware: Final = Collecting(hookspecs.register_middleware)


SPECIFICATIONS: Mapping[str, HookSpecification[..., Any]] = {
    name: cast("HookSpecification[..., Any]", each)
    for name, each in vars(Hooks).items()
    if isinstance(each, HookSpecification)
}
"""Every hook of agentcore, by name, in the order of a run."""


def new_hooks() -> Hooks:
    """Make a namespace for the compiled calls of one manager; it holds nothing yet, and nothing but calls."""
    # A module, because the interpreter finds a module's function at once, and a function that is the attribute of an
    # instance by two lookups: that is a tenth of a call (benchmarks/hooks.py, Python 3.11).
    hooks = ModuleType("agentcore.hook")
    vars(hooks).clear()
    return cast("Hooks", hooks)

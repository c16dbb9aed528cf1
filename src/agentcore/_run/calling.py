"""Tool calls, with their value hooks and events."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from attrs import evolve

from agentcore._context import ExecutionContext
from agentcore._plugins import PluginManager
from agentcore._run.limits import RunawayError
from agentcore._run.outcomes import is_cancelled, outcome_of
from agentcore._tools import Tool, as_text
from agentcore.errors import DeniedError, HookError, InputError, ToolError, ToolNotFoundError, nearest
from agentcore.types import Message, ToolCall

__all__ = ["call_tools"]


async def call_tools(
    calls: Sequence[ToolCall], tools: Mapping[str, Tool], context: ExecutionContext, plugins: PluginManager
) -> list[Message]:
    """Make the calls, several at once, and return what the model is to be told, in their order.

    Raises:
        HookError: A plugin that guards tools failed.
        BaseException: What a tool raised that is not to be told to the model.
    """
    if len(calls) == 1:
        return [await _call(calls[0], tools, context, plugins)]
    tasks: list[asyncio.Task[Message]] = []
    failure: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks += [group.create_task(_call(each, tools, context, plugins)) for each in calls]
    except BaseExceptionGroup as failures:
        # One failure ends the run; a group of one would only hide it.
        failure = failures.exceptions[0]
    # Outside of the handler, so that it keeps its own cause and context.
    if failure is not None:
        raise failure
    return [task.result() for task in tasks]


async def _call(
    call: ToolCall, tools: Mapping[str, Tool], context: ExecutionContext, plugins: PluginManager
) -> Message:
    try:
        result = await _events(call, tools, context, plugins)
        return Message("tool", as_text(result), tool_call_id=call.id)
    except DeniedError as error:
        return Message("tool", f"denied: {error.reason}", tool_call_id=call.id)
    except (HookError, RunawayError):
        raise
    except (ToolError, InputError) as error:
        return Message("tool", f"error: {error}", tool_call_id=call.id)
    except Exception as error:
        tool = tools.get(call.name)
        if tool is None or tool.on_error == "raise":
            raise
        return Message("tool", f"error: {type(error).__name__}: {error}", tool_call_id=call.id)


async def _events(call: ToolCall, tools: Mapping[str, Tool], context: ExecutionContext, plugins: PluginManager) -> Any:
    hook, unheard = plugins.hook, plugins.unheard
    told = call
    started = False
    duration = 0.0
    try:
        if "tool_call" not in unheard:
            told = await hook.tool_call(context, call)
        started = True
        await hook.tool_start(context, told.name, told.arguments, call.id)
        tool = tools.get(told.name)
        if tool is None:
            raise ToolNotFoundError(f"there is no tool {told.name!r}", hint=nearest(told.name, tools))
        arguments = tool.validate(told.arguments)
        began = perf_counter()
        try:
            result = await tool.execute(arguments, context)
        except asyncio.CancelledError as error:
            if is_cancelled(context):
                raise
            raise RuntimeError(f"the tool {told.name!r} cancelled itself") from error
        finally:
            duration = perf_counter() - began
        if "tool_result" not in unheard:
            result = await hook.tool_result(context, told, result)
    except GeneratorExit:
        raise
    except BaseException as error:
        outcome = outcome_of(error, context)
        if not started:
            # What was denied is not told.
            told = evolve(call, arguments={})
            await hook.tool_start(context, told.name, told.arguments, call.id)
        await hook.tool_error(context, told.name, told.arguments, error, call.id, duration, outcome)
        raise
    await hook.tool_execute(context, told.name, told.arguments, result, call.id, duration, "ok")
    return result

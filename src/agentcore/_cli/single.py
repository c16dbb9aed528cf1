"""One run, and its answer."""

from __future__ import annotations

from typing import Any

from agentcore._agents import BaseAgent, DeclarativeAgent, RunResult
from agentcore._agents.answers import text_field
from agentcore._cli.output import Output, jsonable
from agentcore._cli.records import Attempt, only_text
from agentcore._plugins import PluginManager

__all__ = ["can_stream", "run_once", "streams_by_itself"]

_GUARDS = ("agent_output", "model_response")
"""Hooks that may still change an answer, or deny it, when all of it has been written."""


def can_stream(agent: BaseAgent[Any], plugins: PluginManager) -> bool:
    """Say whether the pieces of the model's answer are the agent's answer: plain text, and no tools in between."""
    model = agent.output_model
    return (
        isinstance(agent, DeclarativeAgent)
        and model is not None
        and text_field(model) is not None
        and not agent.tools
        and not plugins.implementations("register_tools")
    )


def streams_by_itself(agent: BaseAgent[Any], plugins: PluginManager, output: Output) -> bool:
    """Say whether to stream where the user did not ask: to a terminal, unless a plugin guards the answer."""
    guarded = any(plugins.implementations(hook) for hook in _GUARDS)
    return output.is_terminal and not guarded and can_stream(agent, plugins)


async def run_once(agent: BaseAgent[Any], attempt: Attempt, output: Output, *, stream: bool, as_json: bool) -> None:
    """Run, and write the answer, or with *as_json* the record of the run; what the run raises passes."""
    try:
        if stream and not as_json:
            await _streamed(agent, attempt, output)
            return
        result = await agent.run(attempt.input, context=attempt.context)
    except BaseException as error:
        if as_json:
            output.json(attempt.failed(error))
        raise
    if as_json:
        output.json(attempt.succeeded(result))
    else:
        _write(result, output)


async def _streamed(agent: BaseAgent[Any], attempt: Attempt, output: Output) -> None:
    said: list[str] = []
    async with agent.run_stream(attempt.input, context=attempt.context) as stream:
        try:
            async for delta in stream:
                said.append(delta.text)
                output.text(delta.text)
        finally:
            if said and not said[-1].endswith("\n"):
                output.text("\n")
        # What was written is not the answer where the model was asked again, or a plugin had the last word.
        if "".join(said).strip() != (only_text(stream.result.output) or "").strip():
            _write(stream.result, output)


def _write(result: RunResult[Any], output: Output) -> None:
    text = only_text(result.output)
    if text is None:
        output.json(jsonable(result.output))
    else:
        output.line(text)

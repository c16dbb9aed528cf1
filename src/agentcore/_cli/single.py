"""One run, and its answer."""

from __future__ import annotations

from typing import Any, Final

from agentcore._agents import BaseAgent, DeclarativeAgent, RunResult
from agentcore._agents.answers import text_field
from agentcore._cli.output import Output, jsonable
from agentcore._cli.records import Attempt, only_text

__all__ = ["run_once", "streams_by_itself"]

_BETWEEN: Final = ("agent_output", "model_response", "register_tools")
"""Hooks that may change or deny an answer when all of it has been written, or have the model write other things."""


def streams_by_itself(agent: BaseAgent[Any], output: Output) -> bool:
    """Say whether to stream where the user did not ask: plain text to a terminal.

    Not where tools or guards come between what the model writes and what the agent answers.
    """
    model = agent.output_model
    return (
        output.is_terminal
        and isinstance(agent, DeclarativeAgent)
        and model is not None
        and text_field(model) is not None
        and not agent.tools
        and not any(agent.get_plugin_manager().implementations(hook) for hook in _BETWEEN)
    )


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

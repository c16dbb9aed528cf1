"""Runs as records, for programs."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import attrs
from pydantic import BaseModel

from agentcore._agents import BaseAgent, RunResult
from agentcore._cli.output import jsonable
from agentcore._context import ExecutionContext
from agentcore._run import outcome_of
from agentcore.errors import AgentCoreError
from agentcore.types import Usage

__all__ = ["Attempt", "described", "no_figures", "only_text"]


class Attempt:
    """One run, from its begin to the record of how it ended.

    Args:
        agent: What is to run.
        input: Its fields.
        timeout: Seconds that the run has; None sets no limit of its own.
    """

    def __init__(self, agent: BaseAgent[Any], input: Any, *, timeout: float | None) -> None:
        self.context = ExecutionContext(agent.name)
        if timeout is not None:
            self.context.limit_time(timeout)
        self.input = input
        self._began = perf_counter()

    def succeeded(self, result: RunResult[Any]) -> dict[str, Any]:
        """The record of a run that ended well."""
        return {
            "input": jsonable(self.input),
            "output": jsonable(result.output),
            "outcome": result.outcome,
            **self._figures(result.duration),
        }

    def failed(self, error: BaseException) -> dict[str, Any]:
        """The record of a run that ended otherwise; called where *error* was caught."""
        outcome = self.context.outcome or outcome_of(error, self.context)
        return {
            "input": jsonable(self.input),
            "outcome": outcome,
            "error": described(error),
            **self._figures(perf_counter() - self._began),
        }

    def _figures(self, duration: float) -> dict[str, Any]:
        return _figures(self.context.total_usage, duration, self.context.context_id)


def no_figures() -> dict[str, Any]:
    """What a record says of a run that was never begun."""
    return _figures(Usage(), 0.0, None)


def _figures(usage: Usage, duration: float, context_id: str | None) -> dict[str, Any]:
    return {"usage": jsonable(attrs.asdict(usage)), "duration": round(duration, 6), "context_id": context_id}


def described(error: BaseException) -> dict[str, str]:
    """Return *error* as JSON values."""
    if not isinstance(error, AgentCoreError):
        return {"type": type(error).__name__, "message": str(error)}
    hint = {"hint": error.hint} if error.hint else {}
    return {"type": type(error).__name__, "code": error.code, "message": error.message, **hint}


def only_text(output: Any) -> str | None:
    """Return the text that *output* is, or that its only field is; None where it is anything else."""
    if isinstance(output, str):
        return output
    fields = list(type(output).model_fields) if isinstance(output, BaseModel) else []
    value = getattr(output, fields[0]) if len(fields) == 1 else None
    return value if isinstance(value, str) else None

"""What a run may consume."""

from __future__ import annotations

from time import monotonic
from typing import Any, Final

from attrs import field, validators

from agentcore._context import ExecutionContext
from agentcore._context.details import NO_DETAILS
from agentcore._data import data
from agentcore.errors import DeadlineError, LimitError

__all__ = ["DEFAULT_LIMITS", "Limits", "RunawayError"]

_positive: Any = validators.optional(validators.gt(0))


@data(kw_only=True)
class Limits:
    """What one run may consume; None sets no limit."""

    steps: int | None = field(default=16, validator=_positive)
    """How often the run may ask its model: once, and again after each round of tools and after each answer that did
    not fit.
    A call that failed and is made again (``retries``) is the same step, and sub-agents count steps of their own."""
    tokens: int | None = field(default=None, validator=_positive)
    """Read and written, of the run and its sub-agents.
    Known after each model call: the call that goes over it is paid for, and the next one is not made."""
    timeout: float | None = field(default=None, validator=_positive)
    """Seconds, of the run and its sub-agents."""

    def check(self, agent: str, step: int, context: ExecutionContext) -> None:
        """Raise where the run must not take its *step*-th step, counted from 1.

        Raises:
            LimitError: It has reached a limit.
            DeadlineError: Its time is over.
        """
        if context._details is not NO_DETAILS or context.parent is not None:
            _check_deadline(agent, context)
            _check_tokens(context)
        if self.steps is not None and step > self.steps:
            raise LimitError(
                f"agent {agent!r} has taken its {self.steps} step{'' if self.steps == 1 else 's'} without an answer",
                hint="a step is a question to its model; raise limits=Limits(steps=...), or see why it calls tools, "
                "or gives answers that do not fit, again and again.",
            )


DEFAULT_LIMITS: Final = Limits()


def _check_deadline(agent: str, context: ExecutionContext) -> None:
    # A sub-agent that hit its ancestor's deadline may have been forgiven for it.
    deadline = context._details.deadline
    if deadline is not None and deadline <= monotonic():
        raise DeadlineError(f"the run of agent {agent!r} reached its deadline")


def _check_tokens(context: ExecutionContext) -> None:
    # A sub-agent spends what the runs around it may spend.
    for each in (context, *context.ancestors):
        limit = each._details.token_limit
        if limit is not None and each.total_usage.total_tokens >= limit:
            raise LimitError(
                f"agent {each.agent_id!r} has used {each.total_usage.total_tokens} of {limit} tokens",
                hint="raise limits=Limits(tokens=...).",
            )


class RunawayError(LimitError):
    """Agents call each other without end: nobody on the way down is told, and all of it ends."""

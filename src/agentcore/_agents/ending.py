"""How a run ends otherwise than well."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from agentcore._context import ExecutionContext
from agentcore._context.interruption import withdraw
from agentcore._plugins import Hooks
from agentcore._run import RunawayError, outcome_of
from agentcore.errors import DeadlineError, RunCancelledError
from agentcore.types import Outcome

__all__ = ["refusal", "tell_failure"]

_DEEPEST: Final = 32
"""Runs inside of each other; a third of what the interpreter's recursion limit allows on one task."""


def refusal(agent: str, context: ExecutionContext) -> Exception | None:
    """Return what ends a run before it begins; None where nothing does."""
    if context.cancelled:
        return _cancelled(agent, context)
    remaining = context.remaining
    if remaining is not None and remaining <= 0:
        return _late(agent)
    if context.depth > _DEEPEST:
        return RunawayError(
            f"agent {agent!r} is to run inside of {context.depth} runs",
            hint="look at which agents are each other's tools.",
        )
    return None


async def tell_failure(
    error: BaseException,
    agent: str,
    input: Mapping[str, Any],
    started: bool,
    duration: float,
    context: ExecutionContext,
    hook: Hooks,
) -> BaseException | None:
    """Tell that a run ended with *error*.

    Args:
        error: What was raised in it.
        agent: Its name.
        input: What may be told of its input.
        started: Whether ``agent_start`` has been told.
        duration: In seconds.
        context: The run's.
        hook: The plugins that take part in it.

    Returns:
        What the run raises instead; None where *error* itself goes on.
    """
    interrupted = withdraw(context)
    outcome = outcome_of(error, context)
    context.outcome = outcome
    worded = _worded(error, agent, outcome, context, interrupted=interrupted)
    if not started:
        await hook.agent_start(context=context, agent=agent, input=input)
    await hook.agent_error(
        context=context,
        agent=agent,
        input=input,
        error=worded,
        usage=context.total_usage,
        duration=duration,
        outcome=outcome,
    )
    # A cancellation that somebody else asked for, as a deadline of the run around this one, is theirs to answer.
    return worded if interrupted and worded is not error else None


def _worded(
    error: BaseException, agent: str, outcome: Outcome, context: ExecutionContext, *, interrupted: bool
) -> BaseException:
    """Say a cancellation in the words of who caused it: the deadline, the context, or the task's owner."""
    if not isinstance(error, asyncio.CancelledError):
        return error
    if outcome == "timeout":
        return _late(agent)
    return _cancelled(agent, context) if interrupted else error


def _cancelled(agent: str, context: ExecutionContext) -> RunCancelledError:
    reasons = (each.cancel_reason for each in (context, *context.ancestors))
    reason = next((each for each in reasons if each is not None), "cancelled")
    return RunCancelledError(f"the run of agent {agent!r} was cancelled: {reason}")


def _late(agent: str) -> DeadlineError:
    return DeadlineError(f"the run of agent {agent!r} reached its deadline", hint="give it a longer timeout.")

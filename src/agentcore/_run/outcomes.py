"""What an ending is called."""

from __future__ import annotations

import asyncio

from agentcore._context import ExecutionContext
from agentcore._context.interruption import answer
from agentcore.errors import DeniedError, RunCancelledError
from agentcore.types import Outcome

__all__ = ["is_cancelled", "outcome_of"]


def outcome_of(error: BaseException, context: ExecutionContext) -> Outcome:
    """Name how something ended that raised *error*, and let its end be told in peace.

    A cancellation that comes when a deadline has passed is the deadline's: that of an ancestor ends its descendants by
    cancelling them.
    """
    if isinstance(error, asyncio.CancelledError):
        answer(context)
        return "timeout" if any(_late(each) for each in (context, *context.ancestors)) else "cancelled"
    if isinstance(error, RunCancelledError):
        return "cancelled"
    if isinstance(error, DeniedError):
        return "denied"
    return "timeout" if isinstance(error, TimeoutError) else "error"


def _late(context: ExecutionContext) -> bool:
    remaining = context.remaining
    return remaining is not None and remaining <= 0


def is_cancelled(context: ExecutionContext) -> bool:
    """Say whether somebody has cancelled the running task; otherwise it is what it called that cancelled itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > context.answered_cancellations

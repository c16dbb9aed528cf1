"""What an ending is called."""

from __future__ import annotations

import asyncio

from agentcore._context import ExecutionContext
from agentcore.errors import DeniedError, RunCancelledError
from agentcore.types import Outcome

__all__ = ["outcome_of"]


def outcome_of(error: BaseException, context: ExecutionContext) -> Outcome:
    """Name how something ended that raised *error*, and let its end be told in peace.

    A cancellation that comes when the deadline has passed is the deadline's: the limit of an ancestor ends its
    descendants by cancelling them.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        context.answered_cancellations = 0 if task is None else task.cancelling()
        remaining = context.remaining
        return "timeout" if remaining is not None and remaining <= 0 else "cancelled"
    if isinstance(error, RunCancelledError):
        return "cancelled"
    if isinstance(error, DeniedError):
        return "denied"
    return "timeout" if isinstance(error, TimeoutError) else "error"

"""Interrupting a run from outside of its task: through its context, or at its deadline.

A task has one way to be interrupted, ``cancel()``, and counts how often it was used.
A context counts its own uses, and takes them back when its run ends: what is left is what others asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from agentcore._context.details import Details, details_of
from agentcore._context.manager import live_contexts

if TYPE_CHECKING:
    from agentcore._context.execution import ExecutionContext

__all__ = ["answer", "answered", "interrupt_family", "keep_deadline", "withdraw"]


def interrupt_family(context: ExecutionContext) -> None:
    """Interrupt the run of *context* and those of its descendants, each task once.  Safe on any thread."""
    seen: set[asyncio.Task[object]] = set()
    for each in _family(context):
        task = each._task
        if task is not None and task not in seen:
            seen.add(task)
            # A loop that was closed over its tasks runs nothing any more.
            with suppress(RuntimeError):
                task.get_loop().call_soon_threadsafe(_interrupt, each)


def _family(context: ExecutionContext) -> Iterator[ExecutionContext]:
    yield context
    # Oldest first, so that of several on one task the outermost is the one that is interrupted.
    for each in live_contexts():
        if context in each.ancestors:
            yield each


def _interrupt(context: ExecutionContext) -> None:
    task = context._task
    if task is not None and context.outcome is None:
        details_of(context).interruptions += 1
        task.cancel()


def keep_deadline(context: ExecutionContext) -> None:
    """Have a run that is going on interrupted at its deadline.  Runs on its loop."""
    task, remaining = context._task, context.remaining
    if task is None or remaining is None or context.outcome is not None:
        return
    details = details_of(context)
    _stop_timer(details)
    if not _kept_by_parent(context):
        details.timer = task.get_loop().call_later(max(0.0, remaining), _at_deadline, context)
    details.timed = True


def _stop_timer(details: Details) -> None:
    if details.timer is not None:
        details.timer.cancel()
        details.timer = None


def _kept_by_parent(context: ExecutionContext) -> bool:
    """Whether the parent's deadline interrupts this run, too: then it is the parent's to answer it."""
    parent = context.parent
    if parent is None or not parent._details.timed or parent._task is not context._task or parent.outcome is not None:
        return False
    theirs, own = parent._details.deadline, context._details.deadline
    return theirs is not None and own is not None and theirs <= own


def _at_deadline(context: ExecutionContext) -> None:
    details_of(context).timer = None
    remaining = context.remaining
    if remaining is not None and remaining > 0:
        # A loop may call too early, by the resolution of its clock.
        keep_deadline(context)
    else:
        _interrupt(context)


def withdraw(context: ExecutionContext) -> bool:
    """Stop interrupting the run, which is ending, and take back what has been done to its task.

    Returns:
        Whether the run was interrupted from here, and by nobody else.
    """
    details = context._details
    _stop_timer(details)
    task, count = context._task, details.interruptions
    if task is None or not count:
        return False
    details.interruptions = 0
    for _ in range(count):
        task.uncancel()
    return task.cancelling() <= details.cancelling


def answer(context: ExecutionContext) -> None:
    """Let the end of what was cancelled be told in peace: those cancellations of the running task are answered."""
    task = asyncio.current_task()
    if task is not None:
        details = details_of(context)
        if details.answered is None:
            details.answered = WeakKeyDictionary()
        details.answered[task] = task.cancelling()


def answered(context: ExecutionContext) -> int:
    """Return how many cancellations of the running task have been answered, by the run or by one around it."""
    task = asyncio.current_task()
    if task is not None:
        for each in (context, *context.ancestors):
            of_tasks = each._details.answered
            if of_tasks is not None and task in of_tasks:
                return of_tasks[task]
    return 0

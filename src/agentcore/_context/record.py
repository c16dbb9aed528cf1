"""A context as the journal keeps it, and as a lane sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentcore._context.details import NO_USAGE, Details, details_of
from agentcore._context.execution import ExecutionContext
from agentcore._context.propagation import Carrier
from agentcore.types import Outcome, Usage

__all__ = ["describe", "restored", "snapshot"]


def describe(context: ExecutionContext) -> dict[str, Any]:
    """Return what is worth keeping of *context*, without what is as in a new one."""
    kept: dict[str, Any] = {"id": context.context_id, "agent": context.agent_id, "start": context._started}
    details = context._details
    if context.parent is not None or details.remote is not None:
        kept["parent"], kept["root"] = context.parent_id, context.root_id
    metadata, state = _told(details)
    if metadata:
        kept["metadata"] = metadata
    if state:
        kept["state"] = state
    if context._usage is not NO_USAGE:
        kept["usage"] = context._usage
    if details.children_usage is not NO_USAGE:
        kept["children_usage"] = details.children_usage
    if context.outcome is not None:
        kept["outcome"] = context.outcome
    if details.cancel_reason is not None:
        kept["cancel_reason"] = details.cancel_reason
    return kept


def _told(details: Details) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """The metadata and the state that may be kept."""
    return (details.metadata, details.state) if details.told is None else details.told


def restored(
    kept: Mapping[str, Any], *, usage: Usage, children_usage: Usage, outcome: Outcome | None
) -> ExecutionContext:
    """Make the context that :func:`describe` described; its parent is known by its id alone."""
    context = ExecutionContext(kept["agent"], kept.get("metadata"))
    context.outcome = outcome
    context._started = kept["start"]
    context._usage = usage
    details = details_of(context)
    details.id = kept["id"]
    if kept.get("parent") is not None:
        details.remote = Carrier(kept["parent"], kept["root"])
    details.state = kept.get("state")
    details.children_usage = children_usage
    details.cancel_reason = kept.get("cancel_reason")
    return context


def snapshot(context: ExecutionContext) -> ExecutionContext:
    """Return a twin of *context* and its ancestors that sees nothing of what the run does from now on.

    The same one as before where nothing has changed since: most events of a run share one.
    """
    parent = context.parent if context.parent is None else snapshot(context.parent)
    mine = context._details
    twin = mine.twin
    if (
        twin is not None
        and twin._usage is context._usage
        and twin.outcome is context.outcome
        and twin.parent is parent
        and _are_alike(twin._details, mine)
    ):
        return twin
    twin = details_of(context).twin = _twin(context, parent)
    return twin


def _are_alike(theirs: Details, mine: Details) -> bool:
    if theirs.children_usage is not mine.children_usage or theirs.cancel_reason is not mine.cancel_reason:
        return False
    # Whether one of the run's own notes has changed cannot be asked: comparing may do anything.
    if mine.state or theirs.state:
        return False
    return mine.metadata is theirs.metadata or _are_the_same(theirs.metadata, mine.metadata)


def _are_the_same(theirs: dict[str, Any] | None, mine: dict[str, Any] | None) -> bool:
    if not theirs or not mine:
        return not theirs and not mine
    return theirs.keys() == mine.keys() and all(theirs[key] is mine[key] for key in theirs)


def _twin(context: ExecutionContext, parent: ExecutionContext | None) -> ExecutionContext:
    # Its id is made when it is first read, and both must have the same.
    _ = context.context_id
    twin = object.__new__(ExecutionContext)
    twin.agent_id, twin.outcome, twin.parent = context.agent_id, context.outcome, parent
    twin._started, twin._ended, twin._usage = context._started, context._ended, context._usage
    twin.plugins = twin._scope = twin._task = None
    twin._details = details = Details()
    vars(details).update(vars(context._details))
    details.on_delta = details.timer = details.answered = details.twin = details.told = None
    metadata, state = _told(context._details)
    # Empty ones, too: what is put in later must not be seen here.
    details.metadata = None if metadata is None else dict(metadata)
    details.state = None if state is None else dict(state)
    return twin

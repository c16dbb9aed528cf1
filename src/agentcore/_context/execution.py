"""The execution context: one for each run of an agent."""

from __future__ import annotations

from asyncio import Task
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import inf, isnan
from random import getrandbits
from threading import Lock
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from agentcore._context.details import NO_DETAILS, NO_USAGE, details_of
from agentcore.errors import ContextError
from agentcore.types import Outcome, Usage

if TYPE_CHECKING:
    from agentcore._plugins import PluginManager

__all__ = ["ExecutionContext", "JoinRule"]

JoinRule: TypeAlias = Literal["child", "parent", "error"] | Callable[[str, Any, Any], Any]
"""Who wins where parent and child both hold a key; a callable gets key, the parent's value and the child's."""

_new = object.__new__
_usage_lock = Lock()
"""Runs of one tree may end on several threads, and adding up is a read and a write."""


class ExecutionContext:
    """One execution of an agent.

    Make one with ``ExecutionContext("triage")`` or :meth:`ContextManager.create`, and a child with :meth:`fork`.
    Ids and dates are made when they are first read: most runs never need them.
    """

    # Made for every run and every sub-agent: few slots, and no keyword-only arguments, which Python passes on a slower
    # path, save a fifth of the time (benchmarks/context.py).
    __slots__ = (
        "__weakref__",
        "_details",
        "_ended",
        "_scope",
        "_started",
        "_task",
        "_usage",
        "agent_id",
        "outcome",
        "parent",
        "plugins",
    )

    def __init__(self, agent_id: str, metadata: Mapping[str, Any] | None = None) -> None:
        """Make a root.

        Args:
            agent_id: The agent's name.
            metadata: Copied.
        """
        self.agent_id: str = agent_id
        self.parent: ExecutionContext | None = None
        """The context that this one was forked from; None for a root, and for a parent in another process."""
        self.outcome: Outcome | None = None
        """How the run ended; None while it is going on."""
        self.plugins: PluginManager | None = None
        """The plugins that take part in the run; None where it is not going on."""
        self._started = time()
        self._ended: float | None = None
        self._task: Task[Any] | None = None
        self._scope: PluginManager | None = None
        self._usage = NO_USAGE
        self._details = NO_DETAILS
        if metadata:
            self.metadata.update(metadata)

    # --- identity ---

    @property
    def context_id(self) -> str:
        """32 hexadecimal digits, unique; of a root it is the trace id of W3C Trace Context."""
        details = self._details
        if details.id is None:
            details = details_of(self)
            details.id = f"{getrandbits(128) or 1:032x}"
        return details.id

    @property
    def parent_id(self) -> str | None:
        """The parent's *context_id*; None for a root."""
        if self.parent is not None:
            return self.parent.context_id
        remote = self._details.remote
        return None if remote is None else remote.parent_id

    @property
    def root(self) -> ExecutionContext:
        """The oldest ancestor in this process; the context itself where it has none."""
        context = self
        while context.parent is not None:
            context = context.parent
        return context

    @property
    def root_id(self) -> str:
        """The *context_id* of the oldest ancestor, in whichever process it lives; the trace id."""
        root = self.root
        remote = root._details.remote
        return root.context_id if remote is None else remote.root_id

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits: the last ones of *context_id*, the span id of W3C Trace Context."""
        return self.context_id[16:]

    @property
    def ancestors(self) -> Iterator[ExecutionContext]:
        """The parent, its parent, and so on up to the root."""
        context = self.parent
        while context is not None:
            yield context
            context = context.parent

    @property
    def depth(self) -> int:
        """How many ancestors there are in this process."""
        return sum(1 for _ in self.ancestors)

    # --- time ---

    @property
    def start_time(self) -> datetime:
        """When it was made, in UTC."""
        return datetime.fromtimestamp(self._started, UTC)

    @property
    def end_time(self) -> datetime | None:
        """When the run ended, in UTC; None while it is going on."""
        return None if self._ended is None else datetime.fromtimestamp(self._ended, UTC)

    @property
    def remaining(self) -> float | None:
        """Seconds until the deadline, negative when it has passed; None where there is none."""
        deadline = self._details.deadline
        return None if deadline is None else deadline - monotonic()

    @property
    def deadline(self) -> datetime | None:
        """When the run must have ended, in UTC: its own or an ancestor's, whichever is earlier; None where none is."""
        remaining = self.remaining
        if remaining is None:
            return None
        try:
            return datetime.now(UTC) + timedelta(seconds=remaining)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC) if remaining > 0 else datetime.min.replace(tzinfo=UTC)

    def limit_time(self, timeout: float) -> None:
        """End the run *timeout* seconds from now at the latest; a deadline that is earlier stays.

        Safe on any thread.  Of a run that is going on it is interrupted then; infinity sets no limit.

        Raises:
            ContextError: *timeout* is not a number.
        """
        if isnan(timeout):
            raise ContextError("a run's time cannot be limited to nan seconds", hint="give a number of seconds.")
        deadline = monotonic() + timeout
        earlier = self._details.deadline
        if deadline >= (inf if earlier is None else earlier):
            return
        details_of(self).deadline = deadline
        if self._task is not None:
            from agentcore._context.interruption import keep_deadline

            self._task.get_loop().call_soon_threadsafe(keep_deadline, self)

    # --- what it holds ---

    @property
    def metadata(self) -> dict[str, Any]:
        """Facts about the run that its children inherit by copy, as a tenant or a session."""
        details = self._details
        if details.metadata is None:
            details = details_of(self)
            details.metadata = {}
        return details.metadata

    @property
    def state(self) -> dict[str, Any]:
        """The run's own notes; a child starts with none."""
        details = self._details
        if details.state is None:
            details = details_of(self)
            details.state = {}
        return details.state

    @property
    def usage(self) -> Usage:
        """What the run itself has consumed, without its children."""
        return self._usage

    @property
    def total_usage(self) -> Usage:
        """What the run and all its descendants have consumed."""
        children = self._details.children_usage
        return self._usage if children is NO_USAGE else self._usage + children

    def add_usage(self, usage: Usage) -> None:
        """Count *usage* as the run's own, and in the totals of its ancestors.  Safe on any thread."""
        parent = self.parent
        if parent is None and self._usage is NO_USAGE:
            self._usage = usage
            return
        with _usage_lock:
            self._usage = self._usage + usage
            while parent is not None:
                details = details_of(parent)
                details.children_usage = details.children_usage + usage
                parent = parent.parent

    # --- family ---

    def fork(
        self,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> ExecutionContext:
        """Make a child.

        Args:
            agent_id: The child's agent; None takes this one's.
            metadata: Added to the copy of this one's.
            timeout: Seconds the child has; it never has more than its parent.
        """
        # Filled here and not by __init__(): a call less, of which each takes a third of a fork (benchmarks/context.py).
        child = _new(ExecutionContext)
        child.agent_id = agent_id or self.agent_id
        child.parent = self
        child.outcome = child.plugins = child._task = child._ended = None
        child._started = time()
        child._scope = self._scope
        child._usage = NO_USAGE
        child._details = NO_DETAILS if self._details is NO_DETAILS else self._details.inherited()
        if metadata:
            child.metadata.update(metadata)
        if timeout is not None:
            child.limit_time(timeout)
        return child

    def join(self, child: ExecutionContext, *, conflict: JoinRule = "error", keys: Iterable[str] | None = None) -> None:
        """Bring a child's state back.

        Args:
            child: A context that was forked from this one.
            conflict: Who wins where both hold a key with different values.
            keys: The keys to bring; None brings all.

        Raises:
            ContextError: *child* is not a child of this context, or values differ under the rule ``"error"``; then
                nothing has been changed.
        """
        if child.parent is not self:
            raise ContextError(
                f"context {child.context_id!r} is not a child of {self.context_id!r}",
                hint="join a context with the one it was forked from.",
            )
        theirs = child.state
        chosen = theirs.keys() if keys is None else [key for key in keys if key in theirs]
        self.state.update({key: self._settle(key, theirs[key], conflict) for key in chosen})

    def _settle(self, key: str, theirs: Any, conflict: JoinRule) -> Any:
        if key not in self.state or self.state[key] is theirs:
            return theirs
        mine = self.state[key]
        if callable(conflict):
            return conflict(key, mine, theirs)
        if conflict == "child":
            return theirs
        if conflict == "parent":
            return mine
        if mine == theirs:
            return mine
        raise ContextError(
            f"parent and child both hold the state {key!r}, with different values",
            hint='pass conflict="child", conflict="parent" or a function of key, mine and theirs.',
        )

    # --- cancellation ---

    def cancel(self, reason: str = "cancelled") -> None:
        """Cancel the run and, with it, its descendants.  Safe on any thread; a run that has ended is left alone."""
        if self.outcome is not None or self._details.cancel_reason is not None:
            return
        details_of(self).cancel_reason = reason
        from agentcore._context.interruption import interrupt_family

        interrupt_family(self)

    @property
    def answered_cancellations(self) -> int:
        """How many cancellations of the running task have been answered by ending this run or one around it; further
        ones interrupt what follows."""
        from agentcore._context.interruption import answered

        return answered(self)

    @property
    def cancel_reason(self) -> str | None:
        """What :meth:`cancel` was told; None where it was not called."""
        return self._details.cancel_reason

    @property
    def cancelled(self) -> bool:
        """Whether this run or an ancestor has been cancelled through its context."""
        return self.cancel_reason is not None or any(each.cancel_reason is not None for each in self.ancestors)

    # --- travel ---

    def to_headers(self, *, baggage: bool = True) -> dict[str, str]:
        """Return the headers that carry this context to another process: ``traceparent`` and ``tracestate`` (W3C
        Trace Context), and ``baggage`` (W3C Baggage) with the metadata that are strings, numbers or booleans.

        Args:
            baggage: False keeps the metadata here.
        """
        from agentcore._context.propagation import to_headers

        return to_headers(self, baggage=baggage)

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], agent_id: str) -> ExecutionContext:
        """Make the child of a context in another process; a root where *headers* carry none.

        Header names count in any case.  Headers that cannot be read are ignored, as W3C Trace Context asks.
        """
        from agentcore._context.propagation import from_headers

        return from_headers(headers, agent_id)

    def __getstate__(self) -> dict[str, Any]:
        from agentcore._context.propagation import freeze

        return freeze(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        from agentcore._context.propagation import thaw

        thaw(self, state)

    def __repr__(self) -> str:
        return (
            f"<ExecutionContext {self.context_id} agent={self.agent_id!r} depth={self.depth} {self.outcome or 'live'}>"
        )

"""What most contexts do without."""

from __future__ import annotations

from asyncio import Task, TimerHandle
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from agentcore.types import Usage

if TYPE_CHECKING:
    from agentcore._context.execution import ExecutionContext
    from agentcore._context.propagation import Carrier
    from agentcore.models import DeltaHandler

__all__ = ["NO_DETAILS", "NO_USAGE", "Details", "details_of"]

NO_USAGE: Final = Usage()


class Details:
    """What most contexts do without: it is made for a context when the first of it is set."""

    id: str | None = None
    metadata: dict[str, Any] | None = None
    state: dict[str, Any] | None = None
    sequence: int = 0
    """Of the last event that was observed."""
    salt: str = ""
    """Tells the events of a context that was unpickled from those of its twin."""
    remote: Carrier | None = None
    begun: bool = False
    """Whether the run began in another process."""
    children_usage: Usage = NO_USAGE
    on_delta: DeltaHandler | None = None
    token_limit: int | None = None
    deadline: float | None = None
    """Monotonic seconds."""
    cancel_reason: str | None = None
    cancelling: int = 0
    """How many cancellations its task had when the run began."""
    interruptions: int = 0
    """How many the context itself has caused since, and not taken back."""
    answered: WeakKeyDictionary[Task[Any], int] | None = None
    """How many cancellations of each task were answered by ending the run."""
    timer: TimerHandle | None = None
    timed: bool = False
    """Whether something interrupts the run at its deadline."""

    told: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None] | None = None
    """The metadata and the state that lanes and the journal may see; None where they may see what there is."""
    twin: ExecutionContext | None = None
    """The newest snapshot of the context, for lanes."""
    ticket: int = 0
    """Of the run's newest event that a durable provider was promised, as the journal counts them; 0 for none."""

    def inherited(self) -> Details:
        """Return the details of a child at its birth."""
        if not self.metadata and self.deadline is None:
            return NO_DETAILS
        details = Details()
        details.metadata = self.metadata.copy() if self.metadata else None
        details.deadline = self.deadline
        return details


NO_DETAILS: Final = Details()
"""Shared by the contexts that have none.  It is read and never written: see :func:`details_of`."""

_lock: Final = Lock()


def details_of(context: ExecutionContext) -> Details:
    """Return the details of *context* itself, to be set."""
    if context._details is NO_DETAILS:
        # What two threads set at a time, as a cancellation and an id, must both stay.
        with _lock:
            if context._details is NO_DETAILS:
                context._details = Details()
    return context._details

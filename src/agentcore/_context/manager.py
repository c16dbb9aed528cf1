"""Which contexts there are."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import chain
from threading import Lock
from time import time
from typing import Any, Final
from weakref import WeakSet

from agentcore._context.execution import ExecutionContext
from agentcore.types import Outcome

__all__ = ["ContextManager", "live_contexts"]


class ContextManager:
    """Makes, finds, lists and prunes contexts.

    Live ones are held until they end; of the finished ones the newest *keep* are held, so that it never grows with the
    number of runs.  Safe on any thread.
    """

    __slots__ = ("__weakref__", "_finished", "_live")

    def __init__(self, *, keep: int = 256) -> None:
        self._live: dict[ExecutionContext, None] = {}
        self._finished: deque[ExecutionContext] = deque(maxlen=keep)
        with _managers_lock:
            _managers.add(self)

    def create(
        self,
        agent_id: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        parent: ExecutionContext | None = None,
        timeout: float | None = None,
    ) -> ExecutionContext:
        """Make a live context; end it with :meth:`finish`.

        Args:
            agent_id: The agent's name.
            metadata: Copied; added to what is inherited.
            parent: The context to fork; None makes a root.
            timeout: Seconds it has; None sets no limit of its own.
        """
        if parent is not None:
            context = parent.fork(agent_id, metadata=metadata, timeout=timeout)
        else:
            context = ExecutionContext(agent_id, metadata=metadata)
            if timeout is not None:
                context.limit_time(timeout)
        self.begin(context)
        return context

    def begin(self, context: ExecutionContext) -> None:
        """Hold *context* as live."""
        self._live[context] = None

    def finish(self, context: ExecutionContext, outcome: Outcome = "ok") -> None:
        """End *context*, with *outcome* unless it has one.  A second time changes nothing."""
        if context.outcome is None:
            context.outcome = outcome
        if context._ended is None:
            context._ended = time()
            context._task = None
        if self._live.pop(context, self) is not self:
            self._finished.append(context)

    def get(self, context_id: str) -> ExecutionContext | None:
        """Find a context by its id; None where it is not held.  Takes time in the number of contexts held."""
        held = chain(list(self._live), list(self._finished))
        return next((each for each in held if each.context_id == context_id), None)

    def live(self) -> list[ExecutionContext]:
        """The contexts whose runs are going on, oldest first."""
        return list(self._live)

    def finished(self) -> list[ExecutionContext]:
        """The finished contexts that are held, oldest first."""
        return list(self._finished)

    def children(self, context: ExecutionContext) -> list[ExecutionContext]:
        """The contexts that were forked from *context* and are held, live ones first."""
        return [each for each in chain(self.live(), self.finished()) if each.parent is context]

    def prune(self, *, older_than: float = 0.0) -> int:
        """Let go of finished contexts that ended more than *older_than* seconds ago; returns how many."""
        limit = time() - older_than
        return sum(self._let_go(each) for each in self.finished() if (each._ended or 0.0) <= limit)

    def _let_go(self, context: ExecutionContext) -> bool:
        # One by one: contexts that finish meanwhile on other threads stay.
        try:
            self._finished.remove(context)
        except ValueError:
            return False
        return True


_managers: Final[WeakSet[ContextManager]] = WeakSet()
_managers_lock: Final = Lock()


def live_contexts() -> list[ExecutionContext]:
    """Return the live contexts of every manager in the process, those of each oldest first."""
    with _managers_lock:
        managers = list(_managers)
    return [context for manager in managers for context in manager.live()]

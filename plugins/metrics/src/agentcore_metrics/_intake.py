"""Where hooks leave their notes, until somebody makes records of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Final

from agentcore_metrics._accounts import Accounts
from agentcore_metrics._pricing import Pricing
from agentcore_metrics._recorder import Note, Recorder
from agentcore_metrics._records import Record

__all__ = ["Intake"]


class Intake:
    """Makes records of notes, in their order, and hands each to its consumers.

    Args:
        pricing: Finds the cost of model calls.
        consumers: Called one by one, on whichever thread drains.
    """

    def __init__(self, pricing: Pricing, consumers: Sequence[Callable[[Record], None]]) -> None:
        self.notes: Final[deque[Note]] = deque()
        """Appended to by hooks on any thread."""
        self.accounts: Final = Accounts()
        self._recorder = Recorder(pricing, self.accounts)
        self._consumers = consumers
        self._lock = threading.RLock()

    def drain(self) -> None:
        """Make records of all that has been noted until now."""
        notes, record = self.notes, self._recorder.record
        with self._lock:
            for _ in range(len(notes)):
                made = record(notes.popleft())
                for consume in self._consumers:
                    consume(made)

    @contextmanager
    def still(self) -> Generator[None, None, None]:
        """Let nobody drain for a block."""
        with self._lock:
            yield

    # --- around a fork ---

    def before_fork(self) -> None:
        """Keep still until :meth:`after_fork`."""
        self._lock.acquire()

    def after_fork(self) -> None:
        """Go on in the parent."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin with nothing in the child: what was noted is the parent's."""
        self._lock = threading.RLock()
        self.notes.clear()

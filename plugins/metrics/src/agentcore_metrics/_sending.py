"""The way to the client, which is anybody's: whatever it raises is logged, and harms neither runs nor the ledger."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from agentcore_metrics._client import Client
from agentcore_metrics._records import Record

__all__ = ["Sending"]

logger = logging.getLogger("agentcore.metrics")


class Sending:
    """Keeps records until they are sent, and calls the client from one thread at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._begin()

    def _begin(self) -> None:
        self._unsent: deque[Record] = deque()
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._unsent)

    def put(self, record: Record) -> None:
        """Have *record* sent."""
        self._unsent.append(record)

    def open(self) -> None:
        """Open what the client needs; raises what it raises."""
        with self._lock:
            self._client.open()

    def send(self) -> None:
        """Send what has been put."""

        def send() -> None:
            for _ in range(len(self._unsent)):
                self._client.record(self._unsent.popleft())

        if self._unsent:
            self.attempt(send)

    def close(self) -> None:
        """Send what is left, and close the client."""
        self.attempt(self._client.close)

    def attempt(self, action: Callable[[], object]) -> None:
        """Do something with the client, and log what it raises."""
        with self._lock:
            try:
                action()
            except Exception:
                logger.exception("the client of the metrics failed")

    # --- around a fork ---

    def before_fork(self) -> None:
        """Let nobody be in the client meanwhile."""
        self._lock.acquire()

    def after_fork(self) -> None:
        """Go on in the parent."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew in the child: what is unsent is the parent's."""
        self._begin()
        self._client.after_fork_in_child()

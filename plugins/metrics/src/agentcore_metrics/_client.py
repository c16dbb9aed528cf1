"""What else gets every record, beside the memory and the ledger."""

from __future__ import annotations

from typing import Protocol

from agentcore_metrics._records import Record

__all__ = ["Client"]


class Client(Protocol):
    """Sends records elsewhere.  All methods are called on threads of the provider's own, never by a run.

    :meth:`open`, :meth:`record` and :meth:`flush` are never called at the same time.
    """

    def open(self) -> None:
        """Open what is needed; called at startup, and may be called again."""
        ...

    def record(self, record: Record) -> None:
        """Take a record; must not wait for others."""
        ...

    def flush(self) -> None:
        """Send what is left; waits for seconds at most."""
        ...

    def close(self) -> None:
        """Flush, and close; what is recorded later opens it again."""
        ...

    def after_fork_in_child(self) -> None:
        """Begin anew: threads, connections and what has been recorded were the parent's."""
        ...

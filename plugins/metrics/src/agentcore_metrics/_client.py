"""What else gets every record, beside the memory and the ledger."""

from __future__ import annotations

from typing import Protocol

from agentcore_metrics._records import Record

__all__ = ["Client"]


class Client(Protocol):
    """Sends records elsewhere.  Runs do not wait for it.

    No two are called at the same time, and what they raise is logged; :meth:`open` at startup is the exception.
    """

    def open(self) -> None:
        """Open what is needed; called before the first record, and may be called again.

        At startup what it raises keeps the provider from working.  Else it is called by the run that comes first.
        """
        ...

    def record(self, record: Record) -> None:
        """Take a record; must not wait for others."""
        ...

    def close(self) -> None:
        """Send what is left, which may take seconds, and close; what is recorded later opens it again."""
        ...

    def after_fork_in_child(self) -> None:
        """Begin anew: threads, connections and what has been recorded were the parent's."""
        ...

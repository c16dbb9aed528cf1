"""What runs that are going on have spent, each with its children."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import define

if TYPE_CHECKING:
    from agentcore import ExecutionContext

__all__ = ["Account", "Accounts", "Charge"]

_OPEN: Final = 100_000
"""Runs that are remembered at most; of a run that never ends, as calls outside of runs, the account is closed so."""


@define
class Account:
    """Cost in 10^-12 US dollars; None where that of no call is known."""

    cost: int | None = None
    """The run's own."""
    total_cost: int | None = None
    """The run's own with that of its children."""


Charge: TypeAlias = tuple[str, float, int | None]
"""Of a model call the agent, when it ended in seconds since the epoch, and its cost."""


class Accounts:
    """The accounts of the runs that are going on, by context id."""

    def __init__(self) -> None:
        self._open: dict[str, Account] = {}
        self.charged: Callable[[Charge], None] | None = None
        """Told of each model call."""

    def charge(self, context: ExecutionContext, ended: float, cost: int | None) -> None:
        """Count a model call of *context*."""
        if cost is not None:
            own = self._of(context.context_id)
            own.cost = (own.cost or 0) + cost
            for each in _family(context):
                account = self._of(each)
                account.total_cost = (account.total_cost or 0) + cost
        if self.charged is not None:
            self.charged((context.agent_id, ended, cost))

    def spent(self, context_id: str) -> int:
        """Return the known cost of a run until now, with that of its children."""
        account = self._open.get(context_id)
        return account.total_cost or 0 if account is not None else 0

    def close(self, context_id: str) -> Account:
        """Return the account of a run that ended."""
        return self._open.pop(context_id, None) or Account()

    def _of(self, context_id: str) -> Account:
        account = self._open.get(context_id)
        if account is None:
            if len(self._open) >= _OPEN:
                del self._open[next(iter(self._open))]
            account = self._open[context_id] = Account()
        return account


def _family(context: ExecutionContext) -> Iterator[str]:
    """The run and its ancestors, as far as they are known."""
    yield context.context_id
    for each in context.ancestors:
        yield each.context_id

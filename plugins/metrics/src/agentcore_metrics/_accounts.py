"""What runs that are going on have spent, each with its children."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import define

from agentcore_metrics._records import ModelRecord

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
            self._add(cost, context.context_id, (each.context_id for each in context.ancestors))
        if self.charged is not None:
            self.charged((context.agent_id, ended, cost))

    def charge_record(self, record: ModelRecord) -> None:
        """Count a model call of a run that is known by its record alone; of its ancestors those that it names."""
        if record.cost is not None:
            known = {record.parent_id, record.root_id} - {None, record.context_id}
            self._add(record.cost, record.context_id, (each for each in known if each is not None))
        if self.charged is not None:
            self.charged((record.agent, record.ended, record.cost))

    def _add(self, cost: int, context_id: str, ancestors: Iterable[str]) -> None:
        own = self._of(context_id)
        own.cost = (own.cost or 0) + cost
        for account in (own, *map(self._of, ancestors)):
            account.total_cost = (account.total_cost or 0) + cost

    def spent(self, context_id: str) -> int:
        """Return the known cost of a run until now, with that of its children."""
        account = self._open.get(context_id)
        return account.total_cost or 0 if account is not None else 0

    def close(self, context: ExecutionContext, ended: float, duration: float) -> Account:
        """Return the account of a run that ended."""
        return self._open.pop(context.context_id, None) or Account()

    def _of(self, context_id: str) -> Account:
        account = self._open.get(context_id)
        if account is None:
            if len(self._open) >= _OPEN:
                del self._open[next(iter(self._open))]
            account = self._open[context_id] = Account()
        return account

"""What a run has spent, as the ledger tells: for those of which no process remembers it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from agentcore_metrics._accounts import Account
from agentcore_metrics._sql import Connection

if TYPE_CHECKING:
    from agentcore import ExecutionContext

__all__ = ["LedgerAccounts"]

_SLACK_SECONDS: Final = 2.0
"""A clock may be set while a run is going on."""

# Between two times, as an index has them: a root id has none.
_CALLS: Final = (
    "SELECT context_id, parent_id, cost FROM model_calls WHERE started BETWEEN ?1 AND ?2 AND root_id = ?3"
    " UNION ALL SELECT context_id, parent_id, NULL FROM runs WHERE started BETWEEN ?1 AND ?2 AND root_id = ?3"
)


class LedgerAccounts:
    """The accounts of runs whose events come out of the journal: what came before is in the ledger by then."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def charge(self, context: ExecutionContext, ended: float, cost: int | None) -> None:
        """Its row in the ledger says it."""

    def close(self, context: ExecutionContext, ended: float, duration: float) -> Account:
        """Add up the model calls of a run, and of those below it."""
        between = [int(each * 1_000_000) for each in (ended - duration - _SLACK_SECONDS, ended + _SLACK_SECONDS)]
        costs: defaultdict[str, list[int]] = defaultdict(list)
        children: defaultdict[str, set[str]] = defaultdict(set)
        for context_id, parent_id, cost in self._connection.execute(_CALLS, (*between, context.root_id)):
            children[parent_id].add(context_id)
            if cost is not None:
                costs[context_id].append(cost)
        total: list[int] = []
        waiting, seen = [context.context_id], set[str]()
        while waiting:
            each = waiting.pop()
            seen.add(each)
            total += costs[each]
            waiting += children[each] - seen
        own = costs[context.context_id]
        return Account(sum(own) if own else None, sum(total) if total else None)

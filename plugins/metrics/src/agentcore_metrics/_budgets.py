"""What runs, agents and days may cost."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from fnmatch import fnmatchcase
from time import monotonic, time
from typing import TYPE_CHECKING, Final, NamedTuple

from agentcore import Deny
from agentcore_metrics._accounts import Charge
from agentcore_metrics._config import Budgets as BudgetsConfig
from agentcore_metrics._config import Limit
from agentcore_metrics._intake import Intake
from agentcore_metrics._money import dollars, pico
from agentcore_metrics._sql import Connection
from agentcore_metrics._units import money

if TYPE_CHECKING:
    from agentcore import ExecutionContext

__all__ = ["Budgets"]

_DAY: Final = 86_400
_FRESH_SECONDS: Final = 10.0
"""For so long what other processes have spent today is taken as it was."""

_REMEMBERED: Final = 10_000
"""Budgets of which it is remembered that they were warned of."""

logger = logging.getLogger("agentcore.metrics")


class _Spent(NamedTuple):
    """A budget, and how much of it is spent."""

    name: str
    """For people."""
    key: str
    """Of this run, or of this day."""
    limit: Limit
    pico: int


class Budgets:
    """Adds up what is spent, and says no.

    Args:
        config: The amounts.
        intake: Knows what runs that are going on have spent.
        warned: Told of each budget that is reached and only warned of: with the context and its name.
        stale: Called, on a run's thread, when what others have spent should be asked for again.
    """

    def __init__(
        self,
        config: BudgetsConfig,
        intake: Intake,
        *,
        warned: Callable[[ExecutionContext, str], None],
        stale: Callable[[], None],
    ) -> None:
        self._config = config
        self._intake = intake
        self._warned = warned
        self._stale = stale
        self._told: set[str] = set()
        self._begin(day=0)
        intake.accounts.charged = self._charge

    def _begin(self, day: int) -> None:
        self._pid = os.getpid()
        self._day = day
        self._own: defaultdict[str, int] = defaultdict(int)
        """By agent, in 10^-12 US dollars, of this process and day."""
        self._others: dict[str, int] = {}
        self._asked_at = -_FRESH_SECONDS

    def _charge(self, charge: Charge) -> None:
        agent, ended, cost = charge
        day = int(ended // _DAY)
        if day > self._day or self._pid != os.getpid():
            self._begin(day)
        if day == self._day and cost is not None:
            self._own[agent] += cost

    # --- before a model is asked ---

    def check(self, context: ExecutionContext) -> None:
        """Let a model be asked, or not.

        Raises:
            Deny: A budget is spent; the reason has the numbers.
        """
        self._intake.drain()
        now = time()
        if int(now // _DAY) > self._day or self._pid != os.getpid():
            self._begin(int(now // _DAY))
        if monotonic() - self._asked_at > _FRESH_SECONDS:
            self._asked_at = monotonic()
            self._stale()
        for spent in self._spent(context):
            if _reached(spent.pico, spent.limit.deny):
                raise Deny(f"the budget of {spent.name} is spent: {_told(spent.pico, spent.limit.deny)}")
            if _reached(spent.pico, spent.limit.warn) and spent.key not in self._told:
                self._warn(context, spent)

    def _spent(self, context: ExecutionContext) -> Iterator[_Spent]:
        config, agent = self._config, context.agent_id
        if config.run is not None:
            for each in (context, *context.ancestors):
                spent = self._intake.accounts.spent(each.context_id)
                name = f"a run of agent {each.agent_id!r}"
                yield _Spent(name, f"run {each.context_id}", config.run, spent)
        day = f"day {self._day}"
        for pattern, limit in config.agent.items():
            if pattern == agent or fnmatchcase(agent, pattern):
                spent = self._own[agent] + self._others.get(agent, 0)
                yield _Spent(f"agent {agent!r} for today", f"{day} agent {agent}", limit, spent)
        if config.day is not None:
            yield _Spent("today", day, config.day, sum(self._own.values()) + sum(self._others.values()))

    def _warn(self, context: ExecutionContext, spent: _Spent) -> None:
        if len(self._told) >= _REMEMBERED:
            self._told.clear()
        self._told.add(spent.key)
        logger.warning("the budget of %s is nearly spent: %s", spent.name, _told(spent.pico, spent.limit.warn))
        self._warned(context, spent.name)

    # --- on the writer's thread ---

    def refresh(self, connection: Connection, unwritten: Callable[[], Iterable[tuple[str, float, int]]]) -> None:
        """Ask the ledger what other processes, and this one before it was started, have spent today.

        Args:
            connection: To the ledger, which is not written meanwhile.
            unwritten: Agent, end and cost of the calls of this process that are not in it yet.
        """
        begin = int(time() // _DAY) * _DAY
        rows = connection.execute(
            "SELECT agent, sum(cost) FROM model_calls WHERE started >= ? AND cost IS NOT NULL GROUP BY 1",
            (begin * 1_000_000,),
        )
        totals = {agent: int(cost) for agent, cost in rows}
        with self._intake.still():
            if self._day * _DAY != begin or self._pid != os.getpid():
                self._begin(begin // _DAY)
            written = dict(self._own)
            for agent, ended, cost in unwritten():
                if ended >= begin:
                    written[agent] = written.get(agent, 0) - cost
            self._others = {agent: max(0, total - written.get(agent, 0)) for agent, total in totals.items()}
            self._asked_at = monotonic()


def _reached(spent: int, amount: Decimal | None) -> bool:
    return amount is not None and spent >= (pico(amount) or 0)


def _told(spent: int, amount: Decimal | None) -> str:
    return f"{money(dollars(spent), unknown=0)} of {money(amount, unknown=0)}"

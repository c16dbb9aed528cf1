"""Asking the ledger about many runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias, cast

from agentcore_metrics._reading import Consumption, consumption, moment
from agentcore_metrics._sql import Connection
from agentcore_metrics._summary import COUNTED, By, Group, IncidentCount, Summary, Timing

__all__ = ["summarise"]

_MICROSECONDS_PER_DAY: Final = 86_400_000_000


def summarise(connection: Connection, *, by: By, since: int | None) -> Summary:
    """Ask the ledger.

    Each run, model call and tool call counts in the group of its own agent, day or outcome.
    Tokens and cost are those of the model calls, so that nested runs count once.

    Args:
        connection: To the ledger.
        by: What to group by.
        since: Only what began then or later, in microseconds since the epoch; None takes everything.
    """
    asked = _Asked(connection, by, 0 if since is None else since)
    timings, consumptions, tool_calls = asked.groups()
    groups = [
        Group(
            key=str(_EPOCH + timedelta(days=cast("int", key))) if by == "day" else str(key),
            timing=timings.get(key, Timing()),
            consumption=consumptions.get(key, Consumption()),
            tool_calls=tool_calls.get(key, 0),
        )
        for key in timings.keys() | consumptions.keys() | tool_calls.keys()
    ]
    return Summary(
        by=by,
        since=None if since is None else moment(since),
        groups=sorted(groups, key=lambda each: each.key if by == "day" else (-each.timing.count, each.key)),
        total=Group(
            key="total",
            timing=asked.total_timing(),
            consumption=_add(each.consumption for each in groups),
            tool_calls=sum(tool_calls.values()),
        ),
        incidents=asked.incidents(),
    )


_Key: TypeAlias = str | int
"""A group's name, or the number of its day since the epoch."""

_EPOCH: Final = date(1970, 1, 1)

# What was denied took no time of its own; it would draw the percentiles down.
_EXECUTED: Final = "CASE WHEN outcome <> 'denied' THEN duration END"
_TIMING: Final = f"""count(*), coalesce(sum(outcome <> 'ok'), 0), percentile_cont({_EXECUTED}, 0.5),
    percentile_cont({_EXECUTED}, 0.95), percentile_cont({_EXECUTED}, 0.99)"""

# Cost is added up in two halves: together they hold more than 64 bits.
_CONSUMPTION: Final = """count(*), sum(input_tokens), sum(cached_tokens), sum(output_tokens), sum(reasoning_tokens),
    sum(cost / 1000000), sum(cost % 1000000), sum(cost IS NULL AND requests > 0)"""


class _Asked:
    """The queries behind one summary."""

    def __init__(self, connection: Connection, by: By, start: int) -> None:
        self._connection = connection
        self._counted = COUNTED[by]
        self._key = f"started / {_MICROSECONDS_PER_DAY}" if by == "day" else by
        self._start = start

    def _grouped(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        query = f"SELECT {self._key}, {columns} FROM {table} WHERE {_within(table)} GROUP BY 1"  # noqa: S608
        return self._connection.execute(query, (self._start,))

    def groups(self) -> tuple[dict[_Key, Timing], dict[_Key, Consumption], dict[_Key, int]]:
        if self._counted == "model_calls":
            rows = [(key, row[:5], row[5:]) for key, *row in self._grouped(self._counted, f"{_TIMING}, {_CONSUMPTION}")]
            return {key: _timing(*row) for key, row, _ in rows}, {key: _consumption(*row) for key, _, row in rows}, {}
        timings = {key: _timing(*row) for key, *row in self._grouped(self._counted, _TIMING)}
        if self._counted == "tool_calls":
            return timings, {}, {}
        consumptions = {key: _consumption(*row) for key, *row in self._grouped("model_calls", _CONSUMPTION)}
        return timings, consumptions, dict(self._grouped("tool_calls", "count(*)"))

    def total_timing(self) -> Timing:
        query = f"SELECT {_TIMING} FROM {self._counted} WHERE {_within(self._counted)}"  # noqa: S608
        return _timing(*next(self._connection.execute(query, (self._start,))))

    def incidents(self) -> list[IncidentCount]:
        query = "SELECT kind, subject, count(*) FROM incidents WHERE started >= ?1 GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2"
        rows = self._connection.execute(query, (self._start,))
        return [IncidentCount(kind=kind, subject=subject, count=count) for kind, subject, count in rows]


def _within(table: str) -> str:
    # The index says where the time begins, and from there on the table is read as it lies: to look up each row by the
    # index would take half as long again.
    return f"id >= (SELECT min(id) FROM {table} WHERE started >= ?1) AND +started >= ?1"  # noqa: S608


def _timing(count: int, errors: int, p50: float | None, p95: float | None, p99: float | None) -> Timing:
    return Timing(count=count, errors=errors, p50=p50, p95=p95, p99=p99)


def _consumption(*row: Any) -> Consumption:
    calls, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost_high, cost_low, unpriced = row
    cost = None if cost_high is None else cost_high * 1_000_000 + cost_low
    return consumption(calls, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost, unpriced)


def _add(parts: Iterable[Consumption]) -> Consumption:
    each = list(parts)
    costs = [part.cost for part in each if part.cost is not None]
    return Consumption(
        model_calls=sum(part.model_calls for part in each),
        input_tokens=sum(part.input_tokens for part in each),
        cached_tokens=sum(part.cached_tokens for part in each),
        output_tokens=sum(part.output_tokens for part in each),
        reasoning_tokens=sum(part.reasoning_tokens for part in each),
        cost=sum(costs, Decimal(0)) if costs else None,
        unpriced_calls=sum(part.unpriced_calls for part in each),
    )

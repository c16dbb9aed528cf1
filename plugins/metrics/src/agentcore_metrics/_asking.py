"""Asking the ledger about many runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, TypeAlias, cast

from attrs import evolve, fields

from agentcore_metrics._money import dollars
from agentcore_metrics._reading import Consumption, consumption, moment
from agentcore_metrics._schema import INDEXES, UNUSUAL
from agentcore_metrics._sql import Connection
from agentcore_metrics._summary import COUNTED, TREND, By, Group, IncidentCount, KnowledgeCount, Summary, Timing

__all__ = ["summarise"]

_FEW: Final = 500
"""Groups that are counted one by one."""

_FOR_EVER: Final = 1 << 62

_MICROSECONDS: Final[Mapping[str, int]] = {"day": 86_400_000_000, "hour": 3_600_000_000}


def summarise(connection: Connection, *, by: By, since: int | None, now: int) -> Summary:
    """Ask the ledger.

    Each run, model call and tool call counts in the group of its own agent, day or outcome.
    Tokens and cost are those of the model calls, so that nested runs count once.

    Args:
        connection: To the ledger.
        by: What to group by.
        since: Only what began then or later, in microseconds since the epoch; None takes everything.
        now: Where the time ends that the trend is of, likewise.
    """
    asked = _Asked(connection, by, 0 if since is None else since, now)
    timings, consumptions, tool_calls = asked.groups()
    totals, trends = asked.with_children(), asked.trends(timings)
    keys = timings.keys() | consumptions.keys() | tool_calls.keys()
    groups = [
        Group(
            key=_named(key, by),
            timing=timings.get(key, Timing()),
            consumption=consumptions.get(key, Consumption()),
            tool_calls=tool_calls.get(key, 0),
            cost_with_children=totals.get(key),
            trend=trends.get(key, [0] * TREND) if trends else [],
        )
        for key in keys
    ]
    return Summary(
        by=by,
        since=None if since is None else moment(since),
        groups=sorted(groups, key=lambda each: each.key if by in _MICROSECONDS else (-each.timing.count, each.key)),
        total=Group(
            key="total",
            timing=asked.total_timing(timings.values()),
            consumption=_add(each.consumption for each in groups),
            tool_calls=sum(tool_calls.values()),
            trend=[sum(part) for part in zip(*trends.values(), strict=True)],
        ),
        incidents=asked.incidents(),
        knowledge=asked.knowledge(),
    )


_Key: TypeAlias = str | int
"""A group's name, or the number of its day or hour since the epoch."""


def _named(key: _Key, by: By) -> str:
    if by not in _MICROSECONDS:
        return str(key)
    began = moment(cast("int", key) * _MICROSECONDS[by])
    return f"{began:%Y-%m-%d}" if by == "day" else f"{began:%Y-%m-%d %H:00}"


# What was denied took no time of its own; it would draw the percentiles down.
_EXECUTED: Final = "CASE WHEN outcome <> 'denied' THEN duration END"
_PERCENTILES: Final = ", ".join(f"percentile_cont({_EXECUTED}, {each})" for each in (0.5, 0.95, 0.99))
_TIMING: Final = f"count(*), coalesce(sum(outcome <> 'ok'), 0), {_PERCENTILES}"
_FIRST_PIECE: Final = "percentile_cont(first_token, 0.5), percentile_cont(first_token, 0.95)"

# Cost is added up in two halves: together they hold more than 64 bits.
_CONSUMPTION: Final = """count(*), sum(input_tokens), sum(cached_tokens), sum(output_tokens), sum(reasoning_tokens),
    sum(cost / 1000000), sum(cost % 1000000), sum(cost IS NULL AND requests > 0)"""


class _Asked:
    """The queries behind one summary."""

    def __init__(self, connection: Connection, by: By, start: int, now: int) -> None:
        self._connection = connection
        self._by = by
        self._counted = COUNTED[by]
        self._key = f"started / {_MICROSECONDS[by]}" if by in _MICROSECONDS else by
        self._start = start
        self._now = now
        self._first_ids: dict[str, int | None] = {}

    def _grouped(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        """Yield the key and the columns of each group; the first of *columns* is to be the count.

        Grouping by what no index has sorts all rows, which takes twice as long as reading them.
        """
        rows = self._rows(table)
        if self._by == "outcome":
            # Nearly all ended well, and need not be sorted to be told from the others.
            ended_well = self._ask(f"SELECT 'ok', {columns} FROM {rows} AND outcome = 'ok'")  # noqa: S608
            yield from (row for row in ended_well if row[1])
            rows += " AND outcome <> 'ok'"
        elif spans := self._spans(table):
            query = f"""SELECT ?5, {columns} FROM {table} NOT INDEXED
                WHERE id BETWEEN ?3 AND ?4 AND started >= ?1 AND started < ?2"""  # noqa: S608
            for span in spans:
                yield from self._connection.execute(query, span)
            return
        yield from self._ask(f"SELECT {self._key}, {columns} FROM {rows} GROUP BY 1")  # noqa: S608

    def _spans(self, table: str) -> list[tuple[int, ...]]:
        """Return the days or hours of *table*: from when to when, the first and the last id, and the number.

        Nothing where they do not lie one after the other, as events that came out of the journal later.
        """
        if self._by not in _MICROSECONDS:
            return []
        width = _MICROSECONDS[self._by]
        ends = ", ".join(f"(SELECT {end}(started) FROM {table} WHERE started >= ?1)" for end in ("min", "max"))  # noqa: S608
        ((first, last),) = self._ask(f"SELECT {ends}")
        if first is None or last // width - first // width > _FEW:
            return []
        lies = f"""SELECT min(id), max(id), count(*) FROM {table} INDEXED BY {table}_started
            WHERE started >= ?1 AND started < ?2"""  # noqa: S608
        spans: list[tuple[int, ...]] = []
        wanted = read = 0
        for number in range(first // width, last // width + 1):
            begins, ends_at = max(self._start, number * width), (number + 1) * width
            ((low, high, count),) = self._connection.execute(lies, (begins, ends_at))
            if count:
                spans.append((begins, ends_at, low, high, number))
                wanted, read = wanted + count, read + high - low
        return spans if read <= 2 * wanted else []

    def _ask(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Ask about what began in the time; ``?1`` is where that begins."""
        return self._connection.execute(query, (self._start,))

    def _rows(self, table: str) -> str:
        """The rows that are looked at, as a part of a query.

        Where an index has them by what is grouped by, they are read from it as they lie.
        Else the index of times says where they begin, and from there on the table is read: to look up each row by the
        index would take half as long again.
        """
        index = f"{table}_by_{self._by}"
        if index in INDEXES:
            return f"{table} INDEXED BY {index} WHERE started >= ?1"
        if table not in self._first_ids:
            ((self._first_ids[table],),) = self._ask(f"SELECT min(id) FROM {table} WHERE started >= ?1")  # noqa: S608
        first_id = self._first_ids[table]
        return f"{table} NOT INDEXED WHERE id >= {'NULL' if first_id is None else first_id} AND started >= ?1"

    def groups(self) -> tuple[dict[_Key, Timing], dict[_Key, Consumption], dict[_Key, int]]:
        if self._counted == "model_calls":
            columns = f"{_TIMING}, {_FIRST_PIECE}, {_CONSUMPTION}"
            rows = [(key, row[:7], row[7:]) for key, *row in self._grouped(self._counted, columns)]
            consumptions = self._completed({key: _consumption(*row) for key, _, row in rows})
            return {key: _timing(*row) for key, row, _ in rows}, consumptions, {}
        timings = {key: _timing(*row) for key, *row in self._grouped(self._counted, _TIMING)}
        if self._counted == "tool_calls":
            return timings, {}, {}
        consumptions = {key: _consumption(*row) for key, *row in self._grouped("model_calls", _CONSUMPTION)}
        return timings, self._completed(consumptions), dict(self._grouped("tool_calls", "count(*)"))

    def _completed(self, consumptions: dict[_Key, Consumption]) -> dict[_Key, Consumption]:
        """Add what few calls have."""
        query = f"""
            SELECT {self._key}, sum(cache_write_tokens), sum(input_audio_tokens), sum(output_audio_tokens),
                sum(from_cache)
            FROM model_calls INDEXED BY model_calls_unusual WHERE ({UNUSUAL}) AND started >= ?1 GROUP BY 1"""  # noqa: S608
        for key, written, heard, said, answers in self._ask(query):
            consumptions[key] = evolve(
                consumptions[key],
                cache_write_tokens=written,
                input_audio_tokens=heard,
                output_audio_tokens=said,
                cached_answers=answers,
            )
        return consumptions

    def with_children(self) -> dict[_Key, Decimal | None]:
        if self._by != "agent":
            return {}
        rows = self._grouped("runs", "sum(total_cost / 1000000), sum(total_cost % 1000000)")
        return {key: dollars(_joined(high, low)) for key, high, low in rows}

    def trends(self, keys: Collection[_Key]) -> dict[_Key, list[int]]:
        """Count by group and part of the time; *keys* are those of the groups."""
        if self._by in _MICROSECONDS:
            return {}
        start = self._start or self._earliest()
        width = max(1, (self._now - start) // TREND + 1)
        # What began before a clock was set back, or will begin after it, is at an end.
        bounds = [start + part * width for part in range(TREND)] + [_FOR_EVER]
        if f"{self._counted}_by_{self._by}" in INDEXES and len(keys) <= _FEW:
            return {key: [self._count(key, *each) for each in pairwise(bounds)] for key in keys}
        query = f"SELECT {self._key}, (started - ?2) / ?3, count(*) FROM {self._rows(self._counted)} GROUP BY 1, 2"  # noqa: S608
        counts: dict[_Key, list[int]] = {}
        for key, part, count in self._connection.execute(query, (self._start, start, width)):
            counts.setdefault(key, [0] * TREND)[max(0, min(part, TREND - 1))] += count
        return counts

    def _count(self, key: _Key, start: int, end: int) -> int:
        """Count a group between two times, which lie beside each other in its index."""
        table = f"{self._counted} INDEXED BY {self._counted}_by_{self._by}"
        query = f"SELECT count(*) FROM {table} WHERE {self._by} = ?1 AND started >= ?2 AND started < ?3"  # noqa: S608
        ((count,),) = self._connection.execute(query, (key, start, end))
        return int(count)

    def _earliest(self) -> int:
        ((earliest,),) = self._connection.execute(f"SELECT min(started) FROM {self._counted}")  # noqa: S608
        return 0 if earliest is None else int(earliest)

    def total_timing(self, groups: Collection[Timing]) -> Timing:
        percentiles = f"{_PERCENTILES}, {_FIRST_PIECE}" if self._counted == "model_calls" else _PERCENTILES
        (found,) = self._ask(f"SELECT {percentiles} FROM {self._rows(self._counted)}")  # noqa: S608
        return _timing(sum(each.count for each in groups), sum(each.errors for each in groups), *found)

    def incidents(self) -> list[IncidentCount]:
        query = "SELECT kind, subject, count(*) FROM incidents WHERE started >= ?1 GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2"
        rows = self._ask(query)
        return [IncidentCount(kind=kind, subject=subject, count=count) for kind, subject, count in rows]

    def knowledge(self) -> list[KnowledgeCount]:
        query = "SELECT kind, count(*), sum(items) FROM knowledge WHERE started >= ?1 GROUP BY 1 ORDER BY 1"
        rows = self._ask(query)
        return [KnowledgeCount(kind=kind, count=count, items=items) for kind, count, items in rows]


def _timing(
    count: int,
    errors: int,
    p50: float | None,
    p95: float | None,
    p99: float | None,
    first_p50: float | None = None,
    first_p95: float | None = None,
) -> Timing:
    return Timing(
        count=count,
        errors=errors,
        p50=p50,
        p95=p95,
        p99=p99,
        first_token_p50=first_p50,
        first_token_p95=first_p95,
    )


def _consumption(*row: Any) -> Consumption:
    calls, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost_high, cost_low, unpriced = row
    cost = _joined(cost_high, cost_low)
    return consumption(calls, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost, unpriced)


def _joined(high: int | None, low: int | None) -> int | None:
    return None if high is None or low is None else high * 1_000_000 + low


def _add(parts: Iterable[Consumption]) -> Consumption:
    each = list(parts)
    costs = [part.cost for part in each if part.cost is not None]
    counts = {name: sum(getattr(part, name) for part in each) for name in _COUNTS}
    return Consumption(cost=sum(costs, Decimal(0)) if costs else None, **counts)


_COUNTS: Final = tuple(each.name for each in fields(Consumption) if each.name != "cost")

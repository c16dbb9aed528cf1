"""What the ledger is asked beside the summary: the dearest runs, the errors, the cost, two groups side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

from agentcore.errors import PluginError, nearest
from agentcore_metrics._money import dollars
from agentcore_metrics._reading import Consumption, consumption, moment
from agentcore_metrics._sql import Connection
from agentcore_metrics._summary import COUNTED, Group, Summary

__all__ = [
    "TOP",
    "CostLine",
    "ErrorLine",
    "Measure",
    "RunLine",
    "Top",
    "compare",
    "cost_lines",
    "error_lines",
    "top_runs",
]

Top: TypeAlias = Literal["cost", "duration", "tokens"]

TOP: Final[Mapping[Top, str]] = {
    "cost": "total_cost",
    "duration": "duration",
    "tokens": "total_input_tokens + total_output_tokens",
}
"""What runs can be ranked by, as the ledger has it."""

_SINCE: Final = "id >= (SELECT min(id) FROM {0} WHERE started >= ?1) AND started >= ?1"


def _since(table: str) -> str:
    return _SINCE.format(table)


@frozen(kw_only=True)
class RunLine:
    """A run that nobody called, with all that it called."""

    context_id: str
    agent: str
    started: datetime
    duration: float
    outcome: str
    consumption: Consumption

    def as_json(self) -> dict[str, Any]:
        return {
            "context_id": self.context_id,
            "agent": self.agent,
            "started": self.started.isoformat(),
            "duration": self.duration,
            "outcome": self.outcome,
            **self.consumption.as_json(),
        }


def top_runs(connection: Connection, *, by: Top, since: int, limit: int) -> list[RunLine]:
    """Return the runs of which there was most, the greatest first; those of which it is not known are left out."""
    query = f"""
        SELECT context_id, agent, started, duration, outcome, total_requests, total_input_tokens, total_cached_tokens,
            total_output_tokens, total_reasoning_tokens, total_cost, 0, total_cache_write_tokens,
            total_input_audio_tokens, total_output_audio_tokens
        FROM runs WHERE {_since("runs")} AND context_id = root_id AND ({TOP[by]}) IS NOT NULL
        ORDER BY {TOP[by]} DESC, id LIMIT ?2"""  # noqa: S608
    return [
        RunLine(
            context_id=context_id,
            agent=agent,
            started=moment(started),
            duration=duration,
            outcome=outcome,
            consumption=consumption(*usage),
        )
        for context_id, agent, started, duration, outcome, *usage in connection.execute(query, (since, limit))
    ]


@frozen(kw_only=True)
class ErrorLine:
    """One kind of failure in one place."""

    kind: str
    """``run``, ``model``, ``tool``, ``knowledge``, or of an incident ``plugin``."""
    name: str
    agent: str | None
    outcome: str
    error: str
    count: int
    last: datetime
    """When the last one began."""
    context_id: str | None
    """The run of the last one."""

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "agent": self.agent,
            "outcome": self.outcome,
            "error": self.error,
            "count": self.count,
            "last": self.last.isoformat(),
            "context_id": self.context_id,
        }


# A bare column beside max() is that of the row with the maximum: https://www.sqlite.org/lang_select.html#bareagg
_ERRORS: Final = " UNION ALL ".join(
    f"SELECT '{kind}', {name}, agent, outcome, error, count(*), max(started), context_id"  # noqa: S608
    f" FROM {table} WHERE {_since(table)} AND error IS NOT NULL GROUP BY 1, 2, 3, 4, 5"
    for kind, name, table in (
        ("run", "agent", "runs"),
        ("model", "model", "model_calls"),
        ("tool", "tool", "tool_calls"),
        ("knowledge", "kind", "knowledge"),
    )
)
_PLUGIN_ERRORS: Final = f"""SELECT 'plugin', coalesce(subject, 'unnamed'), agent, coalesce(hook, ''), error, count(*),
    max(started), context_id FROM incidents WHERE {_since("incidents")} AND kind = 'plugin_error'
    GROUP BY 1, 2, 3, 4, 5"""  # noqa: S608


def error_lines(connection: Connection, *, since: int) -> list[ErrorLine]:
    """Return what did not end well, the most frequent first; one failure may end a call and its run."""
    rows = connection.execute(f"{_ERRORS} UNION ALL {_PLUGIN_ERRORS} ORDER BY 6 DESC, 7 DESC", (since,))
    return [
        ErrorLine(
            kind=kind,
            name=name,
            agent=agent,
            outcome=outcome,
            error=error,
            count=count,
            last=moment(last),
            context_id=context_id,
        )
        for kind, name, agent, outcome, error, count, last, context_id in rows
    ]


@frozen(kw_only=True)
class CostLine:
    """The calls of one model whose cost is known from one source."""

    model: str
    source: str
    """``reported``, ``configured``, ``genai-prices``, ``cache`` of what was answered without asking the model,
    ``unknown``, or ``nothing asked`` of calls that were denied."""
    consumption: Consumption

    def as_json(self) -> dict[str, Any]:
        return {"model": self.model, "source": self.source, **self.consumption.as_json()}


def cost_lines(connection: Connection, *, since: int) -> list[CostLine]:
    """Return what was paid for which model, and how that is known, the dearest first."""
    query = f"""
        SELECT model, CASE WHEN cost IS NOT NULL THEN coalesce(cost_source, 'reported')
            WHEN requests > 0 THEN 'unknown' ELSE 'nothing asked' END AS source,
            count(*), sum(input_tokens), sum(cached_tokens), sum(output_tokens), sum(reasoning_tokens),
            sum(cost / 1000000) * 1000000 + sum(cost % 1000000), sum(cost IS NULL AND requests > 0),
            sum(cache_write_tokens), sum(input_audio_tokens), sum(output_audio_tokens), sum(from_cache)
        FROM model_calls WHERE {_since("model_calls")} GROUP BY 1, 2 ORDER BY 8 DESC NULLS LAST, 3 DESC"""  # noqa: S608
    rows = connection.execute(query, (since,))
    return [CostLine(model=model, source=source, consumption=consumption(*usage)) for model, source, *usage in rows]


@frozen(kw_only=True)
class Measure:
    """One number of two groups."""

    name: str
    unit: Literal["", "s", "USD", "%"]
    first: int | float | Decimal | None
    """None where it is not known, as *second*."""
    second: int | float | Decimal | None

    @property
    def change(self) -> float | None:
        """How much more the second has, as a fraction of the first; None where that says nothing."""
        if self.first is None or self.second is None or not self.first:
            return None
        return float(self.second) / float(self.first) - 1

    def as_json(self) -> dict[str, Any]:
        first, second = (f"{each:f}" if isinstance(each, Decimal) else each for each in (self.first, self.second))
        return {"name": self.name, "unit": self.unit, "first": first, "second": second, "change": self.change}


def compare(summary: Summary, first: str, second: str) -> list[Measure]:
    """Put two groups of *summary* side by side.

    Raises:
        PluginError: There is no group of that name.
    """
    ours, theirs = (dict(_measures(_group(summary, each), summary)) for each in (first, second))
    return [
        Measure(name=name, unit=unit, first=ours[name, unit], second=theirs[name, unit])  # type: ignore[arg-type]
        for name, unit in ours
    ]


def _group(summary: Summary, key: str) -> Group:
    for each in summary.groups:
        if each.key == key:
            return each
    known = [each.key for each in summary.groups]
    message = f"the ledger knows no {summary.by} {key!r} in that time"
    raise PluginError(message, plugin="metrics", hint=nearest(key, known) or "it is empty.")


def _measures(group: Group, summary: Summary) -> Iterator[tuple[tuple[str, str], Any]]:
    timing, used = group.timing, group.consumption
    count = timing.count
    yield (COUNTED[summary.by].replace("_", " "), ""), count
    yield ("errors", "%"), 100 * timing.errors / count if count else None
    yield ("p50", "s"), timing.p50
    yield ("p95", "s"), timing.p95
    yield ("p99", "s"), timing.p99
    if summary.by == "tool":
        return
    if summary.by == "model":
        yield ("first token p50", "s"), timing.first_token_p50
    else:
        yield ("model calls", ""), used.model_calls
        yield ("tool calls", ""), group.tool_calls
    for name, number in (
        ("tokens in", used.input_tokens),
        ("tokens cached", used.cached_tokens),
        ("tokens out", used.output_tokens),
    ):
        yield (name, ""), number
    # A part of the cost says nothing about the whole.
    cost = None if used.unpriced_calls else used.cost
    yield ("cost", "USD"), cost
    each = None if cost is None or not count else dollars(round(cost * 10**12 / count))
    yield ("cost each", "USD"), each

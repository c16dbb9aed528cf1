"""From records to rows of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from agentcore.types import Usage
from agentcore_metrics._records import IncidentRecord, ModelRecord, Record, RunRecord, ToolRecord
from agentcore_metrics._sql import Row

__all__ = ["insertable"]

_MOST_TOKENS: Final = 10**12
"""Of one run or call.  More is invented, and a million rows of it add up in SQLite's 64 bits."""

_END_OF_TIME: Final = 253_402_300_800
"""The year 10000, in seconds since the epoch: dates end before it."""


def insertable(records: Iterable[Record]) -> tuple[dict[str, list[Row]], int]:
    """Return the rows by the statement that inserts them, and how many records make none.

    A record makes none where it holds what no row can, as a duration that is not a number: then a plugin or a model
    has invented it.
    """
    rows: dict[str, list[Row]] = {}
    refused = 0
    for record in records:
        statement, convert = INSERTS[type(record)]
        try:
            row = convert(record)
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            refused += 1
        else:
            rows.setdefault(statement, []).append(row)
    return rows, refused


def _run(record: RunRecord) -> Row:
    return (
        *_common(record),
        *_usage(record.usage),
        record.cost,
        *_usage(record.total_usage),
        record.total_cost,
    )


def _model_call(record: ModelRecord) -> Row:
    return (
        *_common(record),
        _text(record.model),
        _text(record.call_id),
        *_usage(record.usage),
        record.cost,
        record.cost_source,
        _maybe(record.provider),
        _maybe(record.response_model),
        record.first_token,
    )


def _tool_call(record: ToolRecord) -> Row:
    return (*_common(record), _text(record.tool), _text(record.call_id))


def _incident(record: IncidentRecord) -> Row:
    return (
        _maybe(record.context_id),
        _maybe(record.root_id),
        _maybe(record.agent),
        _microseconds(record.at),
        record.kind,
        _maybe(record.subject),
        _maybe(record.hook),
        _text(record.error),
    )


def _common(record: RunRecord | ModelRecord | ToolRecord) -> Row:
    duration = float(record.duration)
    return (
        _text(record.context_id),
        _maybe(record.parent_id),
        _text(record.root_id),
        _text(record.agent),
        _microseconds(record.ended - duration),
        duration,
        _text(record.outcome),
        _maybe(record.error),
    )


def _usage(usage: Usage) -> Row:
    return (
        _count(usage.requests),
        _count(usage.input_tokens),
        _count(usage.output_tokens),
        _count(usage.cached_tokens),
        _count(usage.reasoning_tokens),
    )


def _count(number: int) -> int:
    if 0 <= number <= _MOST_TOKENS:
        return int(number)
    raise OverflowError(number)


def _microseconds(seconds: float) -> int:
    # NaN and infinity are outside, too.
    if 0 <= seconds < _END_OF_TIME:
        return int(seconds * 1_000_000)
    raise OverflowError(seconds)


def _text(text: str) -> str:
    # Names come out of models' answers, where JSON may hold half a surrogate pair; SQLite takes UTF-8 alone.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _maybe(text: str | None) -> str | None:
    return None if text is None else _text(text)


def _insert(table: str, columns: str) -> str:
    names = columns.split()
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608  # no values


_COMMON: Final = "context_id parent_id root_id agent started duration outcome error"
_USAGE: Final = "requests input_tokens output_tokens cached_tokens reasoning_tokens cost"
_ANSWER: Final = "cost_source provider response_model first_token"
_TOTAL: Final = " ".join(f"total_{each}" for each in _USAGE.split())

INSERTS: Final[Mapping[type[Record], tuple[str, Callable[[Any], Row]]]] = {
    RunRecord: (_insert("runs", f"{_COMMON} {_USAGE} {_TOTAL}"), _run),
    ModelRecord: (
        _insert("model_calls", f"{_COMMON} model call_id {_USAGE} {_ANSWER}"),
        _model_call,
    ),
    ToolRecord: (_insert("tool_calls", f"{_COMMON} tool call_id"), _tool_call),
    IncidentRecord: (_insert("incidents", "context_id root_id agent started kind subject hook error"), _incident),
}

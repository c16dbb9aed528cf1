"""From records to rows of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from agentcore.types import Usage
from agentcore_metrics._records import (
    IncidentRecord,
    KnowledgeRecord,
    ModelRecord,
    Record,
    RunRecord,
    ToolRecord,
)
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
        _event(record),
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
        int(record.from_cache),
        _event(record),
    )


def _tool_call(record: ToolRecord) -> Row:
    return (*_common(record), _text(record.tool), _text(record.call_id), _event(record))


def _knowledge(record: KnowledgeRecord) -> Row:
    duration = None if record.duration is None else float(record.duration)
    return (
        _maybe(record.context_id),
        _maybe(record.root_id),
        _maybe(record.agent),
        _microseconds(record.ended - (duration or 0)),
        duration,
        _text(record.outcome),
        _maybe(record.error),
        record.kind,
        _count(record.items),
        _event(record),
    )


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
        _event(record),
    )


def _event(record: Record) -> str | None:
    """Return the id of the event as far as it is not that of its run, which is in the row already."""
    event_id = record.event_id
    return None if event_id is None else _text(event_id.removeprefix(f"{record.context_id}-"))


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
        _count(usage.cache_write_tokens),
        _count(usage.input_audio_tokens),
        _count(usage.output_audio_tokens),
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
    """Return the statement that inserts a row, unless there is one of its event.

    The index of times finds that one: an event has the same time whenever it is delivered.
    """
    names = columns.split()
    values = ", ".join(f"?{number}" for number in range(1, len(names) + 1))
    same = " AND ".join(f"{each} IS ?{names.index(each) + 1}" for each in ("started", "event", "context_id"))
    again = f"event IS NOT NULL AND {same}"
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {values}"  # noqa: S608  # no values
        f" WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {again})"
    )


_COMMON: Final = "context_id parent_id root_id agent started duration outcome error"
_USAGE: Final = (
    "requests input_tokens output_tokens cached_tokens reasoning_tokens cache_write_tokens input_audio_tokens"
    " output_audio_tokens cost"
)
_ANSWER: Final = "cost_source provider response_model first_token from_cache"
_TOTAL: Final = " ".join(f"total_{each}" for each in _USAGE.split())

INSERTS: Final[Mapping[type[Record], tuple[str, Callable[[Any], Row]]]] = {
    RunRecord: (_insert("runs", f"{_COMMON} {_USAGE} {_TOTAL} event"), _run),
    ModelRecord: (_insert("model_calls", f"{_COMMON} model call_id {_USAGE} {_ANSWER} event"), _model_call),
    ToolRecord: (_insert("tool_calls", f"{_COMMON} tool call_id event"), _tool_call),
    KnowledgeRecord: (
        _insert("knowledge", "context_id root_id agent started duration outcome error kind items event"),
        _knowledge,
    ),
    IncidentRecord: (
        _insert("incidents", "context_id root_id agent started kind subject hook error event"),
        _incident,
    ),
}

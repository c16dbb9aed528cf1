"""Opening a ledger to ask it something."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import apsw
from attrs import frozen

from agentcore.errors import PluginError
from agentcore_metrics._ledger import Ledger, reason, version_of
from agentcore_metrics._money import dollars
from agentcore_metrics._schema import VERSION
from agentcore_metrics._sql import Connection, connect, transaction

__all__ = ["Consumption", "consumption", "moment", "reading"]

_MAPPED: Final = 1 << 31
"""Bytes of a ledger that are read without being copied."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@contextmanager
def reading(path: Path) -> Generator[Connection | None]:
    """Open the ledger to read from one state of it; None where there is none yet.

    Nothing is written to it, and those who write it are not kept waiting; unless it is of an older version, of which
    it makes this one.

    Raises:
        PluginError: It cannot be read; also for what SQLite raises within the block.
    """
    try:
        if not path.exists():
            yield None
            return
        connection = connect(path, write=False)
        try:
            # A question reads a large part of the file, once.
            connection.pragma("mmap_size", _MAPPED)
            if 0 < version_of(connection, path) < VERSION:
                Ledger(path).close()
            with transaction(connection, "DEFERRED"):
                yield connection if version_of(connection, path) else None
        finally:
            connection.close()
    except (apsw.Error, OSError) as error:
        raise PluginError(
            f"the ledger {str(path)!r} cannot be read: {reason(error)}",
            plugin="metrics",
            hint="if it cannot be repaired, move it away: the next run begins a new one.",
        ) from error


@frozen(kw_only=True)
class Consumption:
    """What model calls consumed."""

    model_calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    """Part of *input_tokens*."""
    output_tokens: int = 0
    reasoning_tokens: int = 0
    """Part of *output_tokens*."""
    cache_write_tokens: int = 0
    """Part of *input_tokens*, as are *input_audio_tokens*."""
    input_audio_tokens: int = 0
    output_audio_tokens: int = 0
    """Part of *output_tokens*."""
    cached_answers: int = 0
    """How many calls were answered without asking the model; they consumed nothing."""
    cost: Decimal | None = None
    """In US dollars, of the calls whose cost is known; None where it is known of none."""
    unpriced_calls: int = 0
    """How many calls have no known cost; one that was denied before it was made costs nothing."""

    def as_json(self) -> dict[str, Any]:
        """As a JSON object; the cost is a string, which keeps it exact."""
        return {
            "model_calls": self.model_calls,
            "input_tokens": self.input_tokens,
            "cached_tokens": self.cached_tokens,
            "output_tokens": self.output_tokens,
            "reasoning_tokens": self.reasoning_tokens,
            "cache_write_tokens": self.cache_write_tokens,
            "input_audio_tokens": self.input_audio_tokens,
            "output_audio_tokens": self.output_audio_tokens,
            "cached_answers": self.cached_answers,
            "cost_usd": None if self.cost is None else f"{self.cost:f}",
            "unpriced_calls": self.unpriced_calls,
        }


def consumption(
    calls: int,
    input_tokens: int,
    cached_tokens: int,
    output_tokens: int,
    reasoning_tokens: int,
    cost: int | None,
    unpriced: int = 0,
    cache_write_tokens: int = 0,
    input_audio_tokens: int = 0,
    output_audio_tokens: int = 0,
    cached_answers: int = 0,
) -> Consumption:
    """Return what a row tells, in the order in which the queries ask for it."""
    return Consumption(
        model_calls=calls,
        input_tokens=input_tokens,
        cached_tokens=cached_tokens,
        output_tokens=output_tokens,
        reasoning_tokens=reasoning_tokens,
        cost=dollars(cost),
        unpriced_calls=unpriced,
        cache_write_tokens=cache_write_tokens,
        input_audio_tokens=input_audio_tokens,
        output_audio_tokens=output_audio_tokens,
        cached_answers=cached_answers,
    )


def moment(microseconds: int) -> datetime:
    """Return the time of a row."""
    return _EPOCH + timedelta(microseconds=microseconds)

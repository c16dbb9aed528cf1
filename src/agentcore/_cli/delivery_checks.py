"""The checks of the journal and its lanes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import time
from typing import Final

from agentcore._cli.journals import is_there, with_journal
from agentcore._cli.units import counted, size, span
from agentcore._config import Settings
from agentcore._delivery.journal import Journal, JournalStats, LaneState
from agentcore._delivery.replay import replayed_plugin
from agentcore._inspection.findings import Finding
from agentcore.errors import JournalError

__all__ = ["journal"]

_OLD: Final = 60.0
"""Seconds after which somebody should have delivered an event."""

_FULL: Final = 1.1
"""Of the configured size: pruning keeps below that, unless nothing may be deleted."""


async def journal(settings: Settings) -> list[Finding]:
    """Look whether the journal can be used, and whether events get out of it; makes none."""
    if not is_there(settings.journal_path):
        return [Finding("journal", "ok", "there is none yet (made for the first durable plugin)")]
    try:
        stats, lanes = await with_journal(settings, _read)
    except JournalError as error:
        return [Finding.of_error("journal", "problem", error)]
    return [_of_size(stats, settings), *_of_lanes(lanes)]


async def _read(opened: Journal) -> tuple[JournalStats, Sequence[LaneState]]:
    return await opened.stats(), await opened.lanes()


def _of_size(stats: JournalStats, settings: Settings) -> Finding:
    message = f"{settings.journal_path}: {counted(stats.events, 'event')}, {size(stats.size)}"
    limit = settings.journal.max_size
    if stats.size > limit * _FULL:
        advice = "see `agentcore lanes` for what nobody delivers, and `agentcore dead list` for what was given up."
        message += f", more than 'max_size' ({size(limit)}): what is owed to somebody stays"
        return Finding("journal", "warning", message, advice)
    return Finding("journal", "ok", message)


def _of_lanes(lanes: Sequence[LaneState]) -> Iterator[Finding]:
    for each in lanes:
        if replayed_plugin(each.lane) is not None:
            continue
        age = 0.0 if each.oldest is None else time() - each.oldest
        if each.owner is None and age > _OLD:
            message = f"nobody delivers it: {counted(each.waiting, 'event')} waiting, the oldest for {span(age)}"
            yield Finding(f"lane {each.lane}", "warning", message, "`agentcore lanes` says why.")
        if each.dead:
            message = f"{counted(each.dead, 'event')} given up"
            advice = f"see `agentcore dead list {each.lane}`; mend the plugin, then `agentcore dead replay`."
            yield Finding(f"lane {each.lane}", "warning", message, advice)

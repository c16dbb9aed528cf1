"""Which run a person means, and which came last."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from attrs import evolve

from agentcore._cli.units import local, short
from agentcore._delivery.journal import Appended, Journal, Record, Selection
from agentcore.errors import ConfigError

__all__ = ["RunFound", "find_run", "last_run", "newest_after"]

_WINDOW: Final = 1_000
"""Positions that are read at once on the way back."""
_NAMED: Final = 5
"""Runs that an error names."""


class RunFound:
    """A run that the journal knows, by its ids."""

    def __init__(self, record: Record) -> None:
        self.id = record.run
        self.root = record.root
        self.agent = record.agent
        self.time = record.time

    def __str__(self) -> str:
        return f"{short(self.id)} ({self.agent}, {local(self.time)})"


async def find_run(journal: Journal, beginning: str) -> RunFound:
    """Return the only run whose id begins with *beginning*.

    Raises:
        ConfigError: There is none, or more than one.
    """
    found: dict[str, RunFound] = {}
    if beginning:
        async for batch in journal.select(Selection(run=beginning)):
            for each in batch:
                if each.record.run.startswith(beginning):
                    found.setdefault(each.record.run, RunFound(each.record))
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        listing = ", ".join(f"{each.id} ({each.agent}, {local(each.time)})" for each in _newest(found))
        raise ConfigError(f"{len(found)} runs begin with {beginning!r}", hint=f"say which: {listing}.")
    raise ConfigError(f"the journal has no run {beginning!r}", hint=await _advice(journal))


def _newest(found: dict[str, RunFound]) -> Sequence[RunFound]:
    return sorted(found.values(), key=lambda run: -run.time)[:_NAMED]


async def _advice(journal: Journal) -> str:
    newest: dict[str, RunFound] = {}
    async for each in _backwards(journal):
        if each.record.run == each.record.root:
            newest.setdefault(each.record.run, RunFound(each.record))
        if len(newest) == _NAMED:
            break
    return f"the newest are: {', '.join(map(str, newest.values()))}." if newest else "it has none at all."


async def last_run(journal: Journal) -> RunFound | None:
    """Return the newest run; None where the journal has none."""
    async for each in _backwards(journal):
        return RunFound(each.record)
    return None


async def _backwards(journal: Journal) -> AsyncIterator[Appended]:
    """Yield the events of runs, the newest first."""
    first, until = (await journal.stats()).first or 0, await journal.last()
    while until >= first > 0:
        after = max(first - 1, until - _WINDOW)
        found = [each async for batch in journal.select(Selection(after=after, until=until)) for each in batch]
        for each in reversed(found):
            if each.record.run:
                yield each
        until = after


async def newest_after(journal: Journal, selection: Selection, limit: int) -> int:
    """Return the position behind which *selection* has its newest *limit* events."""
    low, high = selection.after, await journal.last()
    while low < high:
        middle = (low + high) // 2
        if await journal.count(evolve(selection, after=middle)) > limit:
            low = middle + 1
        else:
            high = middle
    return low

"""The journal: what an event costs to append, to read and to settle, and whether that depends on what is there."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Final

from agentcore._delivery.journal import Durability, Passage, Record
from agentcore._delivery.sqlite import SqliteJournal
from benchmarks._table import Figure, Row

__all__ = ["rows"]

_PAYLOAD: Final = b'{"output":"' + b"x" * 680 + b'"}'
"""What the end of a run with a few short fields takes."""
_EVENTS_OF_RUN: Final = 10
_GROUPS: Final = (1, 10, 100, 1000)
_SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
_SAMPLES: Final = 20
_SAMPLE: Final = 2_000
"""Events of one sample."""
_LIMIT: Final = 50_000_000
"""Bytes that a pruned journal may have."""


def _records(first: int, count: int) -> list[Record]:
    return [_record(number) for number in range(first, first + count)]


def _record(number: int) -> Record:
    run = f"{number // _EVENTS_OF_RUN:032x}"
    return Record(
        id=f"{number:032x}",
        hook=f"hook_{number % _EVENTS_OF_RUN}",
        run=run,
        root=run,
        agent="triage",
        time=time.time(),
        payload=_PAYLOAD,
        lanes=("store",),
    )


@asynccontextmanager
async def _journal(durability: Durability = "disk") -> AsyncIterator[SqliteJournal]:
    with tempfile.TemporaryDirectory(prefix="agentcore-journal-") as folder:
        journal = SqliteJournal(Path(folder) / "journal.db", durability=durability)
        await journal.open()
        await journal.join("store", [f"hook_{number}" for number in range(_EVENTS_OF_RUN)], "now")
        try:
            yield journal
        finally:
            await journal.aclose()


async def _append(journal: SqliteJournal, records: Sequence[Record], group: int) -> None:
    for start in range(0, len(records), group):
        await journal.append(records[start : start + group])


async def _deliver(journal: SqliteJournal, limit: int = 100) -> None:
    while events := await journal.read("store", limit, 0):
        positions = [event.position for event in events]
        await journal.settle("store", Passage(cursor=positions[-1], delivered=positions))


async def _sampled(prepare: Callable[[], Awaitable[object]], work: Callable[[], Awaitable[None]], count: int) -> Figure:
    """Return microseconds of CPU time of each of the *count* things that *work* does."""
    taken = list[float]()
    for _ in range(_SAMPLES):
        await prepare()
        begin = process_time()
        await work()
        taken.append((process_time() - begin) / count * 1e6)
    return Figure(median(taken), min(taken))


class _Filling:
    """A journal that grows, sample by sample."""

    def __init__(self, journal: SqliteJournal) -> None:
        self.journal = journal
        self.number = 0
        self.records: list[Record] = []

    async def make(self, count: int = _SAMPLE) -> None:
        """Make the events of the next sample, which is no part of the cost."""
        self.records = _records(self.number, count)
        self.number += count

    async def append(self, group: int = 100) -> None:
        """Append them."""
        await _append(self.journal, self.records, group)

    async def make_and_append(self) -> None:
        """Leave them to be delivered."""
        await self.make()
        await self.append()

    async def fill(self, size: int) -> None:
        """Go on until there are *size* events, all of them delivered."""
        while self.number < size:
            await self.make(min(10_000, size - self.number))
            await self.append(1000)
        await _deliver(self.journal, 1000)


async def _by_group(durability: Durability) -> list[Row]:
    async with _journal(durability) as journal:
        filling = _Filling(journal)
        return [
            Row(
                what=f"journal: append, `{durability}`, {group} events at once",
                unit="µs/event",
                ours=await _sampled(filling.make, lambda group=group: filling.append(group), _SAMPLE),
                target="≤ 10" if group == 100 else "",
            )
            for group in _GROUPS
        ]


async def _rate() -> Row:
    rates = list[float]()
    async with _journal() as journal:
        filling = _Filling(journal)
        for _ in range(_SAMPLES):
            await filling.make()
            begin = perf_counter()
            await filling.append()
            rates.append(_SAMPLE / (perf_counter() - begin))
    ours = Figure(median(rates), min(rates))
    return Row(what="journal: synced events, 100 at once", unit="events/s", ours=ours, target="≥ 10,000")


async def _by_size() -> list[Row]:
    async with _journal() as journal:
        filling = _Filling(journal)
        return [row for size in _SIZES for row in await _at_size(filling, size)]


async def _at_size(filling: _Filling, size: int) -> list[Row]:
    await filling.fill(size)
    journal, there = filling.journal, f"{size:,} events there"
    append = await _sampled(filling.make, filling.append, _SAMPLE)
    await _deliver(journal)
    read = await _sampled(filling.make_and_append, lambda: _deliver(journal), _SAMPLE)
    last = await _sampled(_nothing, lambda: _times(journal.last, 100), 100)
    await filling.make_and_append()
    lanes = await _sampled(_nothing, lambda: _times(journal.lanes, 10), 10)
    await _deliver(journal)
    return [
        Row(what=f"journal: append, {there}", unit="µs/event", ours=append, target="≤ 10"),
        Row(what=f"journal: read and settle, {there}", unit="µs/event", ours=read, target="≤ 4"),
        Row(what=f"journal: last position, {there}", unit="µs", ours=last),
        Row(what=f"journal: lanes, 2,000 events wait, {there}", unit="µs", ours=lanes),
    ]


async def _times(work: Callable[[], Awaitable[object]], count: int) -> None:
    for _ in range(count):
        await work()


async def _nothing() -> None:
    pass


async def _waiting() -> list[Row]:
    """A lane whose provider was away for long."""
    async with _journal() as journal:
        filling = _Filling(journal)
        while filling.number < _SIZES[-1]:
            await filling.make(10_000)
            await filling.append(1000)
        lanes = await _sampled(_nothing, lambda: _times(journal.lanes, 1), 1)
        begin = process_time()
        await _deliver(journal)
        read = (process_time() - begin) / _SIZES[-1] * 1e6
    return [
        Row(what="journal: lanes, 1,000,000 events wait", unit="ms", ours=lanes.times(1e-3)),
        Row(what="journal: read and settle 1,000,000 events that wait", unit="µs/event", ours=Figure(read)),
    ]


async def _pruned() -> list[Row]:
    """A million events through a journal that keeps the last 50 MB of them."""
    async with _journal() as journal:
        filling, largest, pruning = _Filling(journal), 0, 0.0
        while filling.number < _SIZES[-1]:
            await filling.make_and_append()
            await _deliver(journal)
            begin = process_time()
            await journal.prune(before=0, max_size=_LIMIT)
            pruning += process_time() - begin
            largest = max(largest, (await journal.stats()).size)
    cost = Figure(pruning / _SIZES[-1] * 1e6)
    return [
        Row(what="journal: prune, 50 MB are kept of 1,000,000 events", unit="µs/event", ours=cost),
        Row(what="journal: largest size of file and log meanwhile", unit="MB", ours=Figure(largest / 1e6)),
    ]


async def rows() -> list[Row]:
    """Measure, in a temporary folder: TMPDIR says on which disk."""
    measured = [*await _by_group("disk"), *await _by_group("process"), await _rate()]
    return [*measured, *await _by_size(), *await _waiting(), *await _pruned()]

"""How large a journal grows, and what is remembered of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import evolve
from journal_worker import records

from agentcore._delivery.journal import Selection
from agentcore._delivery.sqlite import SqliteJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(path)
    await journal.open()
    await journal.join("store", ["agent_complete"], "now")
    yield journal
    await journal.aclose()


async def test_space_is_given_back(path: Path, journal: SqliteJournal) -> None:
    """Most of what pruning empties, at once; the rest is used again."""
    for number in range(200):
        await journal.append(records("a", number, size=10, payload=8000))
    await journal.aclose()
    before = path.stat().st_size
    while await journal.prune(before=4e9, max_size=1e12):
        pass
    await journal.drop("store")
    assert path.stat().st_size == before, "what waits is kept"
    await journal.forget("store")
    while await journal.prune(before=4e9, max_size=1e12):
        pass
    await journal.aclose()
    assert path.stat().st_size < before / 20


async def test_pruning_stops_at_the_size(path: Path, journal: SqliteJournal) -> None:
    """The newest that fit are kept."""
    await journal.forget("store")
    for number in range(100):
        await journal.append(records("a", number, size=10, payload=8000))
    while await journal.prune(before=0, max_size=4_000_000):
        pass
    stats = await journal.stats()
    assert 300 < stats.events < 500
    assert stats.first == stats.last - stats.events + 1
    await journal.aclose()
    assert path.stat().st_size < 5_500_000


async def test_many_runs_are_told_apart(journal: SqliteJournal) -> None:
    """More than are remembered at once."""
    for number in range(30):
        await journal.append([record for each in range(400) for record in records(f"{number}-{each}", 0, size=1)])
    assert await journal.count(Selection(run="7-")) == 400
    assert await journal.count(Selection(run="7-39")) == 11
    assert await journal.check() == []


async def test_a_lane_may_be_in_any_number_of_sets(journal: SqliteJournal) -> None:
    """Its events come in order, however many others each was promised to."""
    for number in range(250):
        (record,) = records("a", number, size=1, payload=10)
        await journal.append([evolve(record, lanes=("store", f"other-{number % 230}"))])
    read = await journal.read("store", 240, 0)
    assert [event.position for event in read] == [*range(1, 241)]
    (lane,) = await journal.lanes()
    assert lane.waiting == 250


async def test_the_log_is_carried_over_as_it_grows(path: Path, journal: SqliteJournal) -> None:
    """A journal that is never closed does not keep all of it twice."""
    for number in range(100):
        await journal.append(records("a", number, size=10, payload=50_000))
    assert path.with_name("journal.db-wal").stat().st_size < 25_000_000
    assert path.stat().st_size > 25_000_000

"""What a journal holds after the power went, the disk was full, or writing failed."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from attrs import define, field
from journal_disk import Disk

from agentcore._delivery.journal import Durability, Passage, Record, Selection
from agentcore._delivery.sqlite import SqliteJournal
from agentcore.errors import JournalError

ROUNDS = int(os.environ.get("AGENTCORE_CRASHES", "5"))
"""Histories, each with its own seed."""
CUTS = 8
"""Moments of each history at which the power goes."""


def _group(chance: random.Random, number: int) -> list[Record]:
    """Make events that are appended at once, and say so in their ids."""
    size = chance.choice([1, 1, 3, 20])
    return [
        Record(
            id=f"{number}.{each}.{size}",
            hook="agent_complete",
            run=f"run-{number // 3}",
            root=f"run-{number // 3}",
            agent="triage",
            time=float(number),
            payload=chance.randbytes(chance.choice([10, 700, 700, 20_000])),
            lanes=("store",),
        )
        for each in range(size)
    ]


@define
class History:
    """A journal at work, and what it acknowledged."""

    journal: SqliteJournal
    path: Path
    chance: random.Random
    acknowledged: list[str] = field(factory=list)
    groups: int = 0
    refused: int = 0
    shared: bool = True
    """Whether others have it open, too."""

    async def go_on(self, steps: int) -> None:
        """Append, deliver, prune, close and open again, and let SQLite carry its log over, in any order."""
        for _ in range(steps):
            self.groups += 1
            records = _group(self.chance, self.groups)
            try:
                await self.journal.append(records)
                self.acknowledged += [record.id for record in records]
                await self._something_else()
            except JournalError:
                self.refused += 1

    async def _something_else(self) -> None:
        match self.chance.randrange(10):
            case 0 | 1 | 2:
                events = await self.journal.read("store", 10, time.time())
                await self.journal.settle(
                    "store",
                    Passage(
                        cursor=events[-1].position if events else None, delivered=[each.position for each in events]
                    ),
                )
            case 3:
                await self.journal.aclose()
                await self.journal.open()
            case 4 if self.shared:
                _carry_over(self.path)


def _carry_over(path: Path) -> None:
    """Do what SQLite does by itself, at a moment of ours."""
    connection = apsw.Connection(str(path))
    try:
        connection.wal_checkpoint()
    except apsw.Error as error:
        raise JournalError("the log cannot be carried over") from error
    finally:
        connection.close()


async def _history(path: Path, seed: int, durability: Durability = "disk") -> History:
    journal = SqliteJournal(path, durability=durability)
    await journal.open()
    await journal.join("store", ["agent_complete"], "now")
    return History(journal, path, random.Random(seed))


async def _kept(path: Path) -> list[str]:
    """Return the ids of the events in the journal at *path*, which must be whole."""
    journal = SqliteJournal(path)
    assert await journal.check() == []
    kept = [each.record.id async for batch in journal.select(Selection()) for each in batch]
    for lane in await journal.lanes():
        assert lane.waiting == len(kept) - lane.cursor, "an event is neither passed nor waiting"
    await journal.aclose()
    return kept


def _assert_nothing_half(kept: list[str]) -> None:
    """Every group that is there at all is whole, in order and there once."""
    assert len(set(kept)) == len(kept)
    while kept:
        number, _, size = kept[0].split(".")
        assert kept[: int(size)] == [f"{number}.{each}.{size}" for each in range(int(size))]
        kept = kept[int(size) :]


async def _lost(tmp_path: Path, seed: int, durability: Durability) -> int:
    """Cut the power at some moments of a history; return how many acknowledged events were lost in all."""
    chance, cuts = random.Random(seed), list[tuple[Path, int]]()
    folder = tmp_path / "state"
    with Disk().in_use() as disk:
        history = await _history(folder / "journal.db", seed, durability)

        def maybe_cut() -> None:
            if chance.random() < 0.02 and len(cuts) < CUTS:
                disk.cut(folder, tmp_path / f"after-{len(cuts)}", chance)
                cuts.append((tmp_path / f"after-{len(cuts)}", len(history.acknowledged)))

        disk.watch = maybe_cut
        while len(cuts) < CUTS:
            await history.go_on(30)
        await history.journal.aclose()
    assert history.refused == 0
    lost = 0
    for cut, number in cuts:
        kept = await _kept(cut / "journal.db")
        _assert_nothing_half(kept)
        lost += len(set(history.acknowledged[:number]) - set(kept))
    return lost


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    """At the durability of the disk, whenever the power goes and whatever the disk had in hand."""
    assert await _lost(tmp_path, seed, "disk") == 0


async def test_a_power_cut_loses_events_where_only_the_process_is_promised(tmp_path: Path) -> None:
    """The journal is whole all the same; and the test above can fail."""
    assert sum([await _lost(tmp_path / str(seed), seed, "process") for seed in range(3)]) > 0


def _failing(disk: Disk, error: type[apsw.Error], chance: random.Random) -> Callable[[], None]:
    """Return a watch that fails now and then, and in rows."""
    failing = 0

    def fail() -> None:
        nonlocal failing
        failing = failing - 1 if failing else (chance.randrange(1, 12) if chance.random() < 0.02 else 0)
        if failing:
            raise error("the disk does not want to")

    return fail


@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError], ids=["full", "broken"])
@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_a_failing_disk_loses_nothing_that_was_acknowledged(
    tmp_path: Path, seed: int, error: type[apsw.Error]
) -> None:
    """What fails is refused whole, and what follows is kept."""
    path = tmp_path / "state" / "journal.db"
    with Disk().in_use() as disk:
        history = await _history(path, seed)
        disk.watch = _failing(disk, error, random.Random(seed))
        while history.refused < 3:
            await history.go_on(30)
        disk.watch = lambda: None
        await history.go_on(1)
        await history.journal.aclose()
        kept = await _kept(path)
    _assert_nothing_half(kept)
    assert kept == history.acknowledged


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_a_sync_that_fails_is_not_trusted_afterwards(tmp_path: Path, seed: int) -> None:
    """The system forgets what it could not write; a power cut later loses nothing that was acknowledged since."""
    folder, chance, cuts = tmp_path / "state", random.Random(seed), dict[Path, int]()
    with Disk().in_use() as disk:
        disk.forgetful = True
        history = await _history(folder / "journal.db", seed)
        # Whoever has the file open is told of a failure; nobody is who opens it afterwards.
        history.shared = False
        for number in range(CUTS):
            disk.watch = _failing(disk, apsw.IOError, chance)
            await history.go_on(20)
            disk.watch = lambda: None
            await history.go_on(3)
            cut = tmp_path / f"after-{number}"
            disk.cut(folder, cut, chance)
            cuts[cut / "journal.db"] = len(history.acknowledged)
        await history.journal.aclose()
    assert history.refused
    for path, number in cuts.items():
        assert set(history.acknowledged[:number]) <= set(await _kept(path))

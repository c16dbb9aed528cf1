"""What a journal may delete."""

from __future__ import annotations

from agentcore._delivery.journal import Journal, Passage, Selection
from agentcore.testing._journal._setting import (
    LATER,
    NOW,
    Connect,
    behind,
    failure,
    journalled,
    owned,
    positions,
    records,
)

__all__ = ["PruningContract"]


async def _left(journal: Journal) -> list[int]:
    return [position async for batch in journal.select(Selection()) for position in positions(batch)]


async def _pruned(journal: Journal, *, before: float = LATER, max_size: float = 1e12) -> int:
    """Prune until there is nothing more to delete."""
    total = 0
    while deleted := await journal.prune(before=before, max_size=max_size):
        total += deleted
    return total


class PruningContract:
    """What nobody is owed is deleted, and nothing else."""

    @journalled
    async def test_what_every_lane_has_passed_is_deleted(self, journal: Journal, connect: Connect) -> None:
        """The slowest lane that it was promised to decides."""
        await owned(journal, "store", "audit")
        await journal.append(records(4, lanes=("store", "audit")))
        await journal.append(records(2, lanes=("audit",)))
        await journal.settle("store", Passage(cursor=2, delivered=[1, 2]))
        await journal.settle("audit", Passage(cursor=5, delivered=[1, 2, 3, 4, 5]))
        assert await _pruned(journal) == 3
        assert await _left(journal) == [3, 4, 6]
        assert await behind(journal, "store") == [3, 4]

    @journalled
    async def test_what_is_young_stays(self, journal: Journal, connect: Connect) -> None:
        """Only what was sent before the given time goes."""
        await journal.append(records(4, lanes=()))
        assert await _pruned(journal, before=NOW + 2) == 2
        assert await _left(journal) == [3, 4]

    @journalled
    async def test_what_is_promised_to_nobody_that_is_known_goes(self, journal: Journal, connect: Connect) -> None:
        """A lane that was forgotten holds nothing back."""
        await owned(journal)
        await journal.append(records(2))
        await journal.append(records(2, lanes=("never joined",)))
        await journal.forget("store")
        assert await _pruned(journal) == 4

    @journalled
    async def test_failures_and_dead_letters_are_kept(self, journal: Journal, connect: Connect) -> None:
        """Until they are delivered, or dropped."""
        await owned(journal)
        await journal.append(records(4))
        await journal.settle("store", Passage(cursor=4, delivered=[1, 3], retry=[failure(2)], dead=[failure(4)]))
        assert await _pruned(journal) == 2
        assert await behind(journal, now=LATER) == [2]
        assert [letter.appended.record.id for letter in await journal.dead()] == ["agent_complete-r1-3"]
        await journal.settle("store", Passage(delivered=[2]))
        await journal.drop("store")
        assert await _pruned(journal) == 2

    @journalled
    async def test_what_is_too_large_shrinks(self, journal: Journal, connect: Connect) -> None:
        """However young the events are; what is owed stays all the same."""
        await owned(journal)
        await journal.append(records(1))
        for number in range(4):
            await journal.append(records(100, run=f"run-{number}", lanes=()))
        assert await _pruned(journal, before=0, max_size=0) == 400
        assert await _left(journal) == [1]

    @journalled
    async def test_a_large_journal_is_emptied_step_by_step(self, journal: Journal, connect: Connect) -> None:
        """Each call does a bounded amount of work, behind what must stay."""
        await owned(journal)
        await journal.append(records(300))
        for number in range(25):
            await journal.append(records(1000, run=f"run-{number}", lanes=()))
        assert 0 < await journal.prune(before=LATER, max_size=1e12) < 25_000
        await _pruned(journal)
        assert await journal.count(Selection()) == 300

    @journalled
    async def test_a_run_goes_on_after_pruning(self, journal: Journal, connect: Connect) -> None:
        """What was deleted with its first events is known again with the next."""
        await owned(journal)
        await journal.append(records(2))
        await journal.settle("store", Passage(cursor=2, delivered=[1, 2]))
        assert await _pruned(journal) == 2
        (record,) = records(1)
        await journal.append([record])
        (event,) = await journal.read("store", 10, NOW)
        assert (event.position, event.record) == (3, record)

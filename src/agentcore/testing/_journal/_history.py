"""What a journal owes a lane that begins at the beginning."""

from __future__ import annotations

from agentcore._delivery.journal import Journal, Passage
from agentcore.testing._journal._lanes import state
from agentcore.testing._journal._setting import NOW, Connect, behind, journalled, opened, records

__all__ = ["HistoryContract"]


async def _begun(journal: Journal) -> None:
    """Three events that were promised to others, two of another hook, then the lane, then one for it and one not."""
    await journal.append(records(2, lanes=("audit",)))
    await journal.append(records(2, hook="tool_execute", lanes=("audit",)))
    await journal.append(records(1, lanes=()))
    await journal.join("store", ["agent_complete"], "beginning")
    await journal.append(records(1, lanes=("store", "audit")))
    await journal.append(records(1, lanes=("audit",)))


class HistoryContract:
    """A lane may ask for what was there before it."""

    @journalled
    async def test_the_history_is_what_its_hooks_have_seen(self, journal: Journal, connect: Connect) -> None:
        """Whoever it was promised to; what comes later is owed only where it is promised."""
        await _begun(journal)
        assert await behind(journal) == [1, 2, 5, 6]
        assert await behind(journal, limit=3) == [1, 2, 5]

    @journalled
    async def test_the_history_is_gone_through_once(self, journal: Journal, connect: Connect) -> None:
        """From wherever the cursor stands, also after reopening."""
        await _begun(journal)
        await journal.settle("store", Passage(cursor=2, delivered=[1, 2]))
        await journal.aclose()
        async with opened(connect) as again:
            assert await behind(again) == [5, 6]
            await again.settle("store", Passage(cursor=5, delivered=[5]))
            assert await behind(again) == [6]

    @journalled
    async def test_the_history_waits(self, journal: Journal, connect: Connect) -> None:
        """It is counted with the rest."""
        await _begun(journal)
        assert ((await state(journal)).waiting, (await state(journal)).oldest) == (4, NOW)
        await journal.settle("store", Passage(cursor=5, delivered=[1, 2, 5]))
        assert (await state(journal)).waiting == 1

    @journalled
    async def test_the_history_is_kept_for_the_lane(self, journal: Journal, connect: Connect) -> None:
        """Nothing of it is deleted before it was passed; what else is old goes."""
        await _begun(journal)
        assert await journal.prune(before=NOW + 100, max_size=1e12) == 3
        assert await behind(journal) == [1, 2, 5, 6]

    @journalled
    async def test_a_journal_without_events_has_no_history(self, journal: Journal, connect: Connect) -> None:
        """The lane reads what is promised to it from then on."""
        await journal.join("store", ["agent_complete"], "beginning")
        await journal.append(records(1, lanes=("store",)))
        await journal.append(records(1, lanes=("audit",)))
        assert await behind(journal) == [1]

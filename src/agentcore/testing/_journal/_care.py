"""What else a journal must do."""

from __future__ import annotations

from agentcore._delivery.journal import Journal, JournalStats, Passage
from agentcore.testing._journal._setting import NOW, Connect, failure, journalled, opened, owned, records

__all__ = ["CareContract"]


class CareContract:
    """Bookmarks, figures, and whether it is whole."""

    @journalled
    async def test_bookmarks_are_kept(self, journal: Journal, connect: Connect) -> None:
        """By name, over reopening, until they are forgotten."""
        assert await journal.bookmark("replay") is None
        await journal.keep_bookmark("replay", 7)
        await journal.keep_bookmark("other", 1)
        await journal.keep_bookmark("replay", 9)
        await journal.aclose()
        async with opened(connect) as again:
            assert await again.bookmark("replay") == 9
            await again.keep_bookmark("replay", None)
            assert await again.bookmark("replay") is None
            assert await again.bookmark("other") == 1

    @journalled
    async def test_an_empty_journal_has_figures(self, journal: Journal, connect: Connect) -> None:
        """None where there is nothing to tell of."""
        stats = await journal.stats()
        assert stats == JournalStats(
            events=0,
            size=stats.size,
            first=None,
            last=0,
            oldest=None,
            newest=None,
            durability=journal.durability,
        )

    @journalled
    async def test_a_journal_has_figures(self, journal: Journal, connect: Connect) -> None:
        """Of the events that are left, and of the last position ever."""
        await journal.append(records(3, lanes=()))
        await owned(journal)
        await journal.append(records(2))
        assert await journal.prune(before=NOW + 100, max_size=1e12) == 3
        stats = await journal.stats()
        assert stats.size > 0
        assert (stats.events, stats.first, stats.last) == (2, 4, 5)
        assert (stats.oldest, stats.newest) == (NOW, NOW + 1)

    @journalled
    async def test_a_whole_journal_has_no_problems(self, journal: Journal, connect: Connect) -> None:
        """Whatever was done with it."""
        await owned(journal)
        await journal.append(records(5))
        await journal.settle("store", Passage(cursor=4, delivered=[1], retry=[failure(2)], dead=[failure(3)]))
        await journal.prune(before=NOW + 100, max_size=1e12)
        assert list(await journal.check()) == []

    @journalled
    async def test_it_says_where_it_is(self, journal: Journal, connect: Connect) -> None:
        """For people who look for it."""
        assert journal.place
        async with opened(connect) as other:
            assert other.place == journal.place

    @journalled
    async def test_closing_again_does_nothing(self, journal: Journal, connect: Connect) -> None:
        """Whoever comes first."""
        await journal.aclose()
        await journal.aclose()

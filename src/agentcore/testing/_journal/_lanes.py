"""What a journal must do with lanes."""

from __future__ import annotations

import os

import pytest

from agentcore._delivery.journal import Journal, LaneState, Passage
from agentcore.errors import JournalError
from agentcore.testing._journal._setting import NOW, Connect, behind, given, journalled, opened, owned, records

__all__ = ["LaneContract"]


async def state(journal: Journal, lane: str = "store") -> LaneState:
    """Return one lane's state."""
    (found,) = [each for each in await journal.lanes() if each.lane == lane]
    return found


class LaneContract:
    """Lanes are known, owned, read and settled."""

    @journalled
    async def test_a_lane_reads_what_is_promised_to_it(self, journal: Journal, connect: Connect) -> None:
        """In order, and nothing that is for others alone."""
        await owned(journal, "store", "audit")
        await journal.append(records(2, lanes=("store",)))
        await journal.append(records(2, lanes=("audit",)))
        await journal.append(records(2, lanes=("audit", "store")))
        await journal.append(records(2, lanes=()))
        await journal.append(records(1, lanes=("store",)))
        assert await behind(journal, "store") == [1, 2, 5, 6, 9]
        assert await behind(journal, "audit") == [3, 4, 5, 6]

    @journalled
    async def test_a_new_event_is_at_its_first_attempt(self, journal: Journal, connect: Connect) -> None:
        """Attempts are counted from 1."""
        await owned(journal)
        (record,) = records(1)
        await journal.append([record])
        (event,) = await journal.read("store", 10, NOW)
        assert (event.record, event.attempt) == (record, 1)

    @journalled
    async def test_a_lane_reads_no_more_than_it_asks_for(self, journal: Journal, connect: Connect) -> None:
        """The oldest come first, also of several sets of lanes."""
        await owned(journal)
        for lanes in [("store",), ("store", "audit"), ("store",), ("x", "store")]:
            await journal.append(records(2, lanes=lanes))
        assert await behind(journal, limit=5) == [1, 2, 3, 4, 5]

    @journalled
    async def test_what_is_not_settled_is_read_again(self, journal: Journal, connect: Connect) -> None:
        """Reading changes nothing."""
        await owned(journal)
        await journal.append(records(3))
        assert await behind(journal) == await behind(journal) == [1, 2, 3]

    @journalled
    async def test_what_is_settled_is_not_read_again(self, journal: Journal, connect: Connect) -> None:
        """The cursor stands where it was put, also after reopening."""
        await owned(journal)
        await journal.append(records(5))
        await journal.settle("store", Passage(cursor=3, delivered=[1, 2, 3]))
        assert await behind(journal) == [4, 5]
        await journal.aclose()
        async with opened(connect) as again:
            assert await behind(again) == [4, 5]

    @journalled
    async def test_a_cursor_never_goes_back(self, journal: Journal, connect: Connect) -> None:
        """What it has passed may have been deleted."""
        await owned(journal)
        await journal.append(records(5))
        await journal.settle("store", Passage(cursor=4, delivered=[1, 2, 3, 4]))
        await journal.settle("store", Passage(cursor=2))
        assert await behind(journal) == [5]

    @journalled
    async def test_settling_nothing_leaves_the_cursor(self, journal: Journal, connect: Connect) -> None:
        """None means where it is."""
        await owned(journal)
        await journal.append(records(2))
        await journal.settle("store", Passage())
        assert await behind(journal) == [1, 2]

    @journalled
    async def test_a_new_lane_begins_behind_what_is_there(self, journal: Journal, connect: Connect) -> None:
        """Unless it asks for the history."""
        await journal.append(records(3))
        await owned(journal)
        await journal.append(records(1))
        assert await behind(journal) == [4]

    @journalled
    async def test_a_known_lane_keeps_its_cursor(self, journal: Journal, connect: Connect) -> None:
        """Whatever it asks for; its hooks are those that it named last."""
        await owned(journal)
        await given(journal, records(3))
        await journal.settle("store", Passage(cursor=2, delivered=[1, 2]))
        await journal.join("store", ["tool_execute", "agent_start"], "now")
        await journal.join("store", ["tool_execute", "agent_start"], "beginning")
        assert await behind(journal) == [3]
        assert (await state(journal)).hooks == ("agent_start", "tool_execute")

    @journalled
    async def test_a_lane_has_one_owner(self, journal: Journal, connect: Connect) -> None:
        """Who owns it may ask again; others may not until it is let go of."""
        await owned(journal)
        async with opened(connect) as other:
            assert await journal.own("store")
            assert not await other.own("store")
            await other.disown("store")
            assert not await other.own("store")
            await journal.disown("store")
            assert await other.own("store")
            assert not await journal.own("store")

    @journalled
    async def test_lanes_are_owned_one_by_one(self, journal: Journal, connect: Connect) -> None:
        """Two may share the work."""
        await owned(journal, "store")
        async with opened(connect) as other:
            await owned(other, "audit")
            assert not await journal.own("audit")

    @journalled
    async def test_closing_lets_go_of_lanes(self, journal: Journal, connect: Connect) -> None:
        """Also where nobody said so."""
        await owned(journal)
        async with opened(connect) as other:
            await journal.aclose()
            assert await other.own("store")

    @journalled
    async def test_lanes_are_described(self, journal: Journal, connect: Connect) -> None:
        """By name, with what waits, what was delivered and who delivers it."""
        await owned(journal, "store", "audit")
        await journal.disown("audit")
        await journal.append(records(4))
        await journal.settle("store", Passage(cursor=1, delivered=[1]))
        assert await journal.lanes() == [
            LaneState(
                lane=lane,
                hooks=("agent_complete",),
                cursor=cursor,
                waiting=waiting,
                retrying=0,
                dead=0,
                delivered=delivered,
                retried=0,
                oldest=oldest,
                owner=owner,
                paused_until=None,
            )
            for lane, cursor, waiting, delivered, oldest, owner in [
                ("audit", 0, 0, 0, None, None),
                ("store", 1, 3, 1, NOW + 1, os.getpid()),
            ]
        ]

    @journalled
    async def test_others_see_the_owner(self, journal: Journal, connect: Connect) -> None:
        """And looking takes nothing from it."""
        await owned(journal)
        async with opened(connect) as other:
            assert (await state(other)).owner == os.getpid()
            assert not await other.own("store")
            await journal.disown("store")
            assert (await state(other)).owner is None

    @journalled
    async def test_a_pause_is_seen(self, journal: Journal, connect: Connect) -> None:
        """Until it ends."""
        await owned(journal)
        await journal.pause("store", NOW + 30)
        assert (await state(journal)).paused_until == NOW + 30
        await journal.pause("store", None)
        assert (await state(journal)).paused_until is None

    @journalled
    async def test_a_forgotten_lane_is_owed_nothing(self, journal: Journal, connect: Connect) -> None:
        """It is gone, and one of its name begins anew."""
        await owned(journal)
        await journal.append(records(3))
        await journal.forget("store")
        assert await journal.lanes() == []
        async with opened(connect) as other:
            await owned(other)
            assert await behind(other) == []

    @pytest.mark.parametrize("method", ["own", "disown", "blocked", "next_due", "forget", "dead", "revive", "drop"])
    def test_an_unknown_lane_is_refused(self, connect: Connect, method: str) -> None:
        """The error names it, and the nearest that is known."""

        async def check(case: object, journal: Journal, connect: Connect) -> None:
            await owned(journal)
            with pytest.raises(JournalError, match=r"'stoer'.*\n.*'store'"):
                await getattr(journal, method)("stoer")

        journalled(check)(self, connect)

    @journalled
    async def test_an_unknown_lane_can_be_neither_read_nor_settled(self, journal: Journal, connect: Connect) -> None:
        """It may have been forgotten by another process."""
        with pytest.raises(JournalError):
            await journal.read("store", 10, NOW)
        with pytest.raises(JournalError):
            await journal.settle("store", Passage(cursor=1))
        with pytest.raises(JournalError):
            await journal.pause("store", None)

"""What a journal must do with deliveries that fail."""

from __future__ import annotations

import pytest

from agentcore._delivery.journal import Journal, Passage
from agentcore.testing._journal._lanes import state
from agentcore.testing._journal._setting import (
    LATER,
    NOW,
    Connect,
    behind,
    failed,
    failure,
    given,
    journalled,
    opened,
    owned,
    records,
)

__all__ = ["FailureContract"]


async def _two_runs(journal: Journal) -> None:
    """Positions 1 to 3 of one run, 4 and 5 of another."""
    await owned(journal)
    await journal.append(records(3, run="r1"))
    await journal.append(records(2, run="r2"))


class FailureContract:
    """What fails is repeated, or given up."""

    @journalled
    async def test_a_failure_comes_again_when_it_is_due(self, journal: Journal, connect: Connect) -> None:
        """Not before, and with the number of the attempt."""
        await owned(journal)
        await journal.append(records(1))
        await failed(journal, failure(1, attempts=2, due=NOW + 5))
        assert await behind(journal, now=NOW + 4.9) == []
        (event,) = await journal.read("store", 10, NOW + 5)
        assert (event.position, event.attempt) == (1, 3)

    @journalled
    async def test_failures_come_before_new_events(self, journal: Journal, connect: Connect) -> None:
        """Both within the limit."""
        await _two_runs(journal)
        await failed(journal, failure(1), failure(4, run="r2"))
        assert await behind(journal) == [1, 4, 5]
        assert await behind(journal, limit=2) == [1, 4]

    @journalled
    async def test_new_events_of_a_failing_run_are_read(self, journal: Journal, connect: Connect) -> None:
        """Whoever delivers keeps the order, and knows the runs that are blocked."""
        await _two_runs(journal)
        await failed(journal, failure(1, due=LATER))
        assert await behind(journal) == [2, 3, 4, 5]
        assert set(await journal.blocked("store")) == {"r1"}

    @journalled
    async def test_only_the_oldest_failure_of_a_run_comes(self, journal: Journal, connect: Connect) -> None:
        """The others wait for it, whenever they are due."""
        await _two_runs(journal)
        await failed(
            journal, failure(1, due=NOW + 5), failure(2, attempts=0), failure(3, attempts=0), failure(4, run="r2")
        )
        assert await behind(journal, now=NOW) == [4, 5]
        assert await behind(journal, now=NOW + 5) == [1, 4, 5]
        await journal.settle("store", Passage(delivered=[1]))
        assert await behind(journal) == [2, 4, 5]
        await journal.settle("store", Passage(delivered=[2, 4]))
        assert await behind(journal) == [3, 5]
        assert set(await journal.blocked("store")) == {"r1"}
        await journal.settle("store", Passage(delivered=[3]))
        assert await journal.blocked("store") in ([], (), set(), frozenset())

    @journalled
    async def test_the_next_failure_is_known(self, journal: Journal, connect: Connect) -> None:
        """Of those that wait for another none is due."""
        await _two_runs(journal)
        assert await journal.next_due("store") is None
        await failed(journal, failure(1, due=NOW + 9), failure(2, due=NOW + 1), failure(4, run="r2", due=NOW + 5))
        assert await journal.next_due("store") == NOW + 5
        await journal.settle("store", Passage(delivered=[1, 4]))
        assert await journal.next_due("store") == NOW + 1
        await journal.settle("store", Passage(delivered=[2]))
        assert await journal.next_due("store") is None

    @journalled
    async def test_failures_survive_reopening(self, journal: Journal, connect: Connect) -> None:
        """With their times and attempts."""
        await owned(journal)
        await journal.append(records(1))
        await failed(journal, failure(1, attempts=4, due=NOW + 5))
        await journal.aclose()
        async with opened(connect) as again:
            assert await again.next_due("store") == NOW + 5
            (event,) = await again.read("store", 10, NOW + 5)
            assert event.attempt == 5

    @journalled
    async def test_a_lane_fails_alone(self, journal: Journal, connect: Connect) -> None:
        """What one lane fails in is nobody else's."""
        await owned(journal, "store", "audit")
        await journal.append(records(2, lanes=("store", "audit")))
        await failed(journal, failure(1), failure(2, attempts=0))
        assert await behind(journal, "audit") == [1, 2]
        assert not await journal.blocked("audit")

    @journalled
    async def test_failures_and_repetitions_are_counted(self, journal: Journal, connect: Connect) -> None:
        """Waiting behind another is no attempt."""
        await _two_runs(journal)
        await failed(
            journal, failure(1, attempts=1), failure(2, attempts=0, error=""), failure(4, run="r2", attempts=1)
        )
        seen = await state(journal)
        assert (seen.waiting, seen.retrying, seen.retried, seen.oldest) == (4, 3, 0, NOW)
        await failed(journal, failure(1, attempts=2))
        assert (await state(journal)).retried == 1
        await journal.settle("store", Passage(delivered=[1, 4]))
        await journal.settle("store", Passage(delivered=[2]))
        seen = await state(journal)
        assert (seen.waiting, seen.retrying, seen.retried, seen.delivered) == (1, 0, 3, 3)

    @journalled
    async def test_what_is_given_up_becomes_a_dead_letter(self, journal: Journal, connect: Connect) -> None:
        """With its event, its attempts and its error."""
        await owned(journal)
        (record,) = records(1)
        await journal.append([record])
        await journal.settle("store", Passage(cursor=1, dead=[failure(1, attempts=8, error="no luck")]))
        assert await behind(journal, now=LATER) == []
        (letter,) = await journal.dead("store")
        assert (letter.lane, letter.appended.position, letter.appended.record) == ("store", 1, record)
        assert (letter.attempts, letter.error) == (8, "no luck")
        assert letter.time > NOW
        assert (await state(journal)).dead == 1

    @journalled
    async def test_a_dead_letter_blocks_nobody(self, journal: Journal, connect: Connect) -> None:
        """What waited behind it in its run is next."""
        await _two_runs(journal)
        await failed(journal, failure(1), failure(2, attempts=0))
        await journal.settle("store", Passage(dead=[failure(1, attempts=8)]))
        assert await behind(journal) == [2, 3, 4, 5]

    @journalled
    async def test_dead_letters_are_listed_oldest_first(self, journal: Journal, connect: Connect) -> None:
        """Of one lane or of all, and no more than are asked for."""
        await owned(journal, "store", "audit")
        await journal.append(records(3, lanes=("store", "audit")))
        await journal.settle("store", Passage(cursor=2, dead=[failure(1), failure(2)]))
        await journal.settle("audit", Passage(cursor=3, dead=[failure(3)]))
        listed = [(letter.lane, letter.appended.position) for letter in await journal.dead()]
        assert listed == [("store", 1), ("store", 2), ("audit", 3)]
        assert [letter.appended.position for letter in await journal.dead(limit=2)] == [1, 2]
        assert [letter.lane for letter in await journal.dead("audit")] == ["audit"]

    @journalled
    async def test_a_dead_letter_can_be_revived(self, journal: Journal, connect: Connect) -> None:
        """It is due at once, as if it had never been tried, and in its place in its run."""
        await owned(journal)
        await given(journal, records(3))
        await journal.settle("store", Passage(cursor=3, dead=[failure(1), failure(2)], retry=[failure(3, due=LATER)]))
        assert await journal.revive("store", [2, 3]) == 1
        (event,) = await journal.read("store", 10, LATER)
        assert (event.position, event.attempt) == (2, 1)
        assert await journal.revive("store") == 1
        assert await behind(journal, now=LATER) == [1]
        assert await journal.revive("store") == 0
        assert not await journal.dead()

    @journalled
    async def test_dead_letters_can_be_dropped(self, journal: Journal, connect: Connect) -> None:
        """Some, or all of a lane."""
        await owned(journal, "store", "audit")
        await journal.append(records(3, lanes=("store", "audit")))
        for lane in ("store", "audit"):
            await journal.settle(lane, Passage(cursor=3, dead=[failure(1), failure(2), failure(3)]))
        assert await journal.drop("store", [2, 99]) == 1
        assert [letter.appended.position for letter in await journal.dead("store")] == [1, 3]
        assert await journal.drop("store") == 2
        assert len(await journal.dead()) == 3

    @journalled
    async def test_a_batch_is_settled_in_one_step(self, journal: Journal, connect: Connect) -> None:
        """The cursor, what was delivered, what is to be repeated and what was given up."""
        await owned(journal)
        await journal.append(records(4))
        async with opened(connect) as other:
            await journal.settle(
                "store", Passage(cursor=3, delivered=[1], retry=[failure(2, due=LATER)], dead=[failure(3, run="r1")])
            )
            seen = await state(other)
            assert (seen.cursor, seen.delivered, seen.retrying, seen.dead, seen.waiting) == (3, 1, 1, 1, 2)

    @pytest.mark.parametrize("positions", [[], [99]], ids=["none", "unknown"])
    def test_only_dead_letters_are_revived_and_dropped(self, connect: Connect, positions: list[int]) -> None:
        """What is not one is left as it is."""

        async def check(case: object, journal: Journal, connect: Connect) -> None:
            await owned(journal)
            await journal.append(records(1))
            await journal.settle("store", Passage(cursor=1, dead=[failure(1)]))
            assert await journal.revive("store", positions) == await journal.drop("store", positions) == 0
            assert len(await journal.dead()) == 1

        journalled(check)(self, connect)

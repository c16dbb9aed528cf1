"""What a journal must do with events."""

from __future__ import annotations

import pytest

from agentcore._delivery.journal import Journal, Record, Selection
from agentcore.testing._journal._setting import NOW, Connect, given, journalled, opened, positions, records

__all__ = ["EventContract"]

_RECORD = Record(
    id="e-1",
    hook="tool_execute",
    run="ünïcode ✓",
    root="",
    agent="a\"b'c",
    time=1234567890.123456,
    payload=bytes(range(256)) * 50,
    lanes=("store", "audit", 'a "lane"'),
)


async def _selected(journal: Journal, selection: Selection, batch: int = 2) -> list[int]:
    return [position async for each in journal.select(selection, batch=batch) for position in positions(each)]


class EventContract:
    """Events are appended and read."""

    @journalled
    async def test_a_new_journal_is_empty(self, journal: Journal, connect: Connect) -> None:
        """Nothing is in it, and its last position is 0."""
        assert await journal.last() == 0
        assert await _selected(journal, Selection()) == []

    @journalled
    async def test_positions_grow_from_one(self, journal: Journal, connect: Connect) -> None:
        """Append returns the position of the last event, and the next follow."""
        assert await journal.append(records(3)) == 3
        assert await journal.append(records(2, run="r2")) == 5
        assert await journal.last() == 5

    @journalled
    async def test_appending_nothing_changes_nothing(self, journal: Journal, connect: Connect) -> None:
        """No event, no position."""
        await journal.append(records(3))
        assert await journal.append([]) == 3
        assert await journal.last() == 3

    @journalled
    async def test_an_event_is_read_as_it_was_written(self, journal: Journal, connect: Connect) -> None:
        """Every field comes back, whatever is in it."""
        await journal.append([_RECORD])
        (batch,) = [batch async for batch in journal.select(Selection())]
        assert [(each.position, each.record) for each in batch] == [(1, _RECORD)]

    @journalled
    async def test_events_survive_reopening(self, journal: Journal, connect: Connect) -> None:
        """What was appended is there, and positions go on."""
        await given(journal, records(3))
        await journal.aclose()
        async with opened(connect) as again:
            assert await _selected(again, Selection()) == [1, 2, 3]
            assert await again.append(records(1)) == 4

    @journalled
    async def test_everybody_sees_what_anybody_appends(self, journal: Journal, connect: Connect) -> None:
        """Two that are open at once share one order of positions."""
        async with opened(connect) as other:
            assert await journal.append(records(2)) == 2
            assert await other.append(records(2, run="r2")) == 4
            assert await journal.append(records(2, run="r2")) == 6
            assert await journal.last() == await other.last() == 6
            assert await _selected(journal, Selection()) == await _selected(other, Selection()) == [1, 2, 3, 4, 5, 6]

    @journalled
    async def test_the_same_event_may_be_appended_again(self, journal: Journal, connect: Connect) -> None:
        """Who does not know whether an append was kept sends it again; the id tells readers."""
        await journal.append([_RECORD])
        assert await journal.append([_RECORD]) == 2

    @journalled
    async def test_a_position_is_never_used_again(self, journal: Journal, connect: Connect) -> None:
        """Also where the newest events were deleted, and the journal was closed."""
        await journal.append(records(3, lanes=()))
        assert await journal.prune(before=NOW + 100, max_size=1e12) == 3
        await journal.aclose()
        async with opened(connect) as again:
            assert await again.last() == 3
            assert await again.append(records(1)) == 4

    @pytest.mark.parametrize("batch", [1, 2, 3, 100])
    def test_batches_are_of_the_size_that_is_asked_for(self, connect: Connect, batch: int) -> None:
        """All but the last."""

        async def check(case: object, journal: Journal, connect: Connect) -> None:
            await journal.append(records(7))
            sizes = [len(each) async for each in journal.select(Selection(), batch=batch)]
            assert sum(sizes) == 7
            assert all(size == batch for size in sizes[:-1])

        journalled(check)(self, connect)

    @journalled
    async def test_reading_does_not_keep_others_from_writing(self, journal: Journal, connect: Connect) -> None:
        """A reader that stands between two batches may stay there for ever."""
        await journal.append(records(4))
        async with opened(connect) as other:
            reading = journal.select(Selection(until=4), batch=2)
            read = positions(await anext(reading))
            await other.append(records(2))
            await journal.append(records(2))
            read += [position async for each in reading for position in positions(each)]
        assert read == [1, 2, 3, 4]

    @pytest.mark.parametrize(
        ("selection", "expected"),
        [
            pytest.param(Selection(), [1, 2, 3, 4, 5, 6, 7], id="all"),
            pytest.param(Selection(after=5), [6, 7], id="after"),
            pytest.param(Selection(until=2), [1, 2], id="until"),
            pytest.param(Selection(after=2, until=4), [3, 4], id="between"),
            pytest.param(Selection(after=7), [], id="behind the last"),
            pytest.param(Selection(hooks=("tool_execute",)), [5, 6], id="one hook"),
            pytest.param(Selection(hooks=("tool_execute", "plugin_error")), [5, 6, 7], id="two hooks"),
            pytest.param(Selection(hooks=("never_sent",)), [], id="unknown hook"),
            pytest.param(Selection(run="aaa1"), [1, 2, 3, 4], id="a run and its descendants"),
            pytest.param(Selection(run="bbb"), [3, 4], id="beginning of a sub-run"),
            pytest.param(Selection(run="ccc9"), [5, 6], id="another run"),
            pytest.param(Selection(run="aa%"), [], id="no pattern"),
            pytest.param(Selection(run="d"), [], id="unknown run"),
            pytest.param(Selection(since=NOW + 1), [2, 4, 6], id="since"),
            pytest.param(Selection(run="aaa1", since=NOW + 1, after=2), [4], id="everything at once"),
        ],
    )
    def test_events_can_be_selected(self, connect: Connect, selection: Selection, expected: list[int]) -> None:
        """By position, hook, run and time; counting finds the same."""

        async def check(case: object, journal: Journal, connect: Connect) -> None:
            await journal.append(records(2, run="aaa1"))
            await journal.append(records(2, run="bbb2", root="aaa1"))
            await journal.append(records(2, run="ccc9", hook="tool_execute", lanes=()))
            await journal.append(records(1, run="", hook="plugin_error"))
            assert await _selected(journal, selection) == expected
            assert await journal.count(selection) == len(expected)

        journalled(check)(self, connect)

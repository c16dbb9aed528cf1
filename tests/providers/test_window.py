"""A limit on what happens in any period, in real time."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentcore.providers._window import Entry, Window, WouldWait


async def _enter(window: Window, tokens: int = 0) -> Entry:
    return await window.enter(tokens, patience=None, waits=lambda seconds: None)


async def test_who_waits_goes_on_by_itself() -> None:
    """Nobody has to end for the next one to have its turn: time is enough."""
    window = Window(requests=2, tokens=None, places=100, period=0.05)
    began = [(await _enter(window)).at for _ in range(5)]
    assert all(later - earlier >= 0.05 for earlier, later in zip(began, began[2:], strict=False))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=8), st.integers(1, 4), st.integers(5, 12))
def test_no_period_has_more(sizes: list[int], requests: int, tokens: int) -> None:
    """However large the calls are, no period has more of either, but for one call that is larger than the limit."""

    async def go() -> list[Entry]:
        window = Window(requests=requests, tokens=tokens, places=100, period=0.01)
        return list(await asyncio.gather(*(_enter(window, each) for each in sizes)))

    entries = asyncio.run(go())
    assert [each.at for each in entries] == sorted(each.at for each in entries)
    for first in entries:
        period = [each for each in entries if 0 <= each.at - first.at < 0.01]
        assert len(period) <= requests
        assert sum(each.tokens for each in period) <= tokens


async def test_what_is_settled_makes_room() -> None:
    """A call that took less than was guessed lets the next one go at once."""
    window = Window(requests=None, tokens=100, places=100)
    entry = await _enter(window, 90)
    waiting = asyncio.create_task(_enter(window, 50))
    await asyncio.sleep(0)
    assert window.waiting == 1
    window.settle(entry, 10)
    await asyncio.wait_for(waiting, 10)
    assert window.waiting == 0


async def test_who_would_wait_too_long_does_not() -> None:
    """It takes no place, and no time."""
    window = Window(requests=1, tokens=None, places=100)
    await _enter(window)
    with pytest.raises(WouldWait):
        await window.enter(0, patience=30, waits=lambda seconds: None)
    assert window.waiting == 0

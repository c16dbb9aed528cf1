"""Things that belong to one event loop."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from agentcore.models._per_loop import PerLoop


class Shop:
    """Makes things, and knows which of them are open."""

    def __init__(self) -> None:
        self.made = 0
        self.open: set[int] = set()

    @asynccontextmanager
    async def make(self) -> AsyncGenerator[int, None]:
        self.made += 1
        number = self.made
        await asyncio.sleep(0)
        self.open.add(number)
        try:
            yield number
        finally:
            self.open.remove(number)


def test_each_loop_has_its_own_and_closes_it_at_its_end() -> None:
    """Nobody has to close it."""
    shop = Shop()
    things = PerLoop(shop.make)

    async def twice() -> tuple[int, int]:
        return await things.get(), await things.get()

    assert asyncio.run(twice()) == (1, 1)
    assert shop.open == set()
    assert asyncio.run(twice()) == (2, 2)
    assert shop.open == set()


async def test_those_who_come_at_once_get_the_same() -> None:
    """What was made too much is closed at once."""
    shop = Shop()
    things = PerLoop(shop.make)
    (got,) = set(await asyncio.gather(*(things.get() for _ in range(3))))
    assert shop.made == 3
    assert shop.open == {got}
    await things.aclose()
    assert shop.open == set()


async def test_after_closing_a_new_one_is_made() -> None:
    """Whoever closes a shared model harms nobody."""
    things = PerLoop(Shop().make)
    assert await things.get() == 1
    await things.aclose()
    assert await things.get() == 2
    await things.aclose()


def test_a_loop_that_was_closed_the_hard_way_is_forgotten() -> None:
    """It gave nobody the time to close anything, and would be held for ever."""
    shop = Shop()
    things = PerLoop(shop.make)
    for expected in (1, 2):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(things.get()) == expected
        loop.close()
    assert len(things._held) == 1  # pyright: ignore[reportPrivateUsage]

    async def close() -> None:
        await things.aclose()

    asyncio.run(close())
    assert len(things._held) == 0  # pyright: ignore[reportPrivateUsage]

"""What the tests of journals share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import update_wrapper
from typing import Any, Final, Protocol, TypeAlias

from agentcore._delivery.journal import Appended, Failure, Journal, Passage, Record

__all__ = [
    "LATER",
    "NOW",
    "Connect",
    "behind",
    "failure",
    "given",
    "journalled",
    "opened",
    "owned",
    "positions",
    "records",
]

Connect: TypeAlias = Callable[[], Journal]
"""Makes another journal of the same log, not yet open."""

NOW: Final = 1_000_000.0
"""The time of the first event of :func:`records`; each later one is sent a second later."""
LATER: Final = 4_000_000_000.0
"""A time at which everything is due."""


class _Test(Protocol):
    def __call__(self, case: Any, /, journal: Journal, connect: Connect) -> Awaitable[None]: ...


def journalled(test: _Test) -> Callable[[Any, Connect], None]:
    """Run *test* on an event loop, with an open journal and the means to make another."""

    def run(self: Any, connect: Connect) -> None:
        async def main() -> None:
            async with opened(connect) as journal:
                await test(self, journal=journal, connect=connect)

        asyncio.run(main())

    update_wrapper(run, test)
    # pytest would look through it, and ask for a fixture named 'journal'.
    del run.__wrapped__  # type: ignore[attr-defined]
    return run


@asynccontextmanager
async def opened(connect: Connect) -> AsyncGenerator[Journal]:
    """Open one more journal of the same log, as another process would."""
    journal = connect()
    await journal.open()
    try:
        yield journal
    finally:
        await journal.aclose()


def records(
    count: int, *, lanes: tuple[str, ...] = ("store",), run: str = "r1", root: str = "", hook: str = "agent_complete"
) -> list[Record]:
    """Make *count* events of one run."""
    return [
        Record(
            id=f"{hook}-{run}-{number}",
            hook=hook,
            run=run,
            root=root or run,
            agent="triage",
            time=NOW + number,
            payload=b'{"output":"%d"}' % number,
            lanes=lanes,
        )
        for number in range(count)
    ]


async def owned(journal: Journal, *lanes: str) -> None:
    """Make lanes known and this journal their owner."""
    for lane in lanes or ("store",):
        await journal.join(lane, ["agent_complete"], "now")
        assert await journal.own(lane)


async def given(journal: Journal, appended: Iterable[Record]) -> list[int]:
    """Append events, and return their positions."""
    batch = list(appended)
    newest = await journal.append(batch)
    return list(range(newest - len(batch) + 1, newest + 1))


async def behind(journal: Journal, lane: str = "store", *, limit: int = 1000, now: float = NOW) -> list[int]:
    """Return the positions of what *lane* is to deliver next."""
    return positions(await journal.read(lane, limit, now))


def positions(events: Sequence[Appended]) -> list[int]:
    """Return the positions of *events*."""
    return [each.position for each in events]


def failure(position: int, *, run: str = "r1", attempts: int = 1, due: float = NOW, error: str = "broken") -> Failure:
    """Make a failed delivery."""
    return Failure(position=position, run=run, attempts=attempts, due=due, error=error)


async def failed(journal: Journal, *failures: Failure, lane: str = "store") -> None:
    """Settle failures, and everything up to the last of them as seen."""
    await journal.settle(lane, Passage(cursor=max(each.position for each in failures), retry=failures))

"""Delivers the events of one lane, one by one, in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic, time
from typing import Final, TypeAlias

from attrs import define, field

from agentcore._delivery.breaker import Breaker, backoff
from agentcore._delivery.journal import Failure, Passage
from agentcore._delivery.parcel import Parcel
from agentcore._delivery.source import Source
from agentcore.errors import JournalError

__all__ = ["BATCH", "Execute", "Worker", "tell_unusable"]

logger = logging.getLogger("agentcore.delivery")

Execute: TypeAlias = Callable[[Parcel], Awaitable[BaseException | None]]
"""Calls the provider with an event; returns what it raised, None where it went well."""

BATCH: Final = 100
"""Events that are settled in one step, and so what may be delivered twice after a crash."""

_PATIENCE: Final = 1.0
"""Seconds between two tries to use a journal that does not answer."""

_LONGEST_ERROR: Final = 500
"""Characters of an error that are kept."""


@define
class _Tally:
    """What became of the parcels of one batch."""

    delivered: list[int] = field(factory=list[int])
    retry: list[Failure] = field(factory=list[Failure])
    dead: list[Failure] = field(factory=list[Failure])
    cursor: int | None = None


class Worker:
    """Takes, delivers and settles until it is cancelled.

    A failed event is tried again after a while, and what comes later of its run waits behind it; everything else goes
    on.  After its last try it is dead.

    Args:
        source: Of the events.
        execute: Delivers one.
        retries: How often a failed one is repeated.
        died: Told of each event that is given up.
        delay: Returns the seconds before the delivery after try number so and so, from 1.
    """

    def __init__(
        self,
        source: Source,
        *,
        execute: Execute,
        retries: int,
        died: Callable[[Parcel, BaseException], None],
        delay: Callable[[int], float] = backoff,
    ) -> None:
        self._source = source
        self._execute = execute
        self._retries = retries
        self._died = died
        self._delay = delay
        self._news = asyncio.Event()
        self._blocked: set[str] = set()
        self._blocked_known = False
        self.breaker: Final = Breaker(monotonic)
        self.delivered = 0
        self.retried = 0
        self.dead = 0
        self.in_hand = 0
        """Events that were taken and are not yet settled."""

    def tell(self) -> None:
        """There may be something to take; called on the lane's loop."""
        self._news.set()

    async def work(self) -> None:
        """Deliver for ever."""
        while True:
            try:
                if self.breaker.state == "open":
                    await self._source.pause(time() + self.breaker.wait)
                    await asyncio.sleep(self.breaker.wait)
                else:
                    await self._next()
            except Exception as error:
                if _is_being_cancelled():
                    raise
                # A lane outlives whatever its journal raises: nobody would start it again.  What was delivered and
                # could not be noted is delivered again, as the promise is "at least once".
                tell_unusable(error, _PATIENCE)
                self._blocked_known = False
                await asyncio.sleep(_PATIENCE)

    async def _next(self) -> None:
        self._news.clear()
        if not self._blocked_known:
            self._blocked = set(await self._source.blocked())
            self._blocked_known = True
        limit = 1 if self.breaker.state == "half_open" else BATCH
        parcels = await self._source.take(limit, time())
        if parcels:
            await self._deliver(parcels)
        else:
            await self._wait()

    async def _wait(self) -> None:
        """Wait for news, or until a failure is due."""
        due = await self._source.next_due()
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - time())):
                await self._news.wait()
        except TimeoutError:
            return

    async def _deliver(self, parcels: Sequence[Parcel]) -> None:
        tally = _Tally()
        was_open = self.breaker.state != "closed"
        done = 0
        self.in_hand = len(parcels)
        try:
            for parcel in parcels:
                await self._one(parcel, tally)
                done += 1
                self.in_hand -= 1
                if self.breaker.state == "open":
                    break
        finally:
            # Also when the lane is being ended: what has been delivered must not be delivered again.
            passage = Passage(cursor=tally.cursor, delivered=tally.delivered, retry=tally.retry, dead=tally.dead)
            await asyncio.shield(self._source.settle(passage, parcels[done:]))
            self.in_hand = 0
        if any(each.again for each in parcels[:done]):
            self._blocked_known = False
        if was_open and self.breaker.state == "closed":
            await self._source.pause(None)

    async def _one(self, parcel: Parcel, tally: _Tally) -> None:
        if parcel.run and parcel.run in self._blocked and not parcel.again:
            waiting = Failure(position=parcel.position, run=parcel.run, attempts=0, due=time(), error="")
            tally.retry.append(waiting)
        else:
            error = await self._execute(parcel)
            if error is None:
                self._succeeded(parcel, tally)
            else:
                self._failed(parcel, error, tally)
        if not parcel.again:
            tally.cursor = parcel.position

    def _succeeded(self, parcel: Parcel, tally: _Tally) -> None:
        self.breaker.succeeded()
        self.delivered += 1
        tally.delivered.append(parcel.position)

    def _failed(self, parcel: Parcel, error: BaseException, tally: _Tally) -> None:
        self.breaker.failed(parcel.position)
        failure = Failure(
            position=parcel.position,
            run=parcel.run,
            attempts=parcel.attempt,
            due=time() + self._delay(parcel.attempt),
            error=" ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_ERROR],
        )
        if parcel.attempt > self._retries:
            self.dead += 1
            tally.dead.append(failure)
            self._died(parcel, error)
        else:
            self.retried += 1
            tally.retry.append(failure)
            self._blocked.add(parcel.run)


def tell_unusable(error: Exception, patience: float) -> None:
    """Log that a lane's journal raised *error*, and is tried again in *patience* seconds."""
    told = str(error) if isinstance(error, JournalError) else f"{type(error).__name__}: {error}"
    logger.warning("a lane cannot use its journal, and tries again in %g s: %s", patience, told)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0

"""The journal as a replay sees it."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

from attrs import define, evolve

from agentcore._delivery.journal import Appended, Failure, Passage, Selection
from agentcore._delivery.journaled import Shipped, Specify
from agentcore._delivery.log import Log
from agentcore._delivery.parcel import Parcel
from agentcore.errors import JournalError

__all__ = ["History"]


@define
class _Failed:
    """An event that is to be sent again."""

    appended: Appended
    due: float
    error: str


class History:
    """The events of a selection, in order; used on the provider's loop.

    Failures wait in memory: they and what came after them are read again where a replay is resumed.

    Args:
        log: The journal.
        selection: What is read.
        specify: Looks up a hook.
        settled: Told of each batch, and of the position up to which nothing waits any more.
        paused: Told until when the provider is left alone, and, with None, when it is not any more.
        ended: Called when nothing is left, or the journal cannot be read any further.
    """

    def __init__(
        self,
        log: Log,
        selection: Selection,
        specify: Specify,
        *,
        settled: Callable[[Passage, int], Awaitable[None]],
        paused: Callable[[float | None], None],
        ended: Callable[[], None],
    ) -> None:
        self._log = log
        self._selection = selection
        self._specify = specify
        self._settled = settled
        self._paused = paused
        self._ended = ended
        self._read = self._passed = selection.after
        self._fresh: deque[Appended] = deque()
        self._taken: dict[int, Appended] = {}
        self._failed: dict[int, _Failed] = {}
        self.fault: JournalError | None = None
        """Why it cannot be read any further."""

    async def take(self, limit: int, now: float) -> Sequence[Parcel]:
        due = [each.appended for each in self._heads() if each.due <= now][:limit]
        if len(due) < limit and not self._fresh:
            await self._refill()
        fresh = [self._fresh.popleft() for _ in range(min(limit - len(due), len(self._fresh)))]
        self._taken = {each.position: each for each in (*due, *fresh)}
        if self.fault is not None or not (self._taken or self._failed):
            self._ended()
        return [Shipped(each, self._specify) for each in (*due, *fresh)]

    async def _refill(self) -> None:
        try:
            self._fresh.extend(await self._log.call(self._next))
        except JournalError as error:
            self.fault = error
        if self._fresh:
            self._read = self._fresh[-1].position

    async def _next(self) -> Sequence[Appended]:
        async for batch in self._log.journal.select(evolve(self._selection, after=self._read)):
            return batch
        return ()

    async def has_untried(self) -> bool:
        """Whether there are events that were never taken."""
        if not self._fresh:
            await self._refill()
        return bool(self._fresh)

    def left(self) -> Iterable[tuple[Appended, str]]:
        """The events that wait to be sent again, each with its last error."""
        return [(self._failed[position].appended, self._failed[position].error) for position in sorted(self._failed)]

    def _heads(self) -> Iterable[_Failed]:
        """The oldest failure of each run: what comes later of it waits behind that."""
        heads: dict[str, _Failed] = {}
        for position in sorted(self._failed):
            failed = self._failed[position]
            heads.setdefault(failed.appended.record.run or str(position), failed)
        return heads.values()

    async def settle(self, passage: Passage, untouched: Sequence[Parcel]) -> None:
        for failure in passage.retry:
            self._failed[failure.position] = self._repeated(failure)
        for position in (*passage.delivered, *(each.position for each in passage.dead)):
            self._failed.pop(position, None)
        self._fresh.extendleft(self._taken[each.position] for each in reversed(untouched) if not each.again)
        self._taken = {}
        if passage.cursor is not None:
            self._passed = passage.cursor
        await self._settled(passage, min(self._failed) - 1 if self._failed else self._passed)

    def _repeated(self, failure: Failure) -> _Failed:
        appended = self._taken[failure.position]
        return _Failed(evolve(appended, attempt=failure.attempts + 1, again=True), failure.due, failure.error)

    async def blocked(self) -> Collection[str]:
        return {each.appended.record.run for each in self._failed.values()}

    async def next_due(self) -> float | None:
        return min((each.due for each in self._heads()), default=None)

    async def pause(self, until: float | None) -> None:
        self._paused(until)

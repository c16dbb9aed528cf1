"""Sending a provider again what is in the journal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from attrs import evolve

from agentcore._data import data
from agentcore._delivery.breaker import THRESHOLD, backoff
from agentcore._delivery.history import History
from agentcore._delivery.journal import Appended, Passage, Selection
from agentcore._delivery.journaled import Shipped, Specify
from agentcore._delivery.log import Log
from agentcore._delivery.parcel import Parcel
from agentcore._delivery.worker import Execute, Worker
from agentcore.errors import PluginError

__all__ = ["Replay", "ReplayFailure", "Replayed", "Wish", "replayed_plugin"]

logger = logging.getLogger("agentcore.delivery")

_LANE: Final = "replay:"
"""Before the plugin's name: a lane that is promised nothing, and by whose owner a replay is known."""

LONGEST_DELAY: Final = 10.0
"""Seconds before a failed event is sent again at most: somebody waits for the end."""

PERIODS: Final = 5
"""For how many periods in a row of the breaker's, of a quarter of a minute together, a provider may be down."""


SAME: Final = 0.5
"""Seconds between what is said twice of the same time."""


def replayed_plugin(lane: str) -> str | None:
    """Return the plugin that is replayed where a lane of this name has an owner; None for any other lane."""
    return lane.removeprefix(_LANE) if lane.startswith(_LANE) else None


@data(kw_only=True)
class Wish:
    """What is to be replayed."""

    plugin: str
    hooks: tuple[str, ...]
    run: str | None
    """With the runs within it; None for all."""
    since: float | None
    """Seconds since the epoch: from the first event on that was sent since then; None for all."""
    key: str
    """The same for the same wish at another time, so that it is resumed."""


@data(kw_only=True)
class ReplayFailure:
    """An event that was given up."""

    position: int
    id: str
    hook: str
    run: str
    attempts: int
    error: str


@data(kw_only=True)
class Replayed:
    """What a replay came to; true where every event was delivered."""

    total: int
    """Events that there were to send, at this time."""
    resumed: bool
    """Whether those before had been sent already, by a replay that was interrupted."""
    hooks: Mapping[str, int]
    """The events by hook; only of a dry run."""
    delivered: int
    failed: Sequence[ReplayFailure]

    def __bool__(self) -> bool:
        return not self.failed


class Replay:
    """One replay through one provider, from :meth:`begin` to :meth:`end`.

    Args:
        log: The journal; open.
        wish: What is to be sent.
        specify: Looks up a hook.
        execute: Calls the provider with an event.
        retries: How often a failed one is repeated.
    """

    def __init__(self, log: Log, wish: Wish, *, specify: Specify, execute: Execute, retries: int) -> None:
        self._log = log
        self._wish = wish
        self._lane = f"{_LANE}{wish.plugin}"
        self._begin, self._end = f"{self._lane} {wish.key}", f"{self._lane} {wish.key} until"
        self._specify = specify
        self._execute = execute
        self._make_worker = partial(Worker, execute=self._sent, retries=retries, died=self._died, delay=_delay)
        self._last_error: BaseException | None = None
        self._selection = Selection()
        self._resumed = False
        self._stopped = False
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pauses: list[float] = []
        """Until when the provider was left alone, since it took anything."""
        self._failed: list[ReplayFailure] = []
        self._streak: list[ReplayFailure] = []
        """What was given up since the provider took anything."""
        self.total = 0
        self.delivered = 0

    @property
    def failed(self) -> int:
        """Events that were given up."""
        return len(self._failed) + len(self._streak)

    # --- what there is ---

    async def begin(self) -> None:
        """Keep others from replaying the same plugin.

        Raises:
            PluginError: Somebody does already.
            JournalError: The journal cannot be used.
        """
        await self._log.call(lambda: self._log.journal.join(self._lane, (), "now"))
        if not await self._log.own(self._lane):
            raise PluginError(
                f"the plugin {self._wish.plugin!r} is being replayed already",
                plugin=self._wish.plugin,
                hint="wait for the end of it; `agentcore lanes` shows which process does it.",
            )

    async def find(self, *, restart: bool) -> None:
        """Find the place at which to go on, or to begin."""
        await self._keep(*await self._place(restart=restart))
        self.total = await self._log.call(lambda: self._log.journal.count(self._selection))

    async def end(self) -> None:
        """Let others replay the plugin."""
        await self._log.disown(self._lane)

    async def look(self, *, restart: bool) -> Replayed:
        """Say what there is to send, without owning or sending anything."""
        journal = self._log.journal
        await self._place(restart=restart)
        hooks: dict[str, int] = {}
        for hook in self._selection.hooks:
            only = evolve(self._selection, hooks=(hook,))
            hooks[hook] = await self._log.call(partial(journal.count, only))
        found = {hook: count for hook, count in hooks.items() if count}
        return Replayed(total=sum(hooks.values()), resumed=self._resumed, hooks=found, delivered=0, failed=())

    async def _place(self, *, restart: bool) -> tuple[int, int]:
        """Find the positions between which the events are: those kept, or those of now."""
        journal, wish = self._log.journal, self._wish
        after = await self._log.call(lambda: journal.bookmark(self._begin))
        until = await self._log.call(lambda: journal.bookmark(self._end))
        self._resumed = after is not None and until is not None and not restart
        if after is None or until is None or restart:
            until = await self._log.call(journal.last)
            after = await self._first(Selection(until=until, since=wish.since), until)
        self._selection = Selection(after=after, until=until, hooks=wish.hooks, run=wish.run)
        return after, until

    async def _first(self, selection: Selection, last: int) -> int:
        """Return the position before the first event of *selection*; *last* where there is none."""
        if selection.since is None:
            return 0

        async def first() -> int:
            async for batch in self._log.journal.select(selection, batch=1):
                return batch[0].position - 1
            return last

        return await self._log.call(first)

    async def _keep(self, after: int | None, until: int | None) -> None:
        journal = self._log.journal
        await self._log.call(lambda: journal.keep_bookmark(self._end, until))
        await self._log.call(lambda: journal.keep_bookmark(self._begin, after))

    # --- sending ---

    async def deliver(self) -> Replayed:
        """Send it all; on the provider's loop.  What is done is remembered also where this is stopped.

        Raises:
            PluginError: The provider is down.
            JournalError: The journal cannot be read.
        """
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if self._stopped:
            self._stop.set()
        history = History(
            self._log,
            self._selection,
            self._specify,
            settled=self._settled,
            paused=partial(self._paused, self._stop),
            ended=self._stop.set,
        )
        working = asyncio.create_task(self._make_worker(history).work())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (working, stopping):
            task.cancel()
        await asyncio.wait([working, stopping])
        if not working.cancelled():
            working.result()
        if not self._stopped:
            await self._finish(history)
        return Replayed(
            total=self.total,
            resumed=self._resumed,
            hooks={},
            delivered=self.delivered,
            failed=[*self._failed, *self._streak],
        )

    async def _finish(self, history: History) -> None:
        """See whether all was tried, and forget the place then."""
        down = len(self._pauses) >= PERIODS and await history.has_untried()
        if history.fault is not None:
            raise history.fault
        if down:
            raise self._down()
        # What is left failed again and again while there was nothing else.
        self._failed += [_failure(appended, error) for appended, error in history.left()]
        await self._keep(None, None)

    def stop(self) -> None:
        """End :meth:`deliver`; on any thread."""
        self._stopped = True
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)

    async def _sent(self, parcel: Parcel) -> BaseException | None:
        error = await self._execute(parcel)
        self._last_error = error or self._last_error
        return error

    async def _settled(self, passage: Passage, place: int) -> None:
        self.delivered += len(passage.delivered)
        newest = max(passage.delivered, default=0)
        self._failed += [each for each in self._streak if each.position < newest]
        self._streak = [each for each in self._streak if each.position >= newest]
        if self._pauses or len(self._streak) >= THRESHOLD:
            # It is the plugin, and not the events: they are sent again when it is mended.
            place = min([place, *(each.position - 1 for each in self._streak)])
        await self._log.call(lambda: self._log.journal.keep_bookmark(self._begin, place))

    def _paused(self, stop: asyncio.Event, until: float | None) -> None:
        if until is None:
            self._pauses.clear()
        elif not self._pauses or until - self._pauses[-1] > SAME:
            self._pauses.append(until)
        if len(self._pauses) >= PERIODS:
            stop.set()

    def _died(self, parcel: Parcel, error: BaseException) -> None:
        shown = _shown(error)
        logger.error(
            "replay through the plugin %r: the event at position %d is given up after %d deliveries: %s of run %s: %s",
            self._wish.plugin,
            parcel.position,
            parcel.attempt,
            parcel.hook,
            parcel.run or "none",
            shown,
        )
        assert isinstance(parcel, Shipped)
        self._streak.append(_failure(evolve(parcel.appended, attempt=parcel.attempt + 1), shown))

    def _down(self) -> PluginError:
        before = f"; {len(self._failed)} were given up before" if self._failed else ""
        error = PluginError(
            f"the replay was stopped after {self.delivered} of {self.total} events: the plugin {self._wish.plugin!r} "
            f"fails at every event ({_shown(self._last_error)}){before}",
            plugin=self._wish.plugin,
            hint="mend it, and start the same replay again: it goes on with the first event that was not taken.",
        )
        error.__cause__ = self._last_error
        return error


def _failure(appended: Appended, error: str) -> ReplayFailure:
    """Describe an event that is not sent again; its attempt is the one that is not made."""
    record = appended.record
    return ReplayFailure(
        position=appended.position,
        id=record.id,
        hook=record.hook,
        run=record.run,
        attempts=appended.attempt - 1,
        error=error or "not sent: an event before it, of its run, failed",
    )


def _shown(error: BaseException | None) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _delay(attempt: int) -> float:
    return min(backoff(attempt), LONGEST_DELAY)

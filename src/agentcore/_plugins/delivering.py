"""The delivery of one manager's plugins, as far as there is any but the agent's own waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from agentcore._plugins.declared import delivery_of, lane_name, mode_of
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.specification import HookSpecification

if TYPE_CHECKING:
    from agentcore._delivery.lane import LaneStatus
    from agentcore._delivery.lanes import Flushed
    from agentcore._delivery.log import Log
    from agentcore._delivery.post import Post
    from agentcore._plugins.laning import Laning
    from agentcore._plugins.manager import PluginManager

__all__ = ["Delivering", "flush"]

T = TypeVar("T")


class Delivering:
    """Makes lanes and the journal when they are first needed: most programs have none, and do not import them."""

    def __init__(self, manager: PluginManager) -> None:
        self._manager = manager
        self._laning: Laning | None = None
        self._journal: Log | None = None
        self.only: Collection[str] | None = None
        """The lanes that a worker delivers; None for all.  Of a manager that is nobody's scope."""

    @property
    def laning(self) -> Laning:
        """The lanes, made when they are first asked for."""
        with self._manager._lock:
            if self._laning is None:
                from agentcore._plugins.laning import Laning

                self._laning = Laning(self._manager)
            return self._laning

    @property
    def journal(self) -> Log:
        """The journal that a manager and its scopes share, made when it is first asked for."""
        if self._manager.parent is not None:
            return self._manager.parent.delivering.journal
        with self._manager._lock:
            if self._journal is None:
                from agentcore._delivery.opening import new_log

                self._journal = new_log(self._manager.settings)
            return self._journal

    @property
    def has_journal(self) -> bool:
        """Whether anything durable has asked for the journal."""
        return self._journal is not None

    # --- what is durable ---

    def durable_hooks(self, plugin: str) -> list[str]:
        """Return the events that get to *plugin*, one of the manager's own, out of the journal."""
        manager = self._manager
        return [each.hook for each in manager._registry.of(plugin) if mode_of(each, manager) == "durable"]

    def delivers(self, plugin: str) -> bool:
        """Whether this process may deliver to *plugin*, and not only add to its durable lane."""
        manager = self._manager
        if not manager.root.is_worker:
            return not delivery_of(plugin, manager).worker
        only = manager.root.delivering.only
        return only is None or lane_name(plugin, manager) in only

    def durable_lanes(self) -> dict[str, bool]:
        """Return the durable lanes here and in the managers around, each with whether this process may deliver it."""
        manager = self._manager
        found = {} if manager.parent is None else manager.parent.delivering.durable_lanes()
        for plugin in list(manager._registry.plugins):
            if self.durable_hooks(plugin):
                found[lane_name(plugin, manager) or plugin] = self.delivers(plugin)
        return found

    # --- from hooks to lanes ---

    def post(self, specification: HookSpecification[..., Any], laned: Sequence[Implementation]) -> Post | None:
        """Make the way from a hook of the manager to *laned*, and into the journal; None where there is neither."""
        if not laned and not self._manager.root.delivering.has_journal:
            return None
        from agentcore._plugins.laning import build_post

        return build_post(specification, laned, manager=self._manager)

    def outdate(self) -> None:
        """Have the calls at the ends of the lanes compiled anew."""
        if self._laning is not None:
            self._laning.outdate()

    def leave(self, plugin: str) -> None:
        """Deliver nothing more to a plugin that is not registered any more."""
        if self._laning is not None:
            self._laning.lanes.leave(plugin)

    # --- life ---

    async def open(self) -> None:
        """Begin to deliver what waits in the journal.

        Raises:
            JournalError: The journal cannot be used.
        """
        for plugin in list(self._manager._registry.plugins):
            if self.durable_hooks(plugin):
                # The disk may keep this waiting, but not the agents.
                await asyncio.to_thread(self.laning.durable, plugin)

    async def call(self, plugin: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run *work* where *plugin* lives: on its thread if it has one, else here."""
        if delivery_of(plugin, self._manager).mode == "inline":
            return await work()
        return await self.laning.call(plugin, work)

    async def statuses(self) -> list[LaneStatus]:
        """How the lanes are doing."""
        return [] if self._laning is None else await self._laning.lanes.statuses()

    async def flush(self, timeout: float | None) -> Flushed:
        """Wait until the lanes have delivered what they hold."""
        return await self.laning.lanes.flush(timeout)

    async def drain(self, timeout: float) -> None:
        """Deliver what can be within *timeout* seconds, and then nothing any more."""
        if self._laning is not None:
            await self._laning.drain(timeout)

    async def aclose(self) -> None:
        """End the threads, and close the journal."""
        if self._laning is not None:
            self._laning.lanes.stop()
        if self._journal is not None:
            await self._journal.aclose()


async def flush(managers: Iterable[PluginManager], timeout: float | None) -> Flushed:
    """Wait, at the same time, until the lanes of all of *managers* have delivered what they hold."""
    from agentcore._delivery.lanes import Flushed

    found = await asyncio.gather(*(each.delivering.flush(timeout) for each in managers))
    return Flushed(waiting={lane: count for each in found for lane, count in each.waiting.items()})

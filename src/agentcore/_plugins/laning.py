"""The lanes of one manager's plugins, from the hooks there to the implementations at their ends.

Only programs that have lanes import it.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Coroutine, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, TypeVar

from agentcore._context.current import use_context
from agentcore._delivery.journaled import Specified
from agentcore._delivery.lane import BackgroundLane, retries_of
from agentcore._delivery.lanes import Lanes, abandon
from agentcore._delivery.parcel import Parcel
from agentcore._delivery.post import Post
from agentcore._plugins.declared import delivery_of, lane_name, may_be_laned, mode_of
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.lane_calls import LaneCall
from agentcore._plugins.specification import HookSpecification
from agentcore._plugins.watchdog import watch
from agentcore.types import DeliveryMode

if TYPE_CHECKING:
    from agentcore._plugins.manager import PluginManager

__all__ = ["Laning", "build_post", "specifying"]

logger = logging.getLogger("agentcore.delivery")

T = TypeVar("T")


class Laning:
    """The lanes of a manager's own plugins."""

    def __init__(self, manager: PluginManager) -> None:
        # The threads of the lanes must not keep the manager of an agent that nobody holds any more: nothing that they
        # refer to may refer to this.
        self._manager_of: Callable[[], PluginManager | None] = weakref.ref(manager)
        self._calls: dict[tuple[str, str], LaneCall] = {}
        self.lanes: Final = Lanes(
            _execute_for(weakref.WeakMethod(self.execute)),
            _died,
            patience=manager.settings.shutdown_timeout,
        )
        # It holds nothing but the threads: more would outlive the manager by a round of the garbage collector.
        weakref.finalize(manager, abandon, self.lanes.threads)

    @property
    def _manager(self) -> PluginManager:
        manager = self._manager_of()
        if manager is None:
            raise ReferenceError("the plugin manager is gone")
        return manager

    # --- the ways to the lanes ---

    def background(self, plugin: str) -> BackgroundLane:
        """Return the lane of *plugin* in memory."""
        delivery = delivery_of(plugin, self._manager)
        # One that would be durable is there for one run alone, and so has no lane that another process could take over.
        return self.lanes.background(plugin, delivery, retries_of(delivery, durable=delivery.mode == "durable"))

    def durable(self, plugin: str) -> str:
        """Make the lane of *plugin* known to the journal, and begin to deliver what waits there; blocks for the disk.

        Returns:
            Its name.

        Raises:
            JournalError: The journal cannot be used.
        """
        manager, delivering = self._manager, self._manager.delivering
        name, delivery = lane_name(plugin, manager) or plugin, delivery_of(plugin, manager)
        log, hooks, delivers = delivering.journal, delivering.durable_hooks(plugin), delivering.delivers(plugin)
        log.open()
        self.lanes.durable(plugin, name, delivery, log, hooks, specifying(self._manager_of), delivers=delivers)
        return name

    # --- at the end of a lane ---

    async def execute(self, plugin: str, parcel: Parcel) -> BaseException | None:
        """Deliver an event to *plugin*; on its thread."""
        call = self._calls.get((plugin, parcel.hook))
        if call is None:
            if plugin not in self._manager._registry.plugins:
                # It left while this was on its way; what is durable stays in the journal.
                return LookupError(f"the plugin {plugin!r} is not registered any more")
            # One that swallows the cancellation by which its time ends is ended by force, as it is for the agents.
            watch(self._manager.settings.hook_timeout)
            call = self._calls[plugin, parcel.hook] = self._manager._compiler.lane_call_of(plugin, parcel.hook)
        return await self.executed(plugin, parcel, call)

    async def executed(self, plugin: str, parcel: Parcel, call: LaneCall) -> BaseException | None:
        """Deliver an event to *plugin* by *call*."""
        try:
            opened = parcel.open()
        except Exception as error:
            return await self._manager.report(None, plugin, parcel.hook, error)
        if opened.context is None:
            return await call(opened.arguments)
        with use_context(opened.context):
            return await call(opened.arguments)

    def outdate(self) -> None:
        """Have the calls compiled anew."""
        self._calls.clear()

    # --- life ---

    async def call(self, plugin: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run *work* on the thread of *plugin*."""
        manager = self._manager

        async def watched() -> T:
            watch(manager.settings.hook_timeout)
            return await work()

        return await self.lanes.call(plugin, watched)

    async def drain(self, timeout: float) -> None:
        """Deliver what can be within *timeout* seconds, and then nothing any more.

        What another process delivers is on disk, and that process's affair.
        """
        left = await self.lanes.flush(timeout, elsewhere=False)
        # Where nobody was to wait, nobody is surprised.
        for plugin, count in left.waiting.items() if timeout else ():
            logger.warning("the plugin %r did not get %d of its events within %g s", plugin, count, timeout)
        await self.lanes.end()


def _died(plugin: str, parcel: Parcel, error: BaseException) -> None:
    logger.error(
        "an event for the plugin %r is given up after %d deliveries: %s of run %s: %s: %s",
        plugin,
        parcel.attempt,
        parcel.hook,
        parcel.run or "none",
        type(error).__name__,
        error,
    )


def build_post(
    specification: HookSpecification[..., Any],
    found: Sequence[Implementation],
    *,
    manager: PluginManager,
) -> Post | None:
    """Make the way from a hook to the lanes; None where nothing takes it.

    Args:
        specification: The hook.
        found: The implementations that have lanes.
        manager: On which the hook is called.
    """
    by_mode: dict[DeliveryMode, dict[str, Laning]] = {"background": {}, "durable": {}}
    for each in found:
        owner = manager.owner(each.plugin)
        by_mode[mode_of(each, owner)][each.plugin] = owner.delivering.laning
    lanes = tuple(laning.durable(plugin) for plugin, laning in by_mode["durable"].items())
    log = manager.delivering.journal if lanes or _is_recorded(specification, manager) else None
    background = [laning.background(plugin) for plugin, laning in by_mode["background"].items()]
    if not background and log is None:
        return None
    return Post(
        [name for name in specification.arguments if name not in ("context", "event")],
        background=background,
        log=log,
        durable=lanes,
        ack_event=manager.settings.journal.ack == "event",
        keeper=manager,
    )


def _is_recorded(specification: HookSpecification[..., Any], manager: PluginManager) -> bool:
    """Whether the journal, where there is one, keeps the events of a hook even if nobody is promised them."""
    if not manager.root.delivering.has_journal or not may_be_laned(specification):
        return False
    return any(fnmatchcase(specification.name, pattern) for pattern in manager.settings.journal.events)


def specifying(manager_of: Callable[[], PluginManager | None]) -> Callable[[str], Specified | None]:
    def specify(hook: str) -> Specified | None:
        manager = manager_of()
        specification = None if manager is None else manager.specifications.get(hook)
        return None if specification is None else Specified(specification.function, specification.signature)

    return specify


def _execute_for(
    method: weakref.WeakMethod[Callable[[str, Parcel], Coroutine[Any, Any, BaseException | None]]],
) -> Callable[[str, Parcel], Coroutine[Any, Any, BaseException | None]]:
    async def execute(plugin: str, parcel: Parcel) -> BaseException | None:
        deliver = method()
        if deliver is None:
            return ReferenceError("the plugin manager is gone")
        return await deliver(plugin, parcel)

    return execute

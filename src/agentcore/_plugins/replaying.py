"""Replays: what is in the journal, sent through one plugin of a manager."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from time import time
from typing import TYPE_CHECKING, Final, TypeAlias

from agentcore._delivery.lane import retries_of
from agentcore._delivery.parcel import Parcel
from agentcore._delivery.replay import Replay, Replayed, Wish
from agentcore._plugins.declared import delivery_of, may_be_laned
from agentcore._plugins.lane_calls import LaneCall
from agentcore._plugins.laning import specifying
from agentcore.errors import PluginError, nearest

if TYPE_CHECKING:
    from agentcore._plugins.manager import PluginManager

__all__ = ["Progress", "Since", "replay"]

Progress: TypeAlias = Callable[[int, int, int], None]
"""Told now and then how many events were delivered, how many there are, and how many were given up."""

Since: TypeAlias = timedelta | datetime | None

_TICK: Final = 0.1
"""Seconds between two tellings of the progress."""


async def replay(
    manager: PluginManager,
    plugin: str,
    *,
    since: Since,
    run: str | None,
    hook: str | None,
    restart: bool,
    dry_run: bool,
    progress: Progress | None,
) -> Replayed:
    """See :meth:`PluginManager.replay`."""
    if not dry_run:
        await manager.startup()
    manager = manager.owner(plugin)
    manager._known(plugin)
    replayed = await asyncio.to_thread(_prepared, manager, plugin, since, run, hook)
    if dry_run:
        return await replayed.look(restart=restart)
    await replayed.begin()
    try:
        await replayed.find(restart=restart)
        return await _delivered(manager, plugin, replayed, progress)
    finally:
        await replayed.end()


def _prepared(manager: PluginManager, plugin: str, since: Since, run: str | None, hook: str | None) -> Replay:
    wish = Wish(
        plugin=plugin,
        hooks=_hooks(manager, plugin, hook),
        run=run,
        since=_moment(since),
        key=f"since={since} run={run} hook={hook}",
    )
    log = manager.delivering.journal
    log.open()
    calls: dict[str, LaneCall] = {}

    async def execute(parcel: Parcel) -> BaseException | None:
        # Not the lane's own calls: it may be delivering at the same time.
        call = calls.get(parcel.hook)
        if call is None:
            call = calls[parcel.hook] = manager._compiler.lane_call_of(plugin, parcel.hook, whole=True)
        return await manager.delivering.laning.executed(plugin, parcel, call)

    durable = bool(manager.delivering.durable_hooks(plugin))
    retries = retries_of(delivery_of(plugin, manager), durable=durable)
    return Replay(log, wish, specify=specifying(lambda: manager), execute=execute, retries=retries)


def _hooks(manager: PluginManager, plugin: str, hook: str | None) -> tuple[str, ...]:
    """Return the events that *plugin* implements; *hook* alone where it is one of them."""
    known = manager.specifications
    found = {
        each.hook: None for each in manager._registry.of(plugin) if may_be_laned(known[each.hook]) and not each.wrapper
    }
    if hook is not None and hook not in found:
        raise PluginError(
            f"the plugin {plugin!r} implements no event {hook!r}", plugin=plugin, hint=nearest(hook, found)
        )
    if not found:
        raise PluginError(f"the plugin {plugin!r} implements no events, so there is nothing to replay", plugin=plugin)
    return tuple(found) if hook is None else (hook,)


def _moment(since: Since) -> float | None:
    if isinstance(since, timedelta):
        return time() - since.total_seconds()
    return None if since is None else since.timestamp()


async def _delivered(manager: PluginManager, plugin: str, replayed: Replay, progress: Progress | None) -> Replayed:
    running = asyncio.ensure_future(manager.delivering.call(plugin, replayed.deliver))
    try:
        while True:
            ended, _ = await asyncio.wait([running], timeout=_TICK)
            if progress is not None:
                progress(replayed.delivered, replayed.total, replayed.failed)
            if ended:
                return running.result()
    except asyncio.CancelledError:
        # It ends in a moment, with what was delivered noted; unless the plugin blocks its thread.
        replayed.stop()
        await asyncio.wait([running], timeout=manager.settings.shutdown_timeout)
        raise

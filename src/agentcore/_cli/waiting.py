"""What earlier processes left in the journal: delivered before a command does its own work."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from copy import copy
from time import monotonic, time
from typing import Any, Final

import click

from agentcore._cli.ending import run_to_end
from agentcore._cli.journals import is_there, with_journal
from agentcore._cli.messages import note, warn
from agentcore._cli.units import counted
from agentcore._data import data
from agentcore._delivery.journal import Journal, LaneState
from agentcore._plugins import PluginManager
from agentcore.errors import AgentCoreError

__all__ = ["after_catching_up", "catch_up"]

PATIENCE: Final = 3.0
"""Seconds that a command spends on the events of others at most."""

_POLL: Final = 0.01
"""Seconds between two looks."""


def after_catching_up(command: click.Command, plugins: PluginManager) -> click.Command:
    """Return *command* as one that delivers what waits before it is invoked."""
    twin = copy(command)

    def invoke(context: click.Context) -> Any:
        try:
            _catch_up_alone(plugins)
        except AgentCoreError as error:
            warn(f"what waits in the journal was not delivered: {error}")
        return command.invoke(context)

    # What an instance has comes before what its class has.
    twin.__dict__["invoke"] = invoke
    return twin


def _catch_up_alone(plugins: PluginManager) -> None:
    """Deliver what waits, if anything does, and leave the plugins as they were: not started up."""
    settings, lanes = plugins.settings, plugins.delivering.durable_lanes()
    if lanes and is_there(settings.journal_path):
        waiting = run_to_end(with_journal(settings, lambda journal: _waiting(journal, lanes)), [])
        if any(each.here for each in waiting):
            run_to_end(_started(plugins), [])
        else:
            _say(waiting)


async def _started(plugins: PluginManager) -> None:
    try:
        await plugins.startup()
        await catch_up(plugins)
    finally:
        await plugins.aclose(timeout=0)


async def catch_up(plugins: PluginManager) -> None:
    """Wait for what this process can deliver at once, and say what is left; the plugins have been started up.

    What failed and waits for its time, and what another process delivers, is not waited for.
    """
    lanes = plugins.delivering.durable_lanes()
    if not lanes:
        return
    log = plugins.delivering.journal
    until = monotonic() + PATIENCE
    waiting = await log.call(lambda: _waiting(log.journal, lanes))
    while any(each.here for each in waiting) and monotonic() < until:
        await asyncio.sleep(_POLL)
        waiting = await log.call(lambda: _waiting(log.journal, lanes))
    _say(waiting)


@data
class _Waiting:
    """A lane in which events wait."""

    state: LaneState
    here: bool
    """Whether this process could deliver some of them now."""
    worker: bool
    """Whether only a worker may."""


async def _waiting(journal: Journal, lanes: Mapping[str, bool]) -> list[_Waiting]:
    states = [each for each in await journal.lanes() if each.lane in lanes and each.waiting]
    return [_Waiting(each, await _is_here(journal, each, lanes), not lanes[each.lane]) for each in states]


async def _is_here(journal: Journal, state: LaneState, lanes: Mapping[str, bool]) -> bool:
    now = time()
    if not lanes[state.lane] or state.owner not in (None, os.getpid()) or (state.paused_until or now) > now:
        return False
    due = await journal.next_due(state.lane)
    return state.waiting > state.retrying or (due is not None and due <= now)


def _say(waiting: Iterable[_Waiting]) -> None:
    for each in waiting:
        state = each.state
        if each.worker and state.owner is None:
            note(f"{counted(state.waiting, 'event')} for {state.lane!r} waiting for a worker: start `agentcore worker`")
        elif state.owner in (None, os.getpid()):
            note(f"{counted(state.waiting, 'event')} for {state.lane!r} still waiting; see `agentcore lanes`")

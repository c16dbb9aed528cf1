"""``agentcore worker``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from time import time
from typing import Final

import click

from agentcore._cli.ending import TerminatedError, run_to_end
from agentcore._cli.messages import note
from agentcore._cli.options import common_options
from agentcore._cli.session import Session
from agentcore._cli.units import counted, span
from agentcore._delivery.journal import LaneState
from agentcore._plugins import PluginManager
from agentcore.errors import ConfigError, nearest

__all__ = ["Watch", "worker"]

_INTERVAL: Final = 1.0
"""Seconds between two looks at the lanes."""
_REPORT: Final = 10
"""Looks from one line about what was delivered to the next."""


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> Sequence[str] | None:
    return None if value is None else [name for part in value.split(",") if (name := part.strip())]


@click.command("worker", short_help="Deliver the journal's events, in a process of its own.")
@click.option("--lanes", callback=_names, metavar="NAME,…", help="Only these lanes; else all of durable plugins.")
@common_options
@click.pass_context
def worker(context: click.Context, lanes: Sequence[str] | None) -> None:
    """Deliver what waits in the journal for durable plugins, until SIGTERM or Ctrl-C.

    Then it goes on for 'shutdown_timeout' at most, and ends with the exit code 0.
    There may be any number of workers: each lane has one owner at a time, and another takes it over within a second
    when that dies.  Plugins whose delivery says 'worker = true' are delivered by workers alone.
    """
    plugins = context.ensure_object(Session).plugins()
    plugins.is_worker = True
    _restrict(plugins, lanes)
    try:
        run_to_end(_work(plugins), [plugins])
    except (KeyboardInterrupt, TerminatedError):
        note("worker: ended")


def _restrict(plugins: PluginManager, lanes: Sequence[str] | None) -> None:
    known = plugins.delivering.durable_lanes()
    if not known:
        raise ConfigError(
            "there is nothing to deliver: no plugin's delivery is durable",
            hint='a plugin declares it, or the configuration: [tool.agentcore.delivery.NAME] mode = "durable".',
        )
    for name in lanes or ():
        if name not in known:
            raise ConfigError(f"there is no durable plugin {name!r}", hint=nearest(name, known))
    plugins.delivering.only = lanes


async def _work(plugins: PluginManager) -> None:
    delivering = plugins.delivering
    await plugins.startup()
    own = [lane for lane, here in delivering.durable_lanes().items() if here]
    log = delivering.journal
    note(f"worker: process {os.getpid()} delivers {', '.join(map(repr, own))} out of {log.journal.place}")
    watch, looks = Watch(own), 0
    while True:
        states = {each.lane: each for each in await log.call(log.journal.lanes)}
        watch.look(states, counts=looks % _REPORT == 0)
        looks += 1
        await asyncio.sleep(_INTERVAL)


class Watch:
    """Says what has changed of some lanes."""

    def __init__(self, lanes: Sequence[str]) -> None:
        self._lanes = lanes
        self._owners: dict[str, int | None] = {}
        self._paused: set[str] = set()
        self._dead: dict[str, int] = {}
        self._delivered: dict[str, int] = {}

    def look(self, states: Mapping[str, LaneState], *, counts: bool) -> None:
        """Compare *states* with those of the last call; *counts* is whether to say how much was delivered."""
        for lane in self._lanes:
            state = states.get(lane)
            if state is not None:
                self._owner(state)
                self._failures(state)
                if counts:
                    self._count(state)

    def _owner(self, state: LaneState) -> None:
        # Nobody is the owner for a moment only.
        if state.owner is not None and self._owners.get(state.lane) != state.owner:
            self._owners[state.lane] = state.owner
            whose = "is delivered here" if state.owner == os.getpid() else f"is delivered by process {state.owner}"
            note(f"worker: the lane {state.lane!r} {whose}")

    def _failures(self, state: LaneState) -> None:
        # It stands there until the plugin has taken something again.
        if state.paused_until is not None and state.lane not in self._paused:
            self._paused.add(state.lane)
            note(f"worker: the plugin of the lane {state.lane!r} keeps failing, and is left alone for a while")
        elif state.paused_until is None and state.lane in self._paused:
            self._paused.discard(state.lane)
            note(f"worker: the plugin of the lane {state.lane!r} works again")
        if state.dead > self._dead.setdefault(state.lane, state.dead):
            note(f"worker: the lane {state.lane!r} has {counted(state.dead, 'dead letter')}; see `agentcore dead list`")
        self._dead[state.lane] = state.dead

    def _count(self, state: LaneState) -> None:
        before = self._delivered.setdefault(state.lane, state.delivered)
        if state.delivered > before:
            age = "" if state.oldest is None else f", the oldest for {span(time() - state.oldest)}"
            done = f"{counted(state.delivered - before, 'event')} delivered"
            note(f"worker: the lane {state.lane!r}: {done}, {state.waiting:,} wait{age}")
        self._delivered[state.lane] = state.delivered

"""The lanes as an operator sees them: what the journal knows, and what the configuration says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import time
from typing import Any, Final, Literal, TypeAlias

from agentcore._cli.units import iso, span
from agentcore._config import Settings
from agentcore._data import data
from agentcore._delivery.journal import LaneState
from agentcore._delivery.replay import replayed_plugin
from agentcore.types import DeliveryMode

__all__ = ["COLUMNS", "LaneRow", "lane_rows"]

COLUMNS: Final = ("lane", "mode", "plugin", "owner", "waiting", "retrying", "dead", "delivered", "oldest", "note")

_Known: TypeAlias = Literal["enabled", "disabled", "not installed"]


@data(kw_only=True)
class LaneRow:
    """One lane."""

    lane: str
    mode: DeliveryMode | Literal["replay"]
    plugin: _Known
    """What discovery knows of the plugin that it leads to."""
    state: LaneState | None
    """None where the journal does not know it: in memory, or nothing was ever sent."""
    note: str
    """What an operator should know; empty where there is nothing."""

    def cells(self) -> Sequence[str]:
        """The cells below :data:`COLUMNS`."""
        state = self.state
        if state is None:
            return (self.lane, self.mode, self.plugin, *[""] * 6, self.note)
        return (
            self.lane,
            self.mode,
            self.plugin,
            "none" if state.owner is None else str(state.owner),
            str(state.waiting),
            str(state.retrying),
            str(state.dead),
            str(state.delivered),
            "" if state.oldest is None else span(time() - state.oldest),
            self.note,
        )

    def record(self) -> dict[str, Any]:
        """All of it, as JSON values; what only the process of a lane in memory knows is None."""
        state = self.state
        names = ("hooks", "owner", "waiting", "retrying", "dead", "delivered", "retried", "cursor")
        oldest = None if state is None else state.oldest
        return {
            "lane": self.lane,
            "mode": self.mode,
            "plugin": self.plugin,
            **{name: None if state is None else getattr(state, name) for name in names},
            "oldest": iso(oldest),
            "age": None if oldest is None else round(max(0.0, time() - oldest), 3),
            "paused_until": None if state is None else iso(state.paused_until),
            "note": self.note,
        }


def lane_rows(states: Iterable[LaneState], settings: Settings, installed: Mapping[str, bool]) -> list[LaneRow]:
    """Return the lanes by name: those of the journal, and those that are only configured.

    Args:
        states: The journal's.
        settings: The configuration.
        installed: The plugins that are installed, each with whether it is built in.
    """
    by_lane = {each.lane: each for each in states}
    rows = [_journalled(each, settings, installed) for each in by_lane.values() if not _is_idle_replay(each)]
    rows += _configured(by_lane, settings, installed)
    return sorted(rows, key=lambda row: (row.lane, row.mode))


def _is_idle_replay(state: LaneState) -> bool:
    return replayed_plugin(state.lane) is not None and state.owner is None


def _journalled(state: LaneState, settings: Settings, installed: Mapping[str, bool]) -> LaneRow:
    replayed = replayed_plugin(state.lane)
    plugin = replayed or state.lane
    known = _known(plugin, settings, installed)
    note = "events of the past, sent again" if replayed else _note(state, known, settings, installed)
    return LaneRow(lane=state.lane, mode="replay" if replayed else "durable", plugin=known, state=state, note=note)


def _known(plugin: str, settings: Settings, installed: Mapping[str, bool]) -> _Known:
    if plugin not in installed and plugin not in settings.enabled:
        return "not installed"
    return "enabled" if settings.decision(plugin, builtin=installed.get(plugin, False)).enabled else "disabled"


def _note(state: LaneState, known: _Known, settings: Settings, installed: Mapping[str, bool]) -> str:
    if state.paused_until is not None and state.paused_until > time():
        return f"the plugin keeps failing: tried again in {span(state.paused_until - time())}"
    if not state.waiting or state.owner is not None:
        return ""
    options = settings.delivery_of(state.lane)
    if known == "disabled":
        decision = settings.decision(state.lane, builtin=installed.get(state.lane, False))
        return f"nobody delivers this: {decision.reason}"
    if known == "not installed":
        return "no plugin of this name is installed: only a program that registers it delivers this"
    if options.mode not in (None, "durable") and all(each.mode != "durable" for each in options.hooks.values()):
        return f"nobody delivers this: the delivery is {options.mode!r} now ([delivery.{state.lane}])"
    if options.worker:
        return "nobody delivers this: `agentcore worker` does"
    return "nobody delivers this now: the next program with this plugin does, or `agentcore worker`"


def _configured(known: Mapping[str, LaneState], settings: Settings, installed: Mapping[str, bool]) -> Iterable[LaneRow]:
    for name, options in settings.delivery.items():
        modes = {options.mode, *(each.mode for each in options.hooks.values())}
        said = _known(name, settings, installed)
        if "background" in modes:
            note = "in memory: its counters are in each process, by `await plugins.lanes()`"
            yield LaneRow(lane=name, mode="background", plugin=said, state=None, note=note)
        if "durable" in modes and name not in known:
            yield LaneRow(lane=name, mode="durable", plugin=said, state=None, note="no program has used it yet")

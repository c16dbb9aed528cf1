"""In which order the implementations of a hook run, and why."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from agentcore._data import data
from agentcore._plugins.implementation import Implementation
from agentcore.errors import PluginValidationError

__all__ = ["Place", "in_order", "places"]


@data(kw_only=True)
class Place:
    """Where one implementation stands in its hook's order."""

    plugin: str
    reason: str
    """What put it there."""
    wrapper: bool
    """Whether it runs around the ones that are not."""


def in_order(found: Sequence[Implementation], configured: Sequence[str]) -> list[Implementation]:
    """Return *found* in the order in which they run.

    The later a plugin was registered the earlier it runs, as in pluggy; ``tryfirst`` and ``trylast`` move it to an end,
    a provider's priority within its group; ``before`` and ``after`` move it by as little as they demand; and the
    plugins that the configuration names stand in its order, at the places where one of them stood.

    Args:
        found: In the order of registration.
        configured: Plugins in the order that the configuration gives them; unknown names are passed over.

    Raises:
        PluginValidationError: ``before`` and ``after`` contradict each other.
    """
    latest_first = list(found)[::-1]
    ranked = sorted(latest_first, key=lambda each: (_group(each), -each.priority))
    return _as_configured(_constrained(ranked, frozenset(configured)), configured)


def _group(implementation: Implementation) -> int:
    return 0 if implementation.tryfirst else 2 if implementation.trylast else 1


def _constrained(ranked: list[Implementation], configured: frozenset[str]) -> list[Implementation]:
    if not any(each.before or each.after for each in ranked):
        return ranked
    graph: dict[int, set[int]] = {index: set() for index in range(len(ranked))}
    for index, each in enumerate(ranked):
        for other, candidate in enumerate(ranked):
            if each.plugin == candidate.plugin or configured.issuperset((each.plugin, candidate.plugin)):
                # What the configuration orders it orders alone, or no circle could be broken.
                continue
            if candidate.plugin in each.before:
                graph[other].add(index)
            if candidate.plugin in each.after:
                graph[index].add(other)
    return [ranked[index] for index in _stable(graph, ranked)]


def _stable(graph: dict[int, set[int]], ranked: list[Implementation]) -> list[int]:
    """Sort topologically, always taking the one that stood earliest."""
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        circle: list[int] = error.args[1]
        names = " -> ".join(ranked[index].plugin for index in circle)
        raise PluginValidationError(
            f"the plugins demand an order that goes round in a circle for {ranked[0].hook!r}: {names}",
            plugin=ranked[circle[0]].plugin,
            hint=f"give the order in the config: [tool.agentcore.hooks.{ranked[0].hook}] order = [...].",
        ) from None
    result: list[int] = []
    ready: list[int] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        first = ready.pop(0)
        result.append(first)
        sorter.done(first)
    return result


def _as_configured(ranked: list[Implementation], configured: Sequence[str]) -> list[Implementation]:
    rank = {name: index for index, name in enumerate(configured)}
    slots = [index for index, each in enumerate(ranked) if each.plugin in rank]
    named = sorted((ranked[index] for index in slots), key=lambda each: rank[each.plugin])
    result = list(ranked)
    for index, each in zip(slots, named, strict=True):
        result[index] = each
    return result


def places(ordered: Sequence[Implementation], configured: Sequence[str]) -> list[Place]:
    """Explain an order that :func:`in_order` made."""
    return [Place(plugin=each.plugin, reason=_reason(each, configured), wrapper=each.wrapper) for each in ordered]


def _reason(each: Implementation, configured: Sequence[str]) -> str:
    if each.plugin in configured:
        return "the config's order"
    reasons = [word for word in ("tryfirst", "trylast", "wrapper") if getattr(each, word)]
    reasons += [f"before {name}" for name in each.before] + [f"after {name}" for name in each.after]
    if each.priority:
        reasons.append(f"priority {each.priority}")
    return ", ".join(reasons) or "order of registration, the latest first"

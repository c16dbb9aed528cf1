"""The runs of one tree, put together of their events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

from attrs import define, field

from agentcore._cli.journalled import Figures, figures_of, payload_of
from agentcore._cli.units import iso
from agentcore._delivery.journal import Appended

__all__ = ["RunNode", "TracedEvent", "grown"]

_ENDS = ("agent_complete", "agent_error")


@define
class TracedEvent:
    """One event, without what it carries."""

    position: int
    hook: str
    time: float
    """Seconds since the epoch."""
    figures: Figures

    def record(self) -> dict[str, Any]:
        return {"position": self.position, "hook": self.hook, "time": iso(self.time), **self.figures.record()}


@define
class RunNode:
    """One run, with what happened in it and the runs within it."""

    id: str
    agent: str
    parent: str | None
    started: float
    """Seconds since the epoch."""
    steps: list[TracedEvent | RunNode] = field(factory=list["TracedEvent | RunNode"])
    """In the order in which they began."""

    @property
    def end(self) -> Figures | None:
        """How it went; None where the journal does not have its end: it goes on, or was killed."""
        ends = (each.figures for each in self.steps if isinstance(each, TracedEvent) and each.hook in _ENDS)
        return next(ends, None)

    def record(self) -> dict[str, Any]:
        """All of it, as JSON values."""
        figures = {} if self.end is None else self.end.record()
        return {
            "run": self.id,
            "agent": self.agent,
            "parent": self.parent,
            "started": iso(self.started),
            "outcome": figures.get("outcome"),
            "duration": figures.get("duration"),
            "input_tokens": figures.get("input_tokens"),
            "output_tokens": figures.get("output_tokens"),
            "events": [each.record() for each in self.steps if isinstance(each, TracedEvent)],
            "runs": [each.record() for each in self.steps if isinstance(each, RunNode)],
        }


_Nodes: TypeAlias = dict[str, RunNode]


def grown(events: Iterable[Appended]) -> _Nodes:
    """Put together the runs of *events*, which are in order; returns every run by its id.

    A run whose parent has no event is in no other's steps.
    """
    nodes: _Nodes = {}
    for appended in events:
        payload = payload_of(appended)
        node = nodes.get(appended.record.run)
        if node is None:
            node = nodes[appended.record.run] = _node(appended, payload)
            if node.parent in nodes:
                nodes[node.parent].steps.append(node)
        node.steps.append(_event(appended, payload))
    _adopt(nodes)
    return nodes


def _adopt(nodes: _Nodes) -> None:
    """Put the runs whose parents appeared only after them where they belong: first."""
    placed = {id(each) for node in nodes.values() for each in node.steps}
    for node in nodes.values():
        if node.parent in nodes and id(node) not in placed:
            nodes[node.parent].steps.insert(0, node)


def _node(appended: Appended, payload: Mapping[str, Any]) -> RunNode:
    context = cast("Mapping[str, Any]", payload.get("context") or {})
    record = appended.record
    return RunNode(record.run, record.agent, context.get("parent"), float(context.get("start", record.time)))


def _event(appended: Appended, payload: Mapping[str, Any]) -> TracedEvent:
    return TracedEvent(appended.position, appended.record.hook, appended.record.time, figures_of(payload))

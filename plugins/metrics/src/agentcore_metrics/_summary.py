"""What the ledger says of many runs, as values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final, Literal, TypeAlias, get_args

from attrs import field, frozen

from agentcore_metrics._reading import Consumption, moment

__all__ = [
    "BY",
    "COUNTED",
    "TREND",
    "By",
    "Group",
    "IncidentCount",
    "KnowledgeCount",
    "Summary",
    "Timing",
    "empty_summary",
]

By: TypeAlias = Literal["agent", "model", "tool", "day", "hour", "outcome"]
BY: Final[tuple[By, ...]] = get_args(By)

COUNTED: Final[Mapping[By, str]] = {
    "agent": "runs",
    "model": "model_calls",
    "tool": "tool_calls",
    "day": "runs",
    "hour": "runs",
    "outcome": "runs",
}
"""The table whose rows are counted and timed."""

TREND: Final = 12
"""Parts of the time that is looked at, in each of which is counted."""


@frozen(kw_only=True)
class Timing:
    """How many there were, and how long they took."""

    count: int = 0
    errors: int = 0
    """Those that ended otherwise than ``ok``: failed, denied, timed out or cancelled."""
    p50: float | None = None
    """In seconds, as are the others, interpolated linearly; of all that were not denied, None where there is none."""
    p95: float | None = None
    p99: float | None = None
    first_token_p50: float | None = None
    """Seconds until the first piece of an answer, of the model calls that were streamed."""
    first_token_p95: float | None = None


@frozen(kw_only=True)
class Group:
    """One line of a summary."""

    key: str
    timing: Timing = field(factory=Timing)
    consumption: Consumption = field(factory=Consumption)
    tool_calls: int = 0
    cost_with_children: Decimal | None = None
    """Of an agent's runs with all that they called; those of two agents may share a call.
    None where it is unknown, and where it is not told."""
    trend: list[int] = field(factory=list[int])
    """How many began in each part of the time that is looked at; empty where it is not told."""


@frozen(kw_only=True)
class IncidentCount:
    """How often something else happened."""

    kind: str
    subject: str | None
    """The plugin; of a retry the model."""
    count: int


@frozen(kw_only=True)
class KnowledgeCount:
    """How often the stores were asked, or got documents."""

    kind: str
    count: int
    items: int
    """Hits, documents."""


@frozen(kw_only=True)
class Summary:
    """What began since a time, in groups."""

    by: By
    since: datetime | None
    groups: list[Group] = field(factory=list[Group])
    total: Group = field(factory=partial(Group, key="total"))
    incidents: list[IncidentCount] = field(factory=list[IncidentCount])
    knowledge: list[KnowledgeCount] = field(factory=list[KnowledgeCount])

    def as_json(self) -> dict[str, Any]:
        """As a JSON object; durations are in seconds."""
        return {
            "since": None if self.since is None else self.since.isoformat(),
            "by": self.by,
            "groups": [{self.by: each.key} | _group_as_json(self.by, each) for each in self.groups],
            "total": _group_as_json(self.by, self.total),
            "incidents": [{"kind": each.kind, "subject": each.subject, "count": each.count} for each in self.incidents],
            "knowledge": [{"kind": each.kind, "count": each.count, "items": each.items} for each in self.knowledge],
        }


def _group_as_json(by: By, group: Group) -> dict[str, Any]:
    timing = group.timing
    counts: dict[str, Any] = {
        COUNTED[by]: timing.count,
        "errors": timing.errors,
        "duration": {"p50": timing.p50, "p95": timing.p95, "p99": timing.p99},
    }
    if group.trend:
        counts["trend"] = group.trend
    if by == "tool":
        return counts
    if by == "model":
        first = {"p50": timing.first_token_p50, "p95": timing.first_token_p95}
        return counts | group.consumption.as_json() | {"time_to_first_token": first}
    total: dict[str, Any] = {"tool_calls": group.tool_calls}
    if by == "agent":
        cost = group.cost_with_children
        total["cost_with_children_usd"] = None if cost is None else f"{cost:f}"
    return counts | group.consumption.as_json() | total


def empty_summary(by: By, since: int | None) -> Summary:
    """Return what a ledger without rows would say; *since* is in microseconds since the epoch."""
    return Summary(by=by, since=None if since is None else moment(since))

"""What the ledger says of many runs, as values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal, TypeAlias, get_args

from attrs import field, frozen

from agentcore_metrics._reading import Consumption, moment

__all__ = ["BY", "COUNTED", "By", "Group", "IncidentCount", "Summary", "Timing", "empty_summary"]

By: TypeAlias = Literal["agent", "model", "tool", "day", "outcome"]
BY: Final[tuple[By, ...]] = get_args(By)

COUNTED: Final[Mapping[By, str]] = {
    "agent": "runs",
    "model": "model_calls",
    "tool": "tool_calls",
    "day": "runs",
    "outcome": "runs",
}
"""The table whose rows are counted and timed."""


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


@frozen(kw_only=True)
class Group:
    """One line of a summary."""

    key: str
    timing: Timing = field(factory=Timing)
    consumption: Consumption = field(factory=Consumption)
    tool_calls: int = 0


@frozen(kw_only=True)
class IncidentCount:
    """How often something else happened."""

    kind: str
    subject: str | None
    """The plugin; of a retry the model."""
    count: int


@frozen(kw_only=True)
class Summary:
    """What began since a time, in groups."""

    by: By
    since: datetime | None
    groups: list[Group] = field(factory=list[Group])
    total: Group = field(factory=partial(Group, key="total"))
    incidents: list[IncidentCount] = field(factory=list[IncidentCount])

    def as_json(self) -> dict[str, Any]:
        """As a JSON object; durations are in seconds."""
        return {
            "since": None if self.since is None else self.since.isoformat(),
            "by": self.by,
            "groups": [{self.by: each.key} | _group_as_json(self.by, each) for each in self.groups],
            "total": _group_as_json(self.by, self.total),
            "incidents": [{"kind": each.kind, "subject": each.subject, "count": each.count} for each in self.incidents],
        }


def _group_as_json(by: By, group: Group) -> dict[str, Any]:
    timing = group.timing
    counts: dict[str, Any] = {
        COUNTED[by]: timing.count,
        "errors": timing.errors,
        "duration": {"p50": timing.p50, "p95": timing.p95, "p99": timing.p99},
    }
    if by == "tool":
        return counts
    if by == "model":
        return counts | group.consumption.as_json()
    return counts | group.consumption.as_json() | {"tool_calls": group.tool_calls}


def empty_summary(by: By, since: int | None) -> Summary:
    """Return what a ledger without rows would say; *since* is in microseconds since the epoch."""
    return Summary(by=by, since=None if since is None else moment(since))

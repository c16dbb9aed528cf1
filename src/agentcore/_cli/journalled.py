"""Journalled events, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic_core import from_json

from agentcore._cli.output import jsonable
from agentcore._cli.units import duration, iso, local, short
from agentcore._data import data
from agentcore._delivery.journal import Appended

__all__ = ["Figures", "event_line", "event_record", "figures_of", "payload_of"]


@data(kw_only=True)
class Figures:
    """What an event says of how it went; None where it says nothing."""

    subject: str | None
    """The model or the tool."""
    outcome: str | None
    duration: float | None
    """Seconds."""
    input_tokens: int | None
    output_tokens: int | None

    def cells(self) -> list[str]:
        """Those that there are, in words."""
        cells = [self.subject, self.outcome, None if self.duration is None else duration(self.duration)]
        if self.input_tokens or self.output_tokens:
            cells.append(f"{self.input_tokens or 0:,} → {self.output_tokens or 0:,} tokens")
        return [each for each in cells if each]

    def record(self) -> dict[str, Any]:
        """Those that there are, as JSON values."""
        names = ("subject", "outcome", "duration", "input_tokens", "output_tokens")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def payload_of(appended: Appended) -> Mapping[str, Any]:
    """Read what was kept of an event."""
    return _mapping(from_json(appended.record.payload))


def figures_of(payload: Mapping[str, Any]) -> Figures:
    """Return the figures among an event's arguments, as far as they are what they should be."""
    arguments = _mapping(payload.get("arguments"))
    usage = _mapping(arguments.get("usage"))
    return Figures(
        subject=_is(str, arguments.get("model")) or _is(str, arguments.get("tool")),
        outcome=_is(str, arguments.get("outcome")),
        duration=_number(arguments.get("duration")),
        input_tokens=_is(int, usage.get("input_tokens")),
        output_tokens=_is(int, usage.get("output_tokens")),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _is(kind: type[Any], value: Any) -> Any:
    return value if isinstance(value, kind) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def event_line(appended: Appended) -> str:
    """Write an event on one line: when, what, whose, and how it went."""
    record = appended.record
    figures = "  ".join(figures_of(payload_of(appended)).cells())
    line = f"{local(record.time)}  {short(record.run):<8}  {record.agent:<12}  {record.hook:<16}  {figures}"
    return " ".join(line.rstrip().splitlines())


def event_record(appended: Appended) -> dict[str, Any]:
    """Return all of an event, as JSON values."""
    record = appended.record
    return {
        "position": appended.position,
        "id": record.id,
        "time": iso(record.time),
        "hook": record.hook,
        "agent": record.agent or None,
        "run": record.run or None,
        "root": record.root or None,
        "lanes": list(record.lanes),
        # What JSON has nothing for, as NaN, is a text here.
        "payload": jsonable(payload_of(appended)),
    }

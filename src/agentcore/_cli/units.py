"""How times, amounts and ids are written for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

__all__ = ["counted", "duration", "iso", "local", "short", "size", "span"]

_SPANS: Final = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"))

_SIZES: Final = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))

_ID: Final = 8
"""Characters of a run's id, of 32, that tell it from all others that a person looks at."""


def duration(seconds: float) -> str:
    """Write how long something took, as ``12 ms`` or ``1.25 s``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.2g} ms" if seconds < 0.00995 else f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 9.995 else span(seconds)


def span(seconds: float) -> str:
    """Write a time in its largest unit, as ``3 s``, ``12 min`` or ``5 d``."""
    for length, unit in _SPANS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def size(amount: float) -> str:
    """Write bytes in decimal units, as ``1.2 MB``."""
    for length, unit in _SIZES:
        if amount >= length:
            return f"{amount / length:.1f} {unit}"
    return f"{amount:.0f} B"


def counted(number: int, noun: str) -> str:
    """Write how many there are of what *noun* calls one of, as ``1 event`` or ``1,200 events``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def iso(time: float | None) -> str | None:
    """Write a moment, in seconds since the epoch, for programs: in UTC, with milliseconds."""
    if time is None:
        return None
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local(time: float) -> str:
    """Write a moment, in seconds since the epoch, for people: in this machine's time zone."""
    return datetime.fromtimestamp(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def short(run: str) -> str:
    """Return the beginning of a run's id, by which commands find it."""
    return run[:_ID]

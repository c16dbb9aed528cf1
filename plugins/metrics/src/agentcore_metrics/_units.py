"""How numbers are written for people, and spans of time read from them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

__all__ = ["duration", "money", "parse_span", "percent", "printable", "trend", "whole"]

_SPAN: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_span(text: str) -> float:
    """Return the seconds of a span of time as ``24h``.

    Raises:
        ValueError: It is not a number and one of the units s, m, h, d, w.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a span of time: write a number and s, m, h, d or w, as 30m, 24h or 7d")
    return float(match[1]) * _SECONDS[match[2]]


def duration(seconds: float | None) -> str:
    """Write three digits and the unit, as ``12.3 ms`` or ``1.25 s``; ``-`` for None."""
    if seconds is None:
        return "-"
    if seconds < 0.999_5:
        return "<0.01 ms" if 0 < seconds < 0.000_005 else f"{_three_digits(seconds * 1000)} ms"
    return f"{_three_digits(seconds)} s"


def _three_digits(number: float) -> str:
    places = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:,.{places}f}"


def whole(number: int) -> str:
    """Write a number with separators, as ``1,234``."""
    return f"{number:,}"


def percent(fraction: float, *, signed: bool = False) -> str:
    """Write a part of a whole, as ``12 %``, or a change, as ``+12 %``."""
    number = fraction * 100
    if abs(number) < 0.05:
        return "0 %"
    places = 1 if abs(number) < 9.95 else 0
    return f"{number:{'+' if signed else ''},.{places}f} %"


_BARS: Final = "▁▂▃▄▅▆▇█"


def trend(counts: Sequence[int]) -> str:
    """Draw *counts* as bars, the highest of which is full, and none of which is empty where something was counted."""
    most = max(counts, default=0)
    return "".join(" " if not each else _BARS[(each * len(_BARS) - 1) // most] for each in counts)


def money(dollars: Decimal | None, *, unknown: int) -> str:
    """Write what calls cost, where *unknown* of them have no known cost: ``$0.0123``, ``unknown``, both on two lines
    where both hold, and ``-`` where there were none.
    """
    if dollars is None:
        return "unknown" if unknown else "-"
    return f"{_dollars(dollars)}\n+ unknown" if unknown else _dollars(dollars)


def _dollars(amount: Decimal) -> str:
    # Three digits that count, however small: a call costs thousandths of a cent.
    places = 2 if amount == 0 or abs(amount) >= 1 else max(4, 2 - amount.adjusted())
    return f"${amount:,.{places}f}"


def printable(text: str) -> str:
    """Make *text* safe to print: names come from models, and a terminal obeys what it cannot print."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)

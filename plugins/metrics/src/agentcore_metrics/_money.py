"""Cost as whole numbers, so that sums are exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

__all__ = ["PICO", "dollars", "pico"]

PICO: Final = 10**12
"""Cost is kept in whole millionths of a micro-dollar: then the price of one token is a whole number wherever the price
of a million has at most six decimals."""

_MOST_DOLLARS: Final = 9_000_000
"""Of one run or call, so that it fits 64 bits in units of 10^-12 dollars."""


def pico(cost: Decimal | None) -> int | None:
    """Return *cost*, in US dollars, in whole units of 10^-12; None for what is no amount of money.

    What a server invents, as NaN or more than a call can cost, is no known cost.
    """
    return round(cost * PICO) if cost is not None and cost.is_finite() and abs(cost) < _MOST_DOLLARS else None


def dollars(pico: int | None) -> Decimal | None:
    """Return the dollars of a cost in whole units of 10^-12."""
    return None if pico is None else (Decimal(pico) / PICO).normalize()

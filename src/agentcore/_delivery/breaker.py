"""Leaves a provider alone that is down, and asks after it now and then."""

from __future__ import annotations

from collections.abc import Callable
from random import uniform
from typing import Final, Literal, TypeAlias

__all__ = ["THRESHOLD", "Breaker", "BreakerState", "backoff"]

BreakerState: TypeAlias = Literal["closed", "open", "half_open"]
"""``closed`` lets every delivery through, ``open`` none, and ``half_open`` one: the probe."""

THRESHOLD: Final = 5
"""Different events that must fail in a row: one that keeps failing says nothing of the provider."""

FIRST_PERIOD: Final = 1.0
LONGEST_PERIOD: Final = 300.0
"""Seconds between two probes, doubled from one to the next."""

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 3600.0
"""Seconds before a delivery is repeated."""

_GROWTH: Final = 4.0
"""So that eight repetitions begin within a second and end after about an hour and a half."""


def backoff(attempt: int) -> float:
    """Return how many seconds to wait after try number *attempt*, from 1.

    Between half and the whole of a time that grows: "equal jitter" of
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
    """
    longest = min(LONGEST_DELAY, FIRST_DELAY * _GROWTH ** min(attempt - 1, 30))
    return uniform(longest / 2, longest)  # noqa: S311 - spreads load, guards nothing


class Breaker:
    """A circuit breaker for a lane, which delivers one event at a time.

    Args:
        clock: In seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: set[int] = set()
        self._period = FIRST_PERIOD
        self._probe_at: float | None = None

    @property
    def state(self) -> BreakerState:
        """Whether deliveries may be tried now."""
        if self._probe_at is None:
            return "closed"
        return "open" if self._clock() < self._probe_at else "half_open"

    @property
    def wait(self) -> float:
        """Seconds until something may be tried; 0 for now."""
        return 0.0 if self._probe_at is None else max(0.0, self._probe_at - self._clock())

    def succeeded(self) -> None:
        """A delivery succeeded."""
        self._failed.clear()
        self._period, self._probe_at = FIRST_PERIOD, None

    def failed(self, position: int) -> None:
        """The delivery of the event at *position* failed."""
        if self._probe_at is not None:
            self._period = min(LONGEST_PERIOD, self._period * 2)
        self._failed.add(position)
        if len(self._failed) >= THRESHOLD:
            self._probe_at = self._clock() + self._period

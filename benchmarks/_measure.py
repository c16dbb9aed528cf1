"""CPU time side by side: every round runs each contestant once, so that a noisy moment hits all of them."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Mapping
from statistics import median
from time import process_time
from typing import Final, TypeAlias

from attrs import frozen

from benchmarks._table import Figure

__all__ = ["Repeat", "Samples", "figure", "measure", "sample"]

Repeat: TypeAlias = Callable[[int], Awaitable[None]]
"""Does a contestant's work that many times in a loop of its own, so that no call of ours is timed."""

_ROUNDS: Final = 25
_WARM_UP: Final = 100
_SAMPLE_SECONDS: Final = 0.01
"""CPU time of one sample; long beside the clock's resolution, short beside a noisy neighbour."""


@frozen
class Samples:
    """What one process measured of one contestant, in awaits: the CPU time of one awaited no-op coroutine."""

    ratios: list[float]
    """Round by round, because the speed of a shared machine drifts from one round to the next."""
    least: float
    """The shortest sample over the shortest one of the unit."""


def figure(samples: list[Samples]) -> Figure:
    """Put together what several processes measured."""
    return Figure(median(ratio for each in samples for ratio in each.ratios), min(each.least for each in samples))


async def measure(contestants: Mapping[str, Repeat]) -> dict[str, Figure]:
    """Measure each contestant in this process."""
    return {name: figure([each]) for name, each in (await sample(contestants)).items()}


async def sample(
    contestants: Mapping[str, Repeat], *, rounds: int = _ROUNDS, warm_up: int = _WARM_UP
) -> dict[str, Samples]:
    """Take samples of each contestant, and of the unit in the same rounds.

    Args:
        contestants: By name.
        rounds: Samples of each.
        warm_up: How often each does its work before it is timed.
    """
    everybody: dict[str, Repeat] = {"": _unit, **contestants}
    times = {name: await _repetitions(each, warm_up) for name, each in everybody.items()}
    seconds: dict[str, list[float]] = {name: [] for name in everybody}
    gc.collect()
    # Whatever was imported for one contestant is not to be walked by the collector while another one runs.
    gc.freeze()
    try:
        for _ in range(rounds):
            for name, each in everybody.items():
                gc.collect()
                seconds[name].append(await _seconds(each, times[name]) / times[name])
    finally:
        gc.unfreeze()
    units = seconds.pop("")
    return {name: _samples(taken, units) for name, taken in seconds.items()}


def _samples(taken: list[float], units: list[float]) -> Samples:
    return Samples([each / unit for each, unit in zip(taken, units, strict=True)], min(taken) / min(units))


async def _repetitions(contestant: Repeat, warm_up: int) -> int:
    """Warm up, and find how often the work must be done to fill a sample."""
    await contestant(warm_up)
    times = 1
    while (taken := await _seconds(contestant, times)) < _SAMPLE_SECONDS / 4:
        times *= 4
    return max(1, round(times * _SAMPLE_SECONDS / taken))


async def _seconds(contestant: Repeat, times: int) -> float:
    begin = process_time()
    await contestant(times)
    return process_time() - begin


async def _nothing() -> None:
    pass


async def _unit(times: int) -> None:
    for _ in range(times):
        await _nothing()

"""Many runs at once: what each costs, and what each holds while it waits for its model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Final

from benchmarks._apart import measure_apart, output_of
from benchmarks._measure import Repeat
from benchmarks._memory import WAITING
from benchmarks._peers import OURS, installed_peers, maker_of
from benchmarks._script import Run
from benchmarks._table import Figure, Row

__all__ = ["PROCESSES", "ROUNDS", "WARM_UP", "contestants", "rows"]

PROCESSES: Final = 2
ROUNDS: Final = 2
WARM_UP: Final = 1
_COUNTS: Final = (10, 100, 1000)


def contestants(name: str) -> Mapping[str, Repeat]:
    """Make those of one framework, by how many runs they make at once."""
    run = _yield if name == WAITING else maker_of(name)(_yield)
    return {str(count): _gathering(run, count) for count in _COUNTS}


async def _yield() -> None:
    """Let all others come as far before any model answers."""
    await asyncio.sleep(0)


def _gathering(run: Run, count: int) -> Repeat:
    async def repeat(times: int) -> None:
        for _ in range(times):
            await asyncio.gather(*(run() for _ in range(count)))

    return repeat


async def rows() -> list[Row]:
    """Measure.  Nothing else runs meanwhile, and so nothing is lost by not awaiting."""
    names = [OURS, *installed_peers(), WAITING]
    figures = measure_apart("concurrency", names)
    costs = [_cost(int(count), by_name) for count, by_name in figures.items()]
    return costs + [_memory(names, how) for how in ("traced", "resident")]


def _cost(count: int, figures: Mapping[str, Figure]) -> Row:
    each = {name: figure.times(1 / count) for name, figure in figures.items()}
    ours = each.pop(OURS)
    return Row(what=f"one of {count:,} concurrent runs", unit="awaits", ours=ours, target="≤ 200", others=each)


def _memory(names: list[str], how: str) -> Row:
    kept = {name: Figure(json.loads(output_of("benchmarks._memory", name, how))) for name in names}
    ours = kept.pop(OURS)
    return Row(what=f"memory of one of 1,000 concurrent runs, {how}", unit="KiB", ours=ours, target="≤ 4", others=kept)

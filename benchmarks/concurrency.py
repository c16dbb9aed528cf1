"""Many runs at once: what each costs, and what each holds while it waits for its model."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks import _ours
from benchmarks._measure import Repeat, measure
from benchmarks._peers import peers
from benchmarks._script import Run
from benchmarks._table import Figure, Row

__all__ = ["rows"]

_COUNTS: Final = (10, 100, 1000)
_ROUNDS: Final = 5
_WARM_UP: Final = 1
_OURS: Final = "agentcore"
_TASK: Final = "a task that only waits"


async def _yield() -> None:
    """Let all others come as far before any model answers."""
    await asyncio.sleep(0)


def _gathering(run: Run, count: int) -> Repeat:
    async def repeat(times: int) -> None:
        for _ in range(times):
            await asyncio.gather(*(run() for _ in range(count)))

    return repeat


async def rows() -> list[Row]:
    """Measure."""
    runs = {_OURS: _ours.make(pause=_yield)}
    runs.update({name: peer.make(observers=True, tool=False, pause=_yield) for name, peer in peers()})
    made: list[Row] = []
    for count in _COUNTS:
        contestants = {name: _gathering(run, count) for name, run in runs.items()}
        figures = await measure(contestants, rounds=_ROUNDS, warm_up=_WARM_UP)
        made.append(_cost(count, {name: figure.times(1 / count) for name, figure in figures.items()}))
    return made + list(_memory(list(runs)))


def _cost(count: int, figures: dict[str, Figure]) -> Row:
    ours = figures.pop(_OURS)
    return Row(what=f"one of {count:,} concurrent runs", unit="awaits", ours=ours, target="≤ 200", others=figures)


def _memory(names: list[str]) -> Iterator[Row]:
    for how in ("traced", "resident"):
        kept = {name: Figure(_held(name, how)) for name in [*names, _TASK]}
        ours = kept.pop(_OURS)
        yield Row(what=f"memory of one of 1,000 concurrent runs, {how}", unit="KiB", ours=ours, target="≤ 4", others=kept)


def _held(name: str, how: str) -> float:
    """Measure in a process of its own, where nothing else was imported or freed before."""
    command = [sys.executable, "-m", "benchmarks._memory", name, how]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
    kib: Mapping[str, float] = json.loads(done.stdout)
    return kib["kib"]

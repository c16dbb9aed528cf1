"""A million events through one durable lane: what each costs, and what the process and the journal hold meanwhile.

``python -m benchmarks lane`` prints a row for each step; ``python -m benchmarks.lane FILE.svg`` draws them as well,
with matplotlib.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from time import process_time
from typing import Final, NamedTuple

from agentcore import Delivery, ExecutionContext, PluginManager, Usage, hookimpl, load_settings
from benchmarks._resident import resident
from benchmarks._table import Figure, Row

__all__ = ["rows"]

_EVENTS: Final = 1_000_000
_STEP: Final = 100_000
_BURST: Final = 1_000
"""Events that are sent before the lane is waited for, as an agent's runs are."""
_LIMIT: Final = 50_000_000
"""Bytes that the journal may have."""


class _Step(NamedTuple):
    events: int
    cost: float
    """Microseconds of CPU time for each event of the step, sent, committed, read, delivered and settled."""
    memory: float
    """Resident megabytes."""
    journal: float
    """Megabytes on disk, its log included."""


class _Store:
    delivery = Delivery(mode="durable")

    def __init__(self) -> None:
        self.heard = 0

    @hookimpl
    async def agent_complete(self) -> None:
        self.heard += 1


async def _steps() -> AsyncIterator[_Step]:
    with tempfile.TemporaryDirectory() as folder:
        journal = {"keep": 0, "max_size": _LIMIT}
        settings = load_settings(environ={}, overrides={"state_dir": Path(folder), "journal": journal})
        pm, store = PluginManager(settings), _Store()
        pm.register(store)
        async with pm:
            for step in range(_STEP, _EVENTS + 1, _STEP):
                begin = process_time()
                for _ in range(_STEP // _BURST):
                    await _burst(pm)
                cost = (process_time() - begin) / _STEP * 1e6
                yield _Step(step, cost, resident() / 1e6, _size(Path(folder)) / 1e6)
        if store.heard != _EVENTS:
            raise RuntimeError(f"{store.heard} of {_EVENTS} events were delivered")


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.iterdir())


async def _burst(pm: PluginManager) -> None:
    context = ExecutionContext("triage")
    context.plugins = pm
    usage = Usage(requests=1, input_tokens=200)
    for _ in range(_BURST):
        await pm.hook.agent_complete(context, "triage", {"ticket": "It crashes."}, {"label": "x"}, usage, 0.5, "ok")
    await pm.flush()


async def rows() -> list[Row]:
    """Measure."""
    found: list[Row] = []
    async for step in _steps():
        what = f"lane: events {step.events - _STEP:,} to {step.events:,}"
        found += [
            Row(what=what, unit="µs/event", ours=Figure(step.cost)),
            Row(what=f"{what}: resident", unit="MB", ours=Figure(step.memory)),
            Row(what=f"{what}: journal", unit="MB", ours=Figure(step.journal)),
        ]
    return found


async def _draw(file: str) -> None:
    from matplotlib import pyplot  # type: ignore[import-not-found]

    steps = [step async for step in _steps()]
    figure, panels = pyplot.subplots(1, 3, figsize=(9, 2.6), layout="constrained")
    for panel, name, unit in zip(
        panels, ("cost", "memory", "journal"), ("µs of CPU for each event", "MB resident", "MB of journal"), strict=True
    ):
        panel.plot([step.events / 1e6 for step in steps], [getattr(step, name) for step in steps], marker="o")
        panel.set(xlabel="million events", ylabel=unit, ylim=(0, None))
    figure.savefig(file)
    for step in steps:
        print(step)


if __name__ == "__main__":
    asyncio.run(_draw(sys.argv[1]))

"""``python -m benchmarks._memory NAME traced|resident``: memory of one of 1,000 runs that wait for their models."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tracemalloc
from pathlib import Path
from typing import Final

from benchmarks import _ours
from benchmarks._peers import peers
from benchmarks._script import Pause, Run

__all__: list[str] = []

_COUNT: Final = 1000
_WARM_UP: Final = 20
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class _Gate:
    """Where models wait."""

    def __init__(self) -> None:
        self.waiting = 0
        self.open = asyncio.Event()

    async def wait(self) -> None:
        self.waiting += 1
        await self.open.wait()


def _run(name: str, pause: Pause) -> Run:
    if name == "agentcore":
        return _ours.make(pause=pause)
    for each, peer in peers():
        if each == name:
            return peer.make(observers=True, tool=False, pause=pause)
    return pause


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def _traced() -> int:
    return tracemalloc.get_traced_memory()[0]


async def _measured(name: str, how: str) -> float:
    """Return KiB for each run, its task included."""
    gate = _Gate()
    run = _run(name, gate.wait)
    gate.open.set()
    await asyncio.gather(*(run() for _ in range(_WARM_UP)))
    gate.open.clear()
    gate.waiting = 0
    if how == "traced":
        tracemalloc.start()
    held = _traced if how == "traced" else _resident
    gc.collect()
    before = held()
    tasks = [asyncio.ensure_future(run()) for _ in range(_COUNT)]
    while gate.waiting < _COUNT:
        await asyncio.sleep(0)
    gc.collect()
    taken = held() - before
    gate.open.set()
    await asyncio.gather(*tasks)
    return taken / _COUNT / 1024


print(json.dumps({"kib": asyncio.run(_measured(sys.argv[1], sys.argv[2]))}))

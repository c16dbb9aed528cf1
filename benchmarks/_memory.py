"""``python -m benchmarks._memory NAME traced|resident``: KiB that one of 1,000 runs holds while it waits."""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from typing import Final

from benchmarks._peers import maker_of
from benchmarks._resident import resident

__all__ = ["WAITING"]

WAITING: Final = "a task that only waits"
_COUNT: Final = 1000
_WARM_UP: Final = 20


class _Gate:
    """Where models wait."""

    def __init__(self) -> None:
        self.waiting = 0
        self.open = asyncio.Event()

    async def wait(self) -> None:
        self.waiting += 1
        await self.open.wait()


def _traced() -> int:
    return tracemalloc.get_traced_memory()[0]


async def _measured(name: str, how: str) -> float:
    """Return KiB for each run, its task included."""
    gate = _Gate()
    run = gate.wait if name == WAITING else maker_of(name)(gate.wait)
    gate.open.set()
    await asyncio.gather(*(run() for _ in range(_WARM_UP)))
    gate.open.clear()
    gate.waiting = 0
    if how == "traced":
        tracemalloc.start()
    held = _traced if how == "traced" else resident
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


if __name__ == "__main__":
    print(asyncio.run(_measured(sys.argv[1], sys.argv[2])))

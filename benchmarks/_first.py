"""``python -m benchmarks._first NAME``: import one framework, and make its first run."""

from __future__ import annotations

import asyncio
import sys

from benchmarks._peers import maker_of
from benchmarks._script import Label, no_pause

__all__: list[str] = []


async def _first(name: str) -> None:
    result = await maker_of(name)(no_pause)()
    made = getattr(result, "output", result)
    if made != Label(label="bug"):
        raise RuntimeError(f"{name} returned {made!r}")


if __name__ == "__main__":
    asyncio.run(_first(sys.argv[1]))

"""``python -m benchmarks [NAME ...]``: measure all, or what is named, and print one Markdown table."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from typing import Final

from benchmarks._table import Row, table

_ALL: Final = ("hooks", "context", "run", "concurrency", "imports", "journal", "delivery", "lane", "metrics")


async def _measured(names: list[str]) -> list[Row]:
    rows: list[Row] = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr)
        rows += await import_module(f"benchmarks.{name}").rows()
    return rows


def main() -> None:
    """Measure what is named on the command line; everything where nothing is."""
    names = sys.argv[1:] or list(_ALL)
    unknown = [name for name in names if name not in _ALL]
    if unknown:
        sys.exit(f"no benchmark is named {unknown[0]!r}; there are: {', '.join(_ALL)}")
    print(table(asyncio.run(_measured(names))))


main()

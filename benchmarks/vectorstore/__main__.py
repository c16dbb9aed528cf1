"""``python -m benchmarks.vectorstore [--sizes 10000,100000] [--only NAME,…] [--json FILE]``: one Markdown table."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.vectorstore.contestants import CONTESTANTS

COLUMNS = {
    "single": "one durable add, ms",
    "rows_per_second": "batch, rows/s",
    "search": "search, ms",
    "search_recall": "recall@10",
    "grouped": "in 1 of 10 groups, ms",
    "grouped_recall": "recall@10",
    "hybrid": "hybrid, ms",
    "hybrid_grouped": "hybrid in a group, ms",
}


def main() -> None:
    """Measure each store in a process of its own, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vectorstore")
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--only", default=",".join(CONTESTANTS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one store at one size")
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    for size in map(int, options.sizes.split(",")):
        for name in options.only.split(","):
            print(f"measuring {name} at {size:,} ...", file=sys.stderr)
            result = measured(name, size, options.timeout)
            if result is not None:
                results.append(result)
                if options.json:
                    options.json.write_text(json.dumps(results, indent=1))
    print(table(results))


def measured(name: str, size: int, timeout: float) -> dict[str, Any] | None:
    """Run one measurement; None where it fails, which stderr says."""
    command = [sys.executable, "-m", "benchmarks.vectorstore.one", name, str(size)]
    # On one core, as the figures say: thread pools of numeric libraries would spin on the others.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"{name} at {size:,} failed: {error}\n{(error.stderr or b'')[-600:]!r}", file=sys.stderr)
        return None
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def table(results: list[dict[str, Any]]) -> str:
    """Return a Markdown table."""
    lines = [f"| store | documents | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 2) + "|"]
    for result in results:
        cells = [shown(result.get(name), name) for name in COLUMNS]
        lines.append(f"| {result['name']} | {result['size']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def shown(value: float | None, name: str) -> str:
    """Return a figure as the table shows it."""
    if value is None:
        return ""
    return f"{value:,.0f}" if name == "rows_per_second" else f"{value:.3f}" if "recall" in name else f"{value:.2f}"


main()

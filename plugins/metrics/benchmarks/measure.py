"""Measures what the provider costs: ``python plugins/metrics/benchmarks/measure.py [--rows 1000000]``.

Times are CPU time; the unit of the hooks is one awaited coroutine that does nothing, measured in the same process.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from statistics import median

from agentcore import ExecutionContext, Usage
from agentcore_metrics import MetricsProvider
from agentcore_metrics._ledger import Ledger
from agentcore_metrics._records import ModelRecord, Record, RunRecord, ToolRecord

EVENTS = 20_000
ROUNDS = 9
USAGE = Usage(requests=1, input_tokens=1200, output_tokens=80, cached_tokens=200, cost=Decimal("0.00123"))


async def nothing() -> None:
    """The unit."""


async def await_nothing() -> float:
    began = time.thread_time()
    for _ in range(EVENTS):
        await nothing()
    return (time.thread_time() - began) / EVENTS


def known(parent: ExecutionContext | None = None) -> ExecutionContext:
    """Make a context whose ids have been read before, as those of a run that has made a call."""
    context = ExecutionContext("triage") if parent is None else parent.fork("triage")
    assert context.root_id
    return context


def hook(folder: Path, send: Callable[[MetricsProvider, ExecutionContext], None], *, fresh: bool) -> float:
    """Return the seconds that one call of a hook takes on the caller's thread, while the ledger is being written."""
    provider = MetricsProvider(path=folder / f"{time.monotonic_ns()}.db")
    parent = known()
    contexts = [ExecutionContext("triage") if fresh else known(parent) for _ in range(EVENTS)]
    began = time.thread_time()
    for context in contexts:
        send(provider, context)
    taken = (time.thread_time() - began) / EVENTS
    provider.close()
    assert provider.dropped == 0
    return taken


def hooks(folder: Path) -> None:
    unit = median(asyncio.run(await_nothing()) for _ in range(ROUNDS))
    print(f"one awaited coroutine: {unit * 1e6:.3f} µs")
    cases: dict[str, Callable[[MetricsProvider, ExecutionContext], None]] = {
        "agent_complete": lambda provider, context: provider.agent_complete(context, "triage", USAGE, 1.0, "ok"),
        "model_complete": lambda provider, context: provider.model_complete(context, "small", "1", USAGE, 1.0, "ok"),
        "tool_execute": lambda provider, context: provider.tool_execute(context, "search", "1", 1.0, "ok"),
    }
    for name, send in cases.items():
        for fresh in (False, True):
            taken = median(hook(folder, send, fresh=fresh) for _ in range(ROUNDS))
            note = ", ids made by it" if fresh else ""
            print(f"{name}: {taken * 1e6:.2f} µs, {taken / unit:.0f} awaits{note}")


def records(rows: int) -> list[Record]:
    """Make the records of *rows* model calls within a day, a run for every third, a tool call for every second."""
    now = time.time()
    made: list[Record] = []
    for number in range(rows):
        ids = (os.urandom(16).hex(), None, os.urandom(16).hex(), f"agent-{number * 7 % 20}")
        common = (*ids, now - 86_000 * (1 - number / rows), number * 7919 % 10_007 / 1000, "ok", None)
        made.append(ModelRecord(*common, f"provider:model-{number * 11 % 6}", str(number), USAGE))
        if number % 3 == 0:
            made.append(RunRecord(*common, USAGE, USAGE))
        if number % 2 == 0:
            made.append(ToolRecord(*common, f"tool-{number % 30}", str(number)))
    return made


def ledger(path: Path, rows: int) -> None:
    made = records(rows)
    ledger = Ledger(path)
    began, cpu = time.perf_counter(), time.process_time()
    for first in range(0, len(made), 1_000):
        ledger.append(made[first : first + 1_000])
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    ledger.close()
    size = path.stat().st_size
    print(
        f"{len(made):,} rows written: {len(made) / wall:,.0f} a second, {cpu / len(made) * 1e6:.1f} µs CPU each,",
        end=" ",
    )
    print(f"{size / len(made):.0f} bytes each")


def command(path: Path) -> None:
    program = (
        f"from agentcore_metrics import MetricsProvider as P; (c,) = P(path={str(path)!r}).register_commands(); c()"
    )
    for arguments in (
        ["--help"],
        ["--since", "24h"],
        *(["--since", "24h", "--by", by] for by in ("model", "tool", "day")),
    ):
        times: list[float] = []
        for _ in range(3):
            before = os.times()
            subprocess.run([sys.executable, "-c", program, *arguments], check=True, stdout=subprocess.DEVNULL)
            after = os.times()
            times.append(after.children_user + after.children_system - before.children_user - before.children_system)
        print(f"agentcore metrics {' '.join(arguments)}: {min(times):.2f} s CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="model calls in the ledger that is read")
    rows: int = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        hooks(Path(folder))
        ledger(Path(folder) / "big.db", rows)
        command(Path(folder) / "big.db")


if __name__ == "__main__":
    main()

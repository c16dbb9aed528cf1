"""Measures what the provider costs: ``python plugins/metrics/benchmarks/measure.py [NAME ...] [--rows 1000000]``.

Times are CPU time, unless they are said to be of the clock on the wall.
The unit of the hooks is one awaited coroutine that does nothing, measured in the same process.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from agentcore import ExecutionContext, PluginManager, Settings, Usage
from agentcore.types import Message, ModelRequest, ModelResponse
from agentcore_metrics import MetricsProvider
from agentcore_metrics._ledger import Ledger
from agentcore_metrics._records import ModelRecord, Record, RunRecord, ToolRecord
from agentcore_metrics._summary import BY

EVENTS = 2_000
ROUNDS = 7
USAGE = Usage(requests=1, input_tokens=1200, output_tokens=80, cached_tokens=200, cost=Decimal("0.00123"))
REQUEST = ModelRequest([Message("user", "x" * 200) for _ in range(20)])
ANSWER = ModelResponse(text="done", usage=USAGE, model="small-2026")
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)


async def nothing() -> None:
    """The unit."""


Send = Callable[[PluginManager, ExecutionContext], Awaitable[Any]]

HOOKS: dict[str, Send] = {
    "agent_complete": lambda plugins, context: plugins.hook.agent_complete(
        context, "triage", {}, "done", USAGE, 1.0, "ok"
    ),
    "model_complete": lambda plugins, context: plugins.hook.model_complete(
        context, "small", REQUEST, ANSWER, "1", USAGE, 1.0, "ok"
    ),
    "tool_execute": lambda plugins, context: plugins.hook.tool_execute(context, "search", {}, "found", "1", 1.0, "ok"),
}


async def hook(folder: Path, send: Send, provider: MetricsProvider | None) -> float:
    """Return the seconds of the caller's thread for one event, while another thread does what is left of it."""
    settings = Settings(state_dir=folder / f"{time.monotonic_ns()}", autoload=False)
    plugins = PluginManager(settings)
    if provider is not None:
        plugins.register(provider)
    async with plugins:
        contexts = [ExecutionContext("triage") for _ in range(EVENTS)]
        gc.collect()
        began = time.thread_time()
        for context in contexts:
            await send(plugins, context)
        taken = (time.thread_time() - began) / EVENTS
    assert provider is None or provider.dropped == 0
    return taken


async def unit() -> float:
    began = time.thread_time()
    for _ in range(EVENTS):
        await nothing()
    return (time.thread_time() - began) / EVENTS


def configured(**more: Any) -> MetricsProvider:
    provider: MetricsProvider = MetricsProvider.from_config(MetricsProvider.Config.model_validate(more))
    return provider


class Laned(MetricsProvider):
    """The same on a lane of its own."""

    delivery = "background"


COLLECTOR = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
print(server.server_port, flush=True)
server.serve_forever()
"""
"""Takes everything and keeps nothing."""


def hooks(folder: Path) -> None:
    """What an event costs the agent: with the ledger alone, with everything on, and on a lane instead."""
    with subprocess.Popen([sys.executable, "-c", COLLECTOR], stdout=subprocess.PIPE, text=True) as collector:
        assert collector.stdout is not None
        try:
            compare_hooks(folder, f"http://127.0.0.1:{int(collector.stdout.readline())}")
        finally:
            collector.terminate()


def compare_hooks(folder: Path, url: str) -> None:
    everything = {"otel": {"otlp": url, "prometheus": 0, "interval": 3600}}
    variants: dict[str, Callable[[], MetricsProvider | None]] = {
        "nobody listening": lambda: None,
        "ledger": configured,
        "ledger, OTLP and Prometheus": lambda: configured(**everything),
        "ledger, on a lane": Laned,
    }
    units: list[float] = []
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        units.append(asyncio.run(unit()))
        for name, send in HOOKS.items():
            for variant, make in variants.items():
                times.setdefault((name, variant), []).append(asyncio.run(hook(folder, send, make())))
    one = median(units)
    print(f"one awaited coroutine: {one * 1e6:.3f} µs")
    for (name, variant), taken in times.items():
        micros = f"{median(taken) * 1e6:.2f} µs ({min(taken) * 1e6:.2f})"
        print(f"{name}, {variant}: {micros}, {median(taken) / one:.0f} awaits")


def memory(folder: Path) -> None:
    """What 100,000 runs leave behind, each with its own ids."""
    provider = configured()
    provider.settle(folder)
    run_some(provider, 20_000)
    provider.flush()
    gc.collect()
    before = resident()
    run_some(provider, 100_000)
    provider.flush()
    gc.collect()
    print(f"100,000 runs more: {resident() - before:+.1f} MB resident; at most {peak():.0f} MB in all")
    provider.close()


def run_some(provider: MetricsProvider, count: int) -> None:
    for number in range(count):
        if number % 10_000 == 0:
            provider.flush()
        context = ExecutionContext("triage")
        provider.model_complete(context, "small", ANSWER, f"{number}", USAGE, 0.5, "ok")
        provider.agent_complete(context, "triage", USAGE, 1.0, "ok")


def resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


async def endpoint(folder: Path) -> None:
    """How long the endpoint takes for 10,000 series, and for how long the event loop stands still meanwhile."""
    provider = configured(otel={"prometheus": 0, "max_values": 10_000, "traces": False})
    plugins = PluginManager(Settings(state_dir=folder / "endpoint", autoload=False))
    plugins.register(provider)
    async with plugins:
        for number in range(590):
            provider.tool_execute(ExecutionContext("triage"), f"tool-{number}", "1", 0.1, "ok")
        provider.flush()
        port = provider.client.port  # type: ignore[union-attr]  # it is that of OpenTelemetry
        series, taken = await asyncio.to_thread(ask, port)
        beside = [await busy(asyncio.to_thread(ask, port)) for _ in range(ROUNDS)]
        alone = [await busy(asyncio.sleep(wall)) for wall, _, _ in beside]
    print(f"endpoint with {series:,} series: {taken:.2f} s on the wall, {median(each[0] for each in beside):.2f} s")
    print("    beside a busy event loop; the longest time for which that stood still, on the wall and of this CPU:")
    print(f"    {millis(beside, 1)} and {millis(beside, 2)}; where nobody asked: {millis(alone, 1)}")


async def busy(other: Awaitable[Any]) -> tuple[float, float, float]:
    """Keep the loop busy as long as *other* takes.

    Returns how long that is, and the longest time between two turns of the loop: on the wall, where other programs may
    have had the processor, and that for which this program had it.
    """
    wall = cpu = 0.0
    waiting = asyncio.ensure_future(other)
    began = before = time.perf_counter()
    used = time.process_time()
    while not waiting.done():
        await asyncio.sleep(0)
        now, now_used = time.perf_counter(), time.process_time()
        wall, cpu = max(wall, now - before), max(cpu, now_used - used)
        before, used = now, now_used
    return before - began, wall, cpu


def millis(found: Sequence[Sequence[float]], column: int) -> str:
    seconds = [each[column] for each in found]
    return f"{median(seconds) * 1000:.1f} ms ({min(seconds) * 1000:.1f} to {max(seconds) * 1000:.1f})"


def ask(port: int) -> tuple[int, float]:
    began = time.perf_counter()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read()
    return sum(not line.startswith(b"#") for line in text.splitlines()), time.perf_counter() - began


def records(rows: int) -> list[Record]:
    """Make the records of *rows* model calls within a day, a run for every third, a tool call for every second."""
    now = time.time()
    made: list[Record] = []
    for number in range(rows):
        ids = (os.urandom(16).hex(), None, os.urandom(16).hex(), f"agent-{number * 7 % 20}")
        common = (*ids, now - 86_000 * (1 - number / rows), number * 7919 % 10_007 / 1000, "ok", None)
        more = ("provider", None, None, 1_230_000_000, "reported")
        made.append(ModelRecord(*common, f"provider:model-{number * 11 % 6}", str(number), USAGE, *more))
        if number % 3 == 0:
            made.append(RunRecord(*common, USAGE, USAGE, 1_230_000_000, 1_230_000_000))
        if number % 2 == 0:
            made.append(ToolRecord(*common, f"tool-{number % 30}", str(number)))
    return made


def fill(path: Path, rows: int) -> None:
    made = records(rows)
    ledger = Ledger(path)
    began, cpu = time.perf_counter(), time.process_time()
    for first in range(0, len(made), 1_000):
        ledger.append(made[first : first + 1_000])
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    ledger.close()
    print(
        f"{len(made):,} rows written: {len(made) / wall:,.0f} a second, {cpu / len(made) * 1e6:.1f} µs CPU each,"
        f" {path.stat().st_size / len(made):.0f} bytes each"
    )


def command(path: Path, *arguments: str) -> tuple[float, float]:
    """Return the seconds of the whole command, on the wall and of the CPU; the least of five of each."""
    program = (
        f"from agentcore_metrics import MetricsProvider as P; (c,) = P(path={str(path)!r}).register_commands(); c()"
    )
    walls: list[float] = []
    cpus: list[float] = []
    for _ in range(5):
        before, began = os.times(), time.perf_counter()
        subprocess.run([sys.executable, "-c", program, *arguments], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        walls.append(time.perf_counter() - began)
        cpus.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(walls), min(cpus)


def ledger(folder: Path, rows: int) -> None:
    """What the command costs over ledgers of several sizes."""
    points: list[tuple[int, float, float]] = []
    for size in (*(each for each in SIZES if each < rows), rows):
        path = folder / f"{size}.db"
        fill(path, size)
        points.append((size, *command(path, "--since", "24h")))
    for arguments in (["--help"], *(["--since", "24h", "--by", by] for by in BY)):
        wall, cpu = command(path, *arguments)
        print(f"agentcore metrics {' '.join(arguments)}: {wall:.2f} s on the wall, {cpu:.2f} s CPU")
    print("\nagentcore metrics --since 24h, in seconds of the CPU, by the model calls in the ledger; on the wall\n")
    for size, wall, cpu in points:
        print(f"{size:>9,}  {'█' * round(cpu * 50)} {cpu:.2f} s ({wall:.2f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = ("hooks", "memory", "endpoint", "ledger")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all of them if none is given")
    parser.add_argument("--rows", type=int, default=1_000_000, help="model calls in the largest ledger that is read")
    options = parser.parse_args()
    asked: list[str] = options.names or list(names)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "memory" in asked:
            memory(folder)
        if "hooks" in asked:
            hooks(folder)
        if "endpoint" in asked:
            asyncio.run(endpoint(folder))
        if "ledger" in asked:
            ledger(folder, options.rows)


if __name__ == "__main__":
    main()

"""What telemetry costs a run on the agent's thread: ours beside what others bring, each with an exporter that drops."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

from benchmarks._peers import installed
from benchmarks._table import Figure, Row

__all__ = ["rows"]

_RUNS: Final = 300
_SAMPLES: Final = 7
_PROCESSES: Final = 3

_PEERS: Final = {"pydantic-ai": ("pydantic_ai", "pydantic_ai"), "ADK": ("adk", "google.adk")}

_Run: TypeAlias = Callable[[], Awaitable[object]]


async def rows() -> list[Row]:
    """Measure each contestant with and without telemetry, in processes of their own, one after another."""
    names = ["agentcore", *installed({name: package for name, (_, package) in _PEERS.items()})]
    samples: dict[tuple[str, str], list[float]] = {}
    for _ in range(_PROCESSES):
        for name in names:
            for mode in ("plain", "telemetry"):
                command = [sys.executable, "-m", "benchmarks.metrics", name, mode]
                done = await asyncio.to_thread(subprocess.run, command, check=True, stdout=subprocess.PIPE, text=True)
                samples.setdefault((name, mode), []).append(json.loads(done.stdout.splitlines()[-1]))
    extra = {name: Figure(median(samples[name, "telemetry"]) - median(samples[name, "plain"])) for name in names}
    ours = extra.pop("agentcore")
    return [Row(what="telemetry of a run", unit="awaits", ours=ours, target="a fifth of the cheapest", others=extra)]


async def _pause() -> None:
    pass


def _telemetry() -> tuple[Any, Any]:
    """Set up global providers whose exporter drops everything."""
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Dropping(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    tracer_provider = TracerProvider()
    tracer_provider.add_span_processor(BatchSpanProcessor(Dropping()))
    meter_provider = MeterProvider([InMemoryMetricReader()])
    trace.set_tracer_provider(tracer_provider)
    metrics.set_meter_provider(meter_provider)
    return tracer_provider, meter_provider


def _ours(folder: Path, *, telemetry: bool) -> _Run:
    from agentcore import Agent, PluginManager, Settings
    from agentcore.models import ScriptedModel
    from benchmarks._script import ANSWER, INSTRUCTIONS, TICKET

    plugins = PluginManager(Settings(state_dir=folder, autoload=False))
    if telemetry:
        from agentcore_metrics import MetricsProvider
        from agentcore_metrics.otel import OpenTelemetryClient

        _telemetry()
        plugins.register(MetricsProvider(OpenTelemetryClient()))
    model = ScriptedModel.repeating(ANSWER, record=False)
    agent = Agent(
        "triage",
        input="ticket: str",
        output="label: Literal['bug', 'question']",
        instructions=INSTRUCTIONS,
        model=model,
        plugins=plugins,
    )

    async def run() -> object:
        return await agent.run(TICKET)

    return run


def _theirs(name: str, *, telemetry: bool) -> _Run:
    if telemetry:
        providers = _telemetry()
        if name == "pydantic-ai":
            from pydantic_ai import Agent
            from pydantic_ai.models.instrumented import InstrumentationSettings

            Agent.instrument_all(
                InstrumentationSettings(
                    tracer_provider=providers[0], meter_provider=providers[1], include_content=False
                )
            )
    module = import_module(f"benchmarks._peers.{_PEERS[name][0]}")
    run: _Run = module.make(observers=False, tool=False, pause=_pause)
    return run


async def _nothing() -> None:
    pass


async def _measured(run: _Run) -> float:
    """Return the CPU time of one run on this thread, in awaits."""
    for _ in range(_RUNS // 3):
        await run()
    ratios: list[float] = []
    for _ in range(_SAMPLES):
        began = time.thread_time()
        for _ in range(_RUNS):
            await run()
        taken = (time.thread_time() - began) / _RUNS
        began = time.thread_time()
        for _ in range(20_000):
            await _nothing()
        ratios.append(taken / ((time.thread_time() - began) / 20_000))
    return median(ratios)


def main() -> None:
    """Measure one contestant, and print its figure as the last line."""
    name, mode = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        telemetry = mode == "telemetry"
        run = _ours(Path(folder), telemetry=telemetry) if name == "agentcore" else _theirs(name, telemetry=telemetry)
        print(json.dumps(asyncio.run(_measured(run))))


if __name__ == "__main__":
    main()

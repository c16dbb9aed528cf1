"""A collector of telemetry that is a real one, and agents that give it something to collect."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from oteltap import OtelTapHttpProtobufReceiver, OtelTapHttpProtobufReceiverSettings

from agentcore import Agent, ExecutionContext, PluginManager, Settings, ToolCall, Usage, hookimpl
from agentcore.errors import ModelResponseError
from agentcore.models.scripted import ScriptedModel
from agentcore_metrics import MetricsProvider
from agentcore_metrics.otel import OpenTelemetryClient

SMALL: Final = Usage(
    requests=1,
    input_tokens=120,
    output_tokens=20,
    cached_tokens=100,
    cache_write_tokens=11,
    cost=Decimal("0.000123456789"),
)
LARGE: Final = Usage(
    requests=1,
    input_tokens=1000,
    output_tokens=300,
    reasoning_tokens=200,
    input_audio_tokens=70,
    output_audio_tokens=30,
    cost=Decimal("0.0123"),
)
PARTS: Final = (
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cache_write_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
)
"""Every kind of token."""


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


class Collector:
    """What a collector has been sent."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.spans: list[Span] = []
        self.metrics: list[Metric] = []

    async def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until it has what is waited for."""
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.02)

    def points(self, name: str) -> list[Any]:
        """Return the points of a metric, as it was sent last."""
        found = [each for each in self.metrics if each.name == name]
        if not found:
            return []
        last = found[-1]
        return list(getattr(last, str(last.WhichOneof("data"))).data_points)

    def total(self, name: str, **attributes: str) -> int | float:
        """Add up a metric, as it was sent last; of a histogram its sums."""
        return sum(
            each.sum if hasattr(each, "bucket_counts") or hasattr(each, "scale") else each.as_int
            for each in self.points(name)
            if labels(each).items() >= attributes.items()
        )

    def count(self, name: str, **attributes: str) -> int:
        """Add up the counts of a histogram."""
        return sum(each.count for each in self.points(name) if labels(each).items() >= attributes.items())


def labels(point: Any) -> dict[str, str]:
    """Return the attributes of a point or span."""
    return {each.key: each.value.string_value for each in point.attributes}


@asynccontextmanager
async def collecting(port: int | None = None) -> AsyncIterator[Collector]:
    """Start a collector that speaks OTLP over HTTP."""
    port = port or free_port()
    collector = Collector(port)
    async with OtelTapHttpProtobufReceiver(OtelTapHttpProtobufReceiverSettings(http_port=port)) as receiver:

        async def spans() -> None:
            async for span in receiver.stream_traces():
                collector.spans.append(span)

        async def metrics() -> None:
            async for metric in receiver.stream_metrics():
                collector.metrics.append(metric)

        reading = [asyncio.create_task(spans()), asyncio.create_task(metrics())]
        await asyncio.sleep(0)
        try:
            yield collector
        finally:
            for each in reading:
                each.cancel()
            await asyncio.gather(*reading, return_exceptions=True)


class Truth:
    """What happened, as another plugin sees it."""

    name = "truth"

    def __init__(self) -> None:
        self.parents: dict[str, str | None] = {}
        """Of each run by its id: its parent's."""
        self.roots: dict[str, str] = {}
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Of runs, by agent."""
        self.calls: Counter[tuple[str, str]] = Counter()
        """Ends of model calls, by agent and outcome."""
        self.tools: Counter[str] = Counter()
        self.usage: defaultdict[str, Usage] = defaultdict(Usage)
        """By agent."""

    @hookimpl
    def agent_start(self, context: ExecutionContext) -> None:
        self.parents[context.context_id] = context.parent_id
        self.roots[context.context_id] = context.root_id

    @hookimpl
    def agent_complete(self, agent: str, outcome: str) -> None:
        self.outcomes[agent, outcome] += 1

    @hookimpl
    def agent_error(self, agent: str, outcome: str) -> None:
        self.outcomes[agent, outcome] += 1

    @hookimpl
    def model_complete(self, context: ExecutionContext, usage: Usage, outcome: str) -> None:
        self.calls[context.agent_id, outcome] += 1
        self.usage[context.agent_id] += usage

    @hookimpl
    def model_error(self, context: ExecutionContext, usage: Usage, outcome: str) -> None:
        self.calls[context.agent_id, outcome] += 1
        self.usage[context.agent_id] += usage

    @hookimpl
    def tool_execute(self, tool: str) -> None:
        self.tools[tool] += 1

    @hookimpl
    def tool_error(self, tool: str) -> None:
        self.tools[tool] += 1


PICO: Final = 10**12
"""Cost is in so many parts of a dollar."""


def check_sums(collector: Collector, truth: Truth, names: Any) -> None:
    """See whether the collector has been sent what happened, for each agent; *names* are those of the metrics."""
    for agent, usage in truth.usage.items():
        of = {"gen_ai.agent.name": agent}
        for key in PARTS:
            assert collector.total(names[key].name, **of, **names[key].fixed) == getattr(usage, key)
        assert usage.cost is not None
        assert collector.total(names["cost"].name, **of) == int(usage.cost * PICO)
        durations = names["model_duration"]
        calls = sum(count for (name, _), count in truth.calls.items() if name == agent)
        assert collector.count(durations.name, **of, **durations.fixed) == calls


async def run_nested(plugins: PluginManager, *, ending: str = "ok", stream: bool = False) -> None:
    """Run an agent that asks another one, which calls a tool; to the end, or until its model fails or it is cancelled.

    Args:
        plugins: Those that take part.
        ending: ``ok``, ``error`` (of the inner agent's model), or ``cancelled`` (while the tool works).
        stream: Whether the answer is read as it is written.
    """
    waiting = asyncio.Event()

    async def look(text: str) -> str:
        """Find something, or wait for ever."""
        waiting.set()
        if ending == "cancelled":
            await asyncio.Event().wait()
        return f"found {text}"

    last = ModelResponseError("out of order", model="large") if ending == "error" else "done"
    large = ScriptedModel([ToolCall("1", "look", {"text": "x"}), last], name="house:large", usage=LARGE)
    inner = Agent(
        "researcher", input="text: str", output="answer: str", model=large, tools=[look], retries=0, plugins=plugins
    )
    small = ScriptedModel([ToolCall("1", "researcher", {"text": "x"}), "done"], name="house:small", usage=SMALL)
    agent = Agent("triage", model=small, tools=[inner.as_tool()], plugins=plugins)

    async def read() -> None:
        async with agent.run_stream("x") as pieces:
            async for _ in pieces:
                pass

    task = asyncio.ensure_future(read() if stream else agent.run("x"))
    if ending == "cancelled":
        await waiting.wait()
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def run_many(plugins: PluginManager, count: int) -> None:
    """Run many at the same time: every third streams, every tenth fails, every tenth is cancelled."""
    endings = {3: "error", 7: "cancelled"}
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            ending = endings.get(number % 10, "ok")
            group.create_task(run_nested(plugins, ending=ending, stream=number % 3 == 0))


def provider_of(path: Path, **otel: Any) -> MetricsProvider:
    config = MetricsProvider.Config.model_validate({"path": str(path), "otel": otel})
    provider: MetricsProvider = MetricsProvider.from_config(config)
    return provider


def plugins_of(tmp_path: Path, *registered: object) -> PluginManager:
    plugins = PluginManager(Settings(state_dir=tmp_path, autoload=False))
    for each in registered:
        plugins.register(each)
    return plugins


def client_of(provider: MetricsProvider) -> OpenTelemetryClient:
    client = provider.client
    assert isinstance(client, OpenTelemetryClient)
    return client


async def scraped(provider: MetricsProvider) -> str:
    """Ask the endpoint as Prometheus does."""
    url = f"http://127.0.0.1:{client_of(provider).port}/metrics"
    answer = await asyncio.to_thread(urllib.request.urlopen, url)
    with answer:
        return str(answer.read().decode())

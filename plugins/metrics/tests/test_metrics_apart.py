"""What costs no tokens: questions to the stores of knowledge, and answers for which no model was asked."""

from __future__ import annotations

import json
from asyncio import CancelledError
from pathlib import Path
from typing import Any

import pytest
from metrics_support import Command, Events, Rows
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agentcore import (
    Agent,
    DeniedError,
    Document,
    ExecutionContext,
    Hit,
    KnowledgeQuery,
    PluginManager,
    Settings,
    Usage,
    hookimpl,
)
from agentcore.models import ScriptedModel
from agentcore.types import ModelResponse
from agentcore_metrics import MetricsProvider
from agentcore_metrics.otel import OpenTelemetryClient

CERTIFICATES = Document(text="Certificates expire in May.")
QUESTION = KnowledgeQuery(text="When do certificates expire?")


class Store:
    """Knows two things, or does not answer at all."""

    name = "store"

    def __init__(self, error: BaseException | None = None) -> None:
        self._error = error

    @hookimpl
    def knowledge_query(self) -> list[Hit]:
        if self._error is not None:
            raise self._error
        return [Hit(document=CERTIFICATES, score=score, source=self.name) for score in (0.9, 0.8)]


class Cache:
    """Answers in the model's place from the second time on."""

    name = "cache"

    def __init__(self) -> None:
        self._asked = False

    @hookimpl
    def model_answer(self) -> ModelResponse | None:
        if self._asked:
            return ModelResponse(text="May", usage=Usage(requests=1, input_tokens=9_000))
        self._asked = True
        return None


class Telemetry:
    """A client of the provider, and what it has counted."""

    def __init__(self) -> None:
        self._reader, self._spans = InMemoryMetricReader(), InMemorySpanExporter()
        tracer_provider = TracerProvider(shutdown_on_exit=False)
        tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.client = OpenTelemetryClient(MeterProvider([self._reader], shutdown_on_exit=False), tracer_provider)

    def numbers(self) -> dict[str, int]:
        """By the metric's name: what a counter counted, and how often a histogram was told something."""
        data = self._reader.get_metrics_data()
        assert data is not None
        metrics = [each for found in data.resource_metrics for scope in found.scope_metrics for each in scope.metrics]
        return {each.name: sum(map(_number, each.data.data_points)) for each in metrics}

    @property
    def spans(self) -> list[Any]:
        return list(self._spans.get_finished_spans())


def _number(point: Any) -> int:
    return int(point.count if hasattr(point, "count") else point.value)


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


def manager(tmp_path: Path, *registered: object) -> PluginManager:
    plugins = PluginManager(Settings(state_dir=tmp_path, autoload=False))
    for each in registered:
        plugins.register(each)
    return plugins


# --- knowledge ---


async def test_questions_to_the_stores_are_measured(
    tmp_path: Path, rows: Rows, telemetry: Telemetry, context: ExecutionContext
) -> None:
    """One row for all stores together, in a run and outside of runs; what is to be remembered is counted."""
    provider = MetricsProvider(telemetry.client)
    async with manager(tmp_path, provider, Store()) as plugins:
        await plugins.hook.knowledge_query(context=context, query=QUESTION)
        await plugins.hook.knowledge_query(context=None, query=QUESTION)
        await plugins.hook.knowledge_update(context=context, documents=[CERTIFICATES] * 3)
    assert rows("SELECT kind, items, outcome, agent, context_id, duration > 0 FROM knowledge ORDER BY id") == [
        ("query", 2, "ok", "triage", context.context_id, 1),
        ("query", 2, "ok", None, None, 1),
        ("update", 3, "ok", "triage", context.context_id, None),
    ]
    assert provider.metrics["hits"].values == [2, 2]
    assert provider.metrics["documents"].values == [3]
    assert provider.metrics["knowledge_duration"].where(agent="triage").count == 1
    numbers = telemetry.numbers()
    assert (numbers["agentcore.knowledge.hits"], numbers["agentcore.knowledge.documents"]) == (4, 3)
    # The question that belongs to no run belongs to no trace.
    (span,) = telemetry.spans
    assert (span.name, span.attributes["agentcore.knowledge.hits"]) == ("retrieval", 2)
    assert f"{span.context.trace_id:032x}" == context.root_id
    assert f"{span.parent.span_id:016x}" == context.span_id


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(DeniedError(plugin="store", hook="knowledge_query", reason="no"), "error"), (CancelledError(), "cancelled")],
    ids=["denied", "cancelled"],
)
def test_a_question_that_is_not_answered_is_measured(
    provider: MetricsProvider, rows: Rows, context: ExecutionContext, error: BaseException, outcome: str
) -> None:
    """With its outcome; it goes on to whoever asked."""
    asking = provider.knowledge_query(context, QUESTION)
    next(asking)
    with pytest.raises(type(error)):
        asking.throw(error)
    provider.flush()
    assert rows("SELECT kind, items, outcome, error FROM knowledge") == [("query", 0, outcome, type(error).__name__)]


async def test_the_command_tells_of_knowledge(tmp_path: Path) -> None:
    """In a line of its own, also where no agent has run; and what failed, with the other errors."""
    provider = MetricsProvider()
    async with manager(tmp_path, provider, Store()) as plugins:
        await plugins.hook.knowledge_query(context=None, query=QUESTION)
        await plugins.hook.knowledge_update(context=None, documents=[CERTIFICATES])
    command = Command(provider)
    assert command().stdout.splitlines()[-1] == "knowledge: 1 query (2 hits), 1 document to remember"
    assert command.json()["knowledge"] == [
        {"kind": "query", "count": 1, "items": 2},
        {"kind": "update", "count": 1, "items": 1},
    ]


async def test_a_run_shows_what_it_asked_the_stores(tmp_path: Path, context: ExecutionContext) -> None:
    """Among its calls."""
    provider = MetricsProvider()
    async with manager(tmp_path, provider, Store()) as plugins:
        await plugins.hook.knowledge_query(context=context, query=QUESTION)
        Events(provider).run(context)
    assert "knowledge query (2 hits)" in Command(provider)("--run", context.context_id).stdout


# --- answers out of a cache ---


async def test_an_answer_out_of_a_cache_costs_nothing(tmp_path: Path, rows: Rows, telemetry: Telemetry) -> None:
    """It counts as a call with a duration, apart from the others, and whatever it says that it used was not used."""
    provider = MetricsProvider(telemetry.client)
    async with manager(tmp_path, provider, Cache()) as plugins:
        usage = Usage(requests=1, input_tokens=100, output_tokens=5)
        model = ScriptedModel.repeating("May", name="house:small", usage=usage)
        agent = Agent("triage", model=model, plugins=plugins)
        for _ in range(3):
            await agent.run("When?")
    assert rows("SELECT requests, input_tokens, cost, cost_source, from_cache FROM model_calls ORDER BY id") == [
        (1, 100, None, None, 0),
        (0, 0, 0, "cache", 1),
        (0, 0, 0, "cache", 1),
    ]
    assert rows("SELECT sum(total_input_tokens), sum(total_requests) FROM runs") == [(100, 1)]
    metrics = provider.metrics
    assert (metrics["cached_answers"].count, metrics["model_duration"].count, metrics["input_tokens"].sum) == (
        2,
        3,
        100,
    )
    numbers = telemetry.numbers()
    assert (numbers["agentcore.cached_answers"], numbers["agentcore.cost.unpriced_calls"]) == (2, 1)
    spans = [each for each in telemetry.spans if each.name == "chat small"]
    assert [each.attributes["agentcore.from_cache"] for each in spans] == [False, True, True]


async def test_the_command_tells_of_answers_out_of_a_cache(tmp_path: Path) -> None:
    """In the summary, by source in what was paid, and in the run."""
    provider = MetricsProvider()
    async with manager(tmp_path, provider, Cache()) as plugins:
        model = ScriptedModel.repeating("May", name="house:small")
        agent = Agent("triage", model=model, plugins=plugins)
        await agent.run("When?")
        result = await agent.run("When?")
    command = Command(provider)
    assert "answered without asking the model: 1" in command().stdout
    assert command.json("--by", "model")["groups"][0]["cached_answers"] == 1
    sources = [each["source"] for each in json.loads(command("cost", "--json").stdout)["models"]]
    assert sorted(sources) == ["cache", "unknown"]
    assert "(not asked)" in command("--run", result.context.context_id).stdout

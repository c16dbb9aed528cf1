"""What the ledger answers, against the same numbers added up in plain Python."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metrics_support import Command, Events

from agentcore import ExecutionContext, Usage
from agentcore.types import Outcome
from agentcore_metrics import MetricsProvider

OUTCOMES: tuple[Outcome, ...] = ("ok", "error", "denied", "timeout", "cancelled")


@dataclass
class Call:
    """A model call or, without usage, a tool call."""

    agent: str
    name: str
    duration: float
    outcome: Outcome
    usage: Usage = field(default_factory=Usage)


@dataclass
class Run:
    """What one run does."""

    agent: str
    duration: float
    outcome: Outcome
    model_calls: list[Call]
    tool_calls: list[Call]
    children: list[Run]


def usages() -> st.SearchStrategy[Usage]:
    tokens = st.integers(0, 10**9)
    costs = st.none() | st.decimals(0, 1000, places=12)
    return st.builds(
        Usage,
        requests=st.just(1),
        input_tokens=tokens,
        output_tokens=tokens,
        cached_tokens=tokens,
        reasoning_tokens=tokens,
        cache_write_tokens=tokens,
        input_audio_tokens=tokens,
        output_audio_tokens=tokens,
        cost=costs,
    )


@st.composite
def runs(draw: st.DrawFn, depth: int = 2) -> Run:
    agent = draw(st.sampled_from(["triage", "writer", "größe"]))
    durations, outcomes, names = st.floats(0, 1e5), st.sampled_from(OUTCOMES), st.sampled_from(["a", "b"])
    calls = st.lists(st.builds(Call, st.just(agent), names, durations, outcomes, usages()), max_size=3)
    return Run(
        agent,
        draw(durations),
        draw(outcomes),
        draw(calls),
        draw(st.lists(st.builds(Call, st.just(agent), names, durations, outcomes), max_size=3)),
        draw(st.lists(runs(depth=depth - 1), max_size=2)) if depth else [],
    )


def send(events: Events, run: Run, context: ExecutionContext) -> None:
    """Send the events of a run in an order in which they could come: parents end after their children."""
    for call in run.model_calls:
        events.model(context, model=call.name, usage=call.usage, duration=call.duration, outcome=call.outcome)
    for child in run.children:
        send(events, child, context.fork(child.agent))
    for call in run.tool_calls:
        events.tool(context, tool=call.name, duration=call.duration, outcome=call.outcome)
    events.run(context, duration=run.duration, outcome=run.outcome)


def all_runs(trees: Iterable[Run]) -> list[Run]:
    return [each for tree in trees for each in (tree, *all_runs(tree.children))]


def timing(things: list[Any], count: str) -> dict[str, Any]:
    durations = [each.duration for each in things if each.outcome != "denied"]
    p50 = p95 = p99 = None
    if durations:
        # The standard library wants two values at least; one is all of its percentiles.
        cuts = statistics.quantiles(durations * 2 if len(durations) == 1 else durations, n=100, method="inclusive")
        p50, p95, p99 = cuts[49], cuts[94], cuts[98]
    return {
        count: len(things),
        "errors": sum(each.outcome != "ok" for each in things),
        "duration": {"p50": p50, "p95": p95, "p99": p99},
    }


def consumption(calls: list[Call]) -> dict[str, Any]:
    costs = [each.usage.cost for each in calls if each.usage.cost is not None]
    return {
        "model_calls": len(calls),
        "input_tokens": sum(each.usage.input_tokens for each in calls),
        "cached_tokens": sum(each.usage.cached_tokens for each in calls),
        "output_tokens": sum(each.usage.output_tokens for each in calls),
        "reasoning_tokens": sum(each.usage.reasoning_tokens for each in calls),
        "cache_write_tokens": sum(each.usage.cache_write_tokens for each in calls),
        "input_audio_tokens": sum(each.usage.input_audio_tokens for each in calls),
        "output_audio_tokens": sum(each.usage.output_audio_tokens for each in calls),
        "cached_answers": 0,
        "cost_usd": sum(costs) if costs else None,
        "unpriced_calls": sum(each.usage.cost is None for each in calls),
    }


def expected(trees: list[Run], by: str) -> dict[str, dict[str, Any]]:
    """Return the groups by their keys, and the total under the empty one."""
    ended = all_runs(trees)
    models = [call for run in ended for call in run.model_calls]
    tools = [call for run in ended for call in run.tool_calls]

    def describe(key: Callable[[Any], bool]) -> dict[str, Any]:
        chosen = [list(filter(key, each)) for each in (ended, models, tools)]
        if by == "model":
            return consumption(chosen[1]) | timing(chosen[1], "model_calls")
        if by == "tool":
            return timing(chosen[2], "tool_calls")
        return timing(chosen[0], "runs") | consumption(chosen[1]) | {"tool_calls": len(chosen[2])}

    things = {"model": models, "tool": tools}.get(by, [*ended, *models, *tools])
    name = {"model": "name", "tool": "name"}.get(by, by)
    keys = {getattr(each, name) for each in things}
    groups = {key: describe(lambda each, key=key: getattr(each, name, None) == key) for key in keys}
    return groups | {"": describe(lambda each: True)}


def found(command: Command, by: str) -> dict[str, dict[str, Any]]:
    answer = command.json("--by", by)
    groups = {each.pop(by): each for each in answer["groups"]} | {"": answer["total"]}
    for each in groups.values():
        if each.get("cost_usd") is not None:
            each["cost_usd"] = Decimal(each["cost_usd"])
    return groups


@settings(max_examples=40, deadline=None)
@given(st.lists(runs(), min_size=1, max_size=4))
def test_every_number_equals_the_truth(trees: list[Run]) -> None:
    """Counts, tokens and cost exactly, percentiles to the last bits; nested runs count once, whatever they end in."""
    with tempfile.TemporaryDirectory() as folder:
        provider = MetricsProvider(path=Path(folder) / "metrics.db")
        events = Events(provider)
        for tree in trees:
            send(events, tree, ExecutionContext(tree.agent))
        command = Command(provider)
        for by in ("agent", "outcome", "model", "tool"):
            groups, truth = found(command, by), expected(trees, by)
            assert groups.keys() == truth.keys()
            for key, group in groups.items():
                duration = truth[key].pop("duration")
                for other in ("trend", "time_to_first_token", "cost_with_children_usd"):
                    group.pop(other, None)
                nothing = duration["p50"] is None
                assert group.pop("duration") == (duration if nothing else pytest.approx(duration, rel=1e-12))
                assert group == truth[key]
        check_totals(provider, trees)
        provider.close()


def check_totals(provider: MetricsProvider, trees: list[Run]) -> None:
    """Memory and the roots' totals tell the same as the ledger."""
    ended = all_runs(trees)
    tokens = sum(call.usage.input_tokens for run in ended for call in run.model_calls)
    assert provider.metrics["input_tokens"].sum == tokens
    assert provider.metrics["run_duration"].count == len(ended)
    calls = [*ended, *(call for run in ended for call in (*run.model_calls, *run.tool_calls))]
    assert provider.metrics["denials"].count == sum(each.outcome == "denied" for each in calls)


@settings(max_examples=25, deadline=None)
@given(runs())
def test_the_total_of_a_run_is_that_of_its_tree(tree: Run) -> None:
    """Of every run in it the own usage and the total are those of its model calls, without and with its children."""
    with tempfile.TemporaryDirectory() as folder:
        provider = MetricsProvider(path=Path(folder) / "metrics.db")
        context = ExecutionContext(tree.agent)
        send(Events(provider), tree, context)
        check_node(Command(provider).json("--run", context.context_id)["run"], tree)
        provider.close()


def check_node(node: dict[str, Any], run: Run) -> None:
    for usage, truth in (
        (node["usage"], consumption(run.model_calls)),
        (node["total_usage"], consumption([call for each in all_runs([run]) for call in each.model_calls])),
    ):
        cost = usage.pop("cost_usd")
        assert (None if cost is None else Decimal(cost)) == truth.pop("cost_usd")
        assert usage == truth
    assert (node["agent"], node["duration"], node["outcome"]) == (run.agent, run.duration, run.outcome)
    children = [each for each in node["children"] if each["kind"] == "run"]
    assert sorted(each["duration"] for each in children) == sorted(each.duration for each in run.children)
    if len({each.duration for each in run.children}) == len(run.children):
        for child in children:
            (truth,) = (each for each in run.children if each.duration == child["duration"])
            check_node(child, truth)

"""The observations in memory."""

from __future__ import annotations

import math
import re
import statistics
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics_support import Events

from agentcore import DeniedError, Deny, ExecutionContext, Usage
from agentcore_metrics import MetricsProvider, Observation, Series

NAMES = re.compile(r"`(\w+)`")
README = Path(__file__).parents[1] / "README.md"


def test_each_ending_is_an_observation(provider: MetricsProvider, events: Events, context: ExecutionContext) -> None:
    """Runs, model calls and tool calls are timed with the duration that their event told."""
    events.model(context, duration=0.5)
    events.tool(context, duration=0.125)
    events.run(context, duration=2.0)
    assert provider.metrics["model_duration"].values == [0.5]
    assert provider.metrics["tool_duration"].values == [0.125]
    assert list(provider.metrics["run_duration"]) == [
        Observation(2.0, "s", {"agent": "triage", "outcome": "ok", "error": None}, context.context_id)
    ]


def test_attributes_tell_what_was_measured(
    provider: MetricsProvider, events: Events, context: ExecutionContext
) -> None:
    """A call carries its agent, its model or tool, how it ended, and the error's class."""
    events.model(context, model="small", outcome="timeout")
    events.tool(context, tool="search", outcome="error")
    (model,) = provider.metrics["input_tokens"]
    (tool,) = provider.metrics["tool_duration"]
    assert model.attributes == {"agent": "triage", "model": "small", "outcome": "timeout", "error": "TimeoutError"}
    assert tool.attributes == {"agent": "triage", "tool": "search", "outcome": "error", "error": "ValueError"}


def test_tokens_and_cost_are_those_of_each_model_call(
    provider: MetricsProvider, events: Events, context: ExecutionContext
) -> None:
    """Every kind of token is a series; the cost of a call is one only where it is known."""
    usage = Usage(
        requests=1,
        input_tokens=7,
        output_tokens=5,
        cached_tokens=3,
        reasoning_tokens=2,
        cache_write_tokens=4,
        input_audio_tokens=1,
        output_audio_tokens=5,
        cost=Decimal("0.1"),
    )
    events.model(context, usage=usage)
    events.model(context, usage=Usage(requests=1, input_tokens=1))
    assert provider.metrics["input_tokens"].sum == 8
    assert provider.metrics["output_tokens"].sum == 5
    assert provider.metrics["cached_tokens"].sum == 3
    assert provider.metrics["reasoning_tokens"].sum == 2
    assert provider.metrics["cache_write_tokens"].sum == 4
    assert provider.metrics["input_audio_tokens"].sum == 1
    assert provider.metrics["output_audio_tokens"].sum == 5
    assert provider.metrics["cost"].values == [Decimal("0.1")]


def test_where_selects_by_attributes(provider: MetricsProvider, events: Events) -> None:
    """Several attributes must all fit."""
    for agent, duration in (("triage", 1.0), ("triage", 3.0), ("writer", 9.0)):
        events.run(ExecutionContext(agent), duration=duration)
    events.run(ExecutionContext("triage"), duration=5.0, outcome="error")
    durations = provider.metrics["run_duration"]
    assert durations.where(agent="triage").values == [1.0, 3.0, 5.0]
    assert durations.where(agent="triage", error=None).sum == 4.0
    assert durations.where(agent="nobody").count == 0


def test_unknown_attribute_is_an_error_that_names_the_nearest(provider: MetricsProvider) -> None:
    """A misspelt attribute would silently select nothing."""
    with pytest.raises(TypeError, match="'run_duration' has no attribute 'agnet'; did you mean 'agent'"):
        provider.metrics["run_duration"].where(agnet="triage")


def test_unknown_series_is_an_error_that_names_the_nearest(provider: MetricsProvider) -> None:
    """A misspelt series does the same."""
    with pytest.raises(KeyError, match="no series 'tool_durations'; did you mean 'tool_duration'"):
        provider.metrics["tool_durations"]


def test_metrics_list_their_series(provider: MetricsProvider) -> None:
    """All names are there from the beginning, empty."""
    assert len(provider.metrics) == len(list(provider.metrics))
    assert {name: series.count for name, series in provider.metrics.items()} == dict.fromkeys(provider.metrics, 0)
    assert provider.metrics["cost"].sum == 0


def test_the_readme_lists_every_series(provider: MetricsProvider) -> None:
    """With its attributes."""
    rows = re.findall(r"^\| (`\w+`.*?) \| .* \| \S+ \| (`.*`) \|$", README.read_text(), re.MULTILINE)
    listed = {name: set(NAMES.findall(attributes)) for names, attributes in rows for name in NAMES.findall(names)}
    assert listed == {name: attributes_of(each) for name, each in provider.metrics.items()}


def attributes_of(series: Series) -> set[str]:
    """Those that the error lists which one gets for another."""
    with pytest.raises(TypeError) as raised:
        series.where(nothing="x")
    return set(re.findall(r"'(\w+)'", str(raised.value).partition("known: ")[2]))


def test_a_series_is_a_snapshot(provider: MetricsProvider, events: Events, context: ExecutionContext) -> None:
    """What happens later does not change it."""
    events.run(context)
    before = provider.metrics["run_duration"]
    events.run(context)
    assert (len(before), len(provider.metrics["run_duration"])) == (1, 2)
    assert before[0] == provider.metrics["run_duration"][0]
    assert repr(before) == "<Series run_duration count=1>"


def test_memory_keeps_the_newest_ten_thousand(
    provider: MetricsProvider, events: Events, context: ExecutionContext
) -> None:
    """Of more observations the oldest are forgotten."""
    for number in range(10_050):
        events.tool(context, duration=float(number))
    durations = provider.metrics["tool_duration"].values
    assert len(durations) == 10_000
    assert (durations[0], durations[-1]) == (50.0, 10_049.0)


def test_retries_and_plugin_errors_are_counted(provider: MetricsProvider, context: ExecutionContext) -> None:
    """They name the model that is asked again, and the plugin that failed."""
    provider.model_retry(context, "small", ValueError("again"))
    provider.plugin_error(context, "vectorstore", "agent_complete", OSError("disk"))
    provider.plugin_error(None, "broken", "import", ImportError("gone"))
    (retry,) = provider.metrics["retries"]
    assert retry.attributes == {"agent": "triage", "model": "small", "error": "ValueError"}
    assert provider.metrics["plugin_errors"].where(plugin="vectorstore", hook="agent_complete", agent="triage").sum == 1
    (outside,) = provider.metrics["plugin_errors"].where(plugin="broken")
    assert outside.attributes == {"agent": None, "plugin": "broken", "hook": "import", "error": "ImportError"}
    assert outside.context_id is None


@pytest.mark.parametrize(("noun", "hook"), [("run", "agent_input"), ("model", "model_request"), ("tool", "tool_call")])
def test_denials_name_who_denied(
    provider: MetricsProvider, events: Events, context: ExecutionContext, noun: str, hook: str
) -> None:
    """A denied run, model call or tool call is an observation with the plugin and the value hook."""
    getattr(events, noun)(context, outcome="denied")
    assert provider.metrics["denials"].where(agent="triage", plugin="guard", hook=hook).count == 1


def test_a_denial_counts_once_although_it_ends_more_than_one_thing(
    provider: MetricsProvider, context: ExecutionContext
) -> None:
    """The error that ended the model call ends the run and its parent as well."""
    error = DeniedError(plugin="guard", hook="model_request", reason="no")
    child = context.fork("child")
    provider.model_error(child, "small", error, "1", Usage(), 0.0, "denied")
    provider.agent_error(child, "child", error, Usage(), 0.1, "denied")
    provider.agent_error(context, "triage", error, Usage(), 0.2, "denied")
    assert provider.metrics["denials"].count == 1


@pytest.mark.parametrize("error", [Deny("no"), PermissionError("no")], ids=["Deny", "builtin"])
def test_a_denial_that_names_no_plugin_counts_too(
    provider: MetricsProvider, context: ExecutionContext, error: BaseException
) -> None:
    """An agent's own code may end with the outcome as well."""
    provider.agent_error(context, "triage", error, Usage(), 0.1, "denied")
    (denial,) = provider.metrics["denials"]
    assert (denial.attributes["plugin"], denial.attributes["hook"]) == (None, None)


def series_of(values: list[float]) -> Series:
    provider = MetricsProvider()
    for value in values:
        provider.agent_complete(ExecutionContext("triage"), "triage", Usage(), value, "ok")
    return provider.metrics["run_duration"]


durations = st.floats(min_value=0, max_value=1e6)


@given(st.lists(durations, min_size=2, max_size=40))
def test_percentiles_are_interpolated_linearly(values: list[float]) -> None:
    """They equal those of the standard library, whose inclusive method is the same."""
    series = series_of(values)
    expected = statistics.quantiles(values, n=100, method="inclusive")
    found = [series.percentile(percent / 100) for percent in range(1, 100)]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.lists(durations, min_size=1, max_size=40))
def test_extremes_are_values_and_the_sum_is_exact(values: list[float]) -> None:
    """Quantiles 0 and 1 are the smallest and the largest value; floats are added without rounding in between."""
    series = series_of(values)
    assert (series.percentile(0), series.percentile(1)) == (min(values), max(values))
    assert series.sum == math.fsum(values)
    assert series.count == len(values)


def test_percentile_of_nothing_is_none(provider: MetricsProvider) -> None:
    """There is no number to invent."""
    assert provider.metrics["run_duration"].percentile(0.5) is None


@pytest.mark.parametrize("quantile", [-0.1, 1.1, 95, math.nan])
def test_percentile_outside_of_zero_to_one_is_an_error(provider: MetricsProvider, quantile: float) -> None:
    """95 is not 0.95."""
    with pytest.raises(ValueError, match=r"is not between 0 and 1; the 95th percentile is 0[.]95"):
        provider.metrics["run_duration"].percentile(quantile)


def test_percentile_of_decimals_is_a_float(
    provider: MetricsProvider, events: Events, context: ExecutionContext
) -> None:
    """Cost has percentiles, too."""
    for cost in ("0.1", "0.3"):
        events.model(context, usage=Usage(requests=1, cost=Decimal(cost)))
    assert provider.metrics["cost"].percentile(0.5) == pytest.approx(0.2)

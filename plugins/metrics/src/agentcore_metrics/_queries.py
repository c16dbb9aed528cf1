"""What is asked of Prometheus: by people in a dashboard, by itself for alerts.  Made of the table of names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

from agentcore_metrics._config import Dialect
from agentcore_metrics._names import AGENT, INSTRUMENTS, MODEL, OUTCOME, PARTS, TOOL, Instrument, Key, label

__all__ = ["Alert", "Panel", "alerts", "panels"]

RANGE: Final = "$__rate_interval"
"""Grafana puts the span in that fits what is shown."""

_DOLLARS: Final = " / 1e12"


@frozen(kw_only=True)
class Panel:
    """One drawing of a dashboard."""

    title: str
    unit: str
    """As Grafana names it."""
    queries: Mapping[str, str]
    """By the legend, in Grafana's words."""
    is_number: bool = False
    """Whether it is a single number."""


@frozen(kw_only=True)
class Alert:
    """Something that somebody should be told of."""

    name: str
    query: str
    wait: str
    """For how long it must hold."""
    severity: str
    summary: str
    """With Prometheus' own templates."""


class _Ask:
    """Writes queries in the names of one dialect."""

    def __init__(self, names: Mapping[Key, Instrument]) -> None:
        self._names = names

    def series(self, key: Key, suffix: str, *more: str) -> str:
        each = self._names[key]
        selectors = ",".join(filter(None, (each.selector, *more)))
        name = f"{each.prometheus}{suffix}" if each.buckets else each.prometheus
        return f"{name}{{{selectors}}}" if selectors else name

    def rate(self, key: Key, span: str, by: str | None = None, *more: str, suffix: str = "_sum") -> str:
        grouped = f"sum by ({label(by)}) " if by else "sum "
        return f"{grouped}(rate({self.series(key, suffix, *more)}[{span}]))"

    def quantile(self, key: Key, quantile: float, span: str, by: str) -> str:
        rate = f"sum by (le, {label(by)}) (rate({self.series(key, '_bucket')}[{span}]))"
        return f"histogram_quantile({quantile}, {rate})"

    def failed(self, key: Key, span: str, by: str) -> str:
        """The part that did not end well."""
        bad = self.rate(key, span, by, f'{label(OUTCOME)}!="ok"', suffix="_count")
        return f"{bad} / {self.rate(key, span, by, suffix='_count')}"

    def grown(self, key: Key, span: str, by: str | None = None, *more: str) -> str:
        grouped = f"sum by ({label(by)}) " if by else "sum "
        return f"{grouped}(increase({self.series(key, '_sum', *more)}[{span}]))"


def panels(dialect: Dialect) -> Iterator[Panel]:
    """Yield the drawings of the dashboard, from left to right and down."""
    ask = _Ask(INSTRUMENTS[dialect])
    for part in (_costs, _runs, _waits, _failures, _counts):
        yield from part(ask)


def _legend(attribute: str) -> str:
    """The value of an attribute, in Grafana's words."""
    return f"{{{{{label(attribute)}}}}}"


def _costs(ask: _Ask) -> Iterator[Panel]:
    yield Panel(
        title="Cost of the last day",
        unit="currencyUSD",
        queries={"cost": ask.grown("cost", "24h") + _DOLLARS},
        is_number=True,
    )
    yield Panel(
        title="Model calls of unknown cost in the last day",
        unit="short",
        queries={"calls": ask.grown("unpriced", "24h")},
        is_number=True,
    )
    yield Panel(title="Cost for an hour, by agent", unit="currencyUSD", queries={_legend(AGENT): _hourly(ask, AGENT)})
    yield Panel(title="Cost for an hour, by model", unit="currencyUSD", queries={_legend(MODEL): _hourly(ask, MODEL)})


def _runs(ask: _Ask) -> Iterator[Panel]:
    agent = _legend(AGENT)
    yield Panel(title="Runs", unit="reqps", queries={agent: ask.rate("run_duration", RANGE, AGENT, suffix="_count")})
    yield Panel(
        title="Runs that did not end well",
        unit="percentunit",
        queries={agent: ask.failed("run_duration", RANGE, AGENT)},
    )


def _waits(ask: _Ask) -> Iterator[Panel]:
    agent, model, tool = map(_legend, (AGENT, MODEL, TOOL))
    yield Panel(title="Runs: p95", unit="s", queries={agent: ask.quantile("run_duration", 0.95, RANGE, AGENT)})
    yield Panel(title="Model calls: p95", unit="s", queries={model: ask.quantile("model_duration", 0.95, RANGE, MODEL)})
    yield Panel(
        title="Time to the first piece of an answer: p95",
        unit="s",
        queries={model: ask.quantile("first_token", 0.95, RANGE, MODEL)},
    )
    yield Panel(title="Tool calls: p95", unit="s", queries={tool: ask.quantile("tool_duration", 0.95, RANGE, TOOL)})


def _failures(ask: _Ask) -> Iterator[Panel]:
    model, tool = map(_legend, (MODEL, TOOL))
    yield Panel(
        title="Model calls that did not end well",
        unit="percentunit",
        queries={model: ask.failed("model_duration", RANGE, MODEL)},
    )
    yield Panel(
        title="Tool calls that did not end well",
        unit="percentunit",
        queries={tool: ask.failed("tool_duration", RANGE, TOOL)},
    )


def _counts(ask: _Ask) -> Iterator[Panel]:
    tokens: tuple[Key, ...] = ("input_tokens", "output_tokens", *PARTS)
    yield Panel(
        title="Tokens each second",
        unit="short",
        queries={each.removesuffix("_tokens").replace("_", " "): ask.rate(each, RANGE) for each in tokens},
    )
    trouble: tuple[Key, ...] = ("denials", "retries", "plugin_errors", "budgets", "others")
    yield Panel(
        title="Denials, retries, failures of plugins, budgets, names without room",
        unit="short",
        queries={each.replace("_", " "): ask.grown(each, RANGE) for each in trouble},
    )
    yield Panel(
        title="Knowledge: queries, hits and documents each second",
        unit="short",
        queries={
            "queries": ask.rate("knowledge_duration", RANGE, suffix="_count"),
            "hits": ask.rate("hits", RANGE),
            "documents": ask.rate("documents", RANGE),
        },
    )
    yield Panel(
        title="Answers out of the cache each second",
        unit="short",
        queries={_legend(MODEL): ask.rate("cached_answers", RANGE, MODEL)},
    )


def _hourly(ask: _Ask, by: str) -> str:
    return f"{ask.rate('cost', RANGE, by)} * 3600{_DOLLARS}"


def alerts(dialect: Dialect, *, hourly_cost: float) -> Iterator[Alert]:
    """Yield the alerts; *hourly_cost* is in US dollars."""
    ask = _Ask(INSTRUMENTS[dialect])
    yield from _trouble(ask)
    yield from _spending(ask, hourly_cost)
    yield from _upkeep(ask)


def _value(attribute: str) -> str:
    """The value of an attribute, in Prometheus' words."""
    return f"{{{{ $labels.{label(attribute)} }}}}"


def _trouble(ask: _Ask) -> Iterator[Alert]:
    agent, model = _value(AGENT), _value(MODEL)
    yield Alert(
        name="AgentRunsFail",
        query=f"{ask.failed('run_duration', '10m', AGENT)} > 0.1",
        wait="10m",
        severity="warning",
        summary=f"{{{{ $value | humanizePercentage }}}} of the runs of agent {agent} do not end well.",
    )
    yield Alert(
        name="ModelCallsFail",
        query=f"{ask.failed('model_duration', '10m', MODEL)} > 0.1",
        wait="10m",
        severity="warning",
        summary=f"{{{{ $value | humanizePercentage }}}} of the calls of model {model} do not end well.",
    )
    yield Alert(
        name="ModelIsSlow",
        query=f"{ask.quantile('model_duration', 0.95, '10m', MODEL)} > 30",
        wait="10m",
        severity="warning",
        summary=f"A call of model {model} in twenty takes more than {{{{ $value | humanizeDuration }}}}.",
    )


def _spending(ask: _Ask, hourly_cost: float) -> Iterator[Alert]:
    agent, model = _value(AGENT), _value(MODEL)
    yield Alert(
        name="AgentsCostTooMuch",
        query=f"{ask.grown('cost', '1h')}{_DOLLARS} > {hourly_cost:g}",
        wait="0m",
        severity="critical",
        summary="The agents cost {{ $value | humanize }} US dollars in the last hour.",
    )
    yield Alert(
        name="BudgetNearlySpent",
        query=f"{ask.grown('budgets', '15m', AGENT)} > 0",
        wait="0m",
        severity="warning",
        summary=f"A budget of agent {agent} is nearly spent.",
    )
    yield Alert(
        name="CostUnknown",
        query=f"{ask.grown('unpriced', '1h', MODEL)} > 0",
        wait="1h",
        severity="info",
        summary=f"What model {model} costs is not known: name its price in the configuration.",
    )


def _upkeep(ask: _Ask) -> Iterator[Alert]:
    plugin, attribute = _value("agentcore.plugin"), _value("agentcore.attribute")
    yield Alert(
        name="PluginFails",
        query=f"{ask.grown('plugin_errors', '15m', 'agentcore.plugin')} > 0",
        wait="15m",
        severity="warning",
        summary=f"Plugin {plugin} fails again and again.",
    )
    yield Alert(
        name="TooManyNames",
        query=f"{ask.grown('others', '1h', 'agentcore.attribute')} > 0",
        wait="0m",
        severity="info",
        summary=f"{attribute} has more names than are told apart.",
    )
    overflow = 'sum by (__name__) ({__name__=~"gen_ai_.*|agentcore_.*", otel_metric_overflow="true"})'
    yield Alert(
        name="TooManySeries",
        query=f"{overflow} > 0",
        wait="0m",
        severity="info",
        summary="{{ $labels.__name__ }} has more series than are told apart.",
    )

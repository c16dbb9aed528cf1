"""Ten thousand nested runs with known usage: every total is the truth, to the last token and 10^-12 of a dollar."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from metrics_support import query
from metrics_telemetry import (
    PARTS,
    PICO,
    Truth,
    check_sums,
    collecting,
    plugins_of,
    provider_of,
    run_nested,
    scraped,
)

from agentcore_metrics._names import INSTRUMENTS
from agentcore_metrics._writer import MAX_PENDING

RUNS = 5_000
"""Each asks another agent, which makes ten thousand."""

AT_ONCE = 100
NAMES = INSTRUMENTS["1.41.1"]


@pytest.mark.parametrize("troubled", [False, True], ids=["all well", "every tenth fails, every tenth is cancelled"])
async def test_ten_thousand_nested_runs_add_up(tmp_path: Path, troubled: bool) -> None:
    """In the ledger, on the endpoint and at the collector; per agent and in sum; nothing is dropped."""
    truth = Truth()
    endings = {3: "error", 7: "cancelled"} if troubled else {}
    async with collecting() as collector:
        otel = {"otlp": collector.url, "prometheus": 0, "traces": False, "interval": 3_600}
        provider = provider_of(tmp_path / "metrics.db", **otel)
        async with plugins_of(tmp_path, provider, truth) as plugins:
            for first in range(0, RUNS, AT_ONCE):
                numbers = range(first, first + AT_ONCE)
                await asyncio.gather(*(run_nested(plugins, ending=endings.get(each % 10, "ok")) for each in numbers))
            provider.flush()
            text = await scraped(provider)
        needed = {NAMES[each].name for each in (*PARTS, "cost", "model_duration")}  # type: ignore[index]
        await collector.wait(lambda: needed <= {each.name for each in collector.metrics})
    check_sums(collector, truth, NAMES)
    assert sum(truth.outcomes.values()) == 2 * RUNS < MAX_PENDING
    assert provider.dropped == 0
    check_ledger(tmp_path / "metrics.db", truth)
    check_endpoint(text, truth)


def check_ledger(path: Path, truth: Truth) -> None:
    sums = ", ".join(f"sum({each})" for each in (*PARTS, "cost"))
    found = {agent: numbers for agent, *numbers in query(path, f"SELECT agent, {sums} FROM model_calls GROUP BY 1")}
    assert found == {agent: [*tokens(truth, agent), cost(truth, agent)] for agent in truth.usage}
    runs = {agent: numbers for agent, *numbers in query(path, f"SELECT agent, {sums} FROM runs GROUP BY 1")}
    assert runs == found
    total = query(path, "SELECT sum(total_input_tokens), sum(total_cost) FROM runs WHERE parent_id IS NULL")
    assert total == [
        (
            sum(each.input_tokens for each in truth.usage.values()),
            sum(cost(truth, agent) for agent in truth.usage),
        )
    ]
    outcomes = {(agent, outcome): count for agent, outcome, count in query(path, OUTCOMES)}
    assert outcomes == truth.outcomes


OUTCOMES = "SELECT agent, outcome, count(*) FROM runs GROUP BY 1, 2"


def check_endpoint(text: str, truth: Truth) -> None:
    for agent in truth.usage:
        label = f'gen_ai_agent_name="{agent}"'
        shown = []
        for key in PARTS:
            each = NAMES[key]  # type: ignore[index]
            name = f"{each.prometheus}_sum{{" if each.buckets else f"{each.prometheus}{{"
            shown.append(total(text, name, label, each.selector))
        assert shown == tokens(truth, agent)
        assert total(text, f"{NAMES['cost'].prometheus}{{", label) == cost(truth, agent)


def total(text: str, name: str, *selectors: str) -> float:
    lines = [line for line in text.splitlines() if line.startswith(name) and all(each in line for each in selectors)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def tokens(truth: Truth, agent: str) -> list[int]:
    usage = truth.usage[agent]
    return [getattr(usage, each) for each in PARTS]


def cost(truth: Truth, agent: str) -> int:
    known = truth.usage[agent].cost
    assert known is not None
    return int(known * PICO)

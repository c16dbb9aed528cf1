"""What runs, agents and days may cost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from metrics_support import Command, Events
from pydantic import ValidationError

from agentcore import Agent, DeniedError, ExecutionContext, PluginManager, Settings, ToolCall, Usage
from agentcore.models.scripted import ScriptedModel
from agentcore_metrics import Budgets, Limit, MetricsProvider

DOLLAR = Usage(requests=1, input_tokens=1, output_tokens=1, cost=Decimal(1))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the story, which a test may change."""
    now = [1_790_000_000.0]
    monkeypatch.setattr("agentcore_metrics._hooks.time", lambda: now[0])
    monkeypatch.setattr("agentcore_metrics._budgets.time", lambda: now[0])
    monkeypatch.setattr("agentcore_metrics._writer.time.time", lambda: now[0])
    return now


def spending(provider: MetricsProvider, tmp_path: Path, name: str = "triage") -> Agent[Any]:
    """An agent whose every call costs a dollar, and that asks another one, whose do, too."""
    plugins = PluginManager(Settings(state_dir=tmp_path, autoload=False))
    plugins.register(provider)
    calls = [ToolCall("1", "researcher", {"text": "x"}), "done"]
    inner = ScriptedModel.repeating("found", name="inner", usage=DOLLAR)
    researcher = Agent("researcher", input="text: str", output="answer: str", model=inner, plugins=plugins)
    outer = ScriptedModel(calls * 50, name="outer", usage=DOLLAR)
    return Agent(name, model=outer, tools=[researcher.as_tool()], plugins=plugins)


def budget(**amounts: Any) -> Budgets:
    return Budgets.model_validate(amounts)


async def test_a_run_that_has_spent_its_budget_asks_no_more(tmp_path: Path) -> None:
    """Its children's calls are its own expense; the error has the numbers."""
    provider = MetricsProvider(budgets=budget(run={"deny": 2}))
    with pytest.raises(DeniedError) as caught:
        await spending(provider, tmp_path).run("x")
    assert caught.value.plugin == "metrics"
    assert caught.value.hook == "model_request"
    assert caught.value.reason == "the budget of a run of agent 'triage' is spent: $2.00 of $2.00"
    assert provider.metrics["cost"].sum == 2


async def test_each_run_has_a_budget_of_its_own(tmp_path: Path) -> None:
    """What others spend, at the same time or before, is not counted."""
    provider = MetricsProvider(budgets=budget(run={"deny": 4}))
    agent = spending(provider, tmp_path)
    for _ in range(5):
        await agent.run("x")
    assert provider.metrics["cost"].sum == 15


async def test_an_agent_has_a_budget_for_the_day(tmp_path: Path, clock: list[float]) -> None:
    """By its name or by a pattern; others go on, and it goes on tomorrow."""
    provider = MetricsProvider(path=tmp_path / "m.db", budgets=budget(agent={"tri*": {"deny": 4}}))
    agent, other = spending(provider, tmp_path), spending(provider, tmp_path, "other")
    for _ in range(2):
        await agent.run("x")
    with pytest.raises(DeniedError, match=r"the budget of agent 'triage' for today is spent: \$4.00 of \$4.00"):
        await agent.run("x")
    await other.run("x")
    clock[0] += 86_400
    await agent.run("x")


async def test_a_day_has_a_budget_for_all(tmp_path: Path, clock: list[float]) -> None:
    """Whichever agent spends it."""
    provider = MetricsProvider(path=tmp_path / "m.db", budgets=budget(day={"deny": 6}))
    await spending(provider, tmp_path).run("x")
    await spending(provider, tmp_path, "other").run("x")
    with pytest.raises(DeniedError, match=r"the budget of today is spent: \$6.00 of \$6.00"):
        await spending(provider, tmp_path).run("x")


async def test_what_was_spent_today_before_the_program_began_counts(tmp_path: Path, clock: list[float]) -> None:
    """By it or by another; the ledger knows."""
    before = MetricsProvider(path=tmp_path / "m.db")
    for day in (-1, 0):
        clock[0] += 86_400 * day + day
        Events(before).model(ExecutionContext("other"), usage=Usage(requests=1, cost=Decimal(5)))
        clock[0] -= 86_400 * day + day
    before.close()
    provider = MetricsProvider(path=tmp_path / "m.db", budgets=budget(day={"deny": 6}))
    with pytest.raises(DeniedError, match=r"\$6.00 of \$6.00"):
        await spending(provider, tmp_path).run("x")


async def test_what_another_program_spends_meanwhile_counts(
    tmp_path: Path, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for again from time to time; own rows are not counted twice."""
    monkeypatch.setattr("agentcore_metrics._budgets._FRESH_SECONDS", 0.0)
    provider = MetricsProvider(path=tmp_path / "m.db", budgets=budget(day={"deny": 10}))
    agent = spending(provider, tmp_path)
    await agent.run("x")
    await agent.run("x")
    assert provider.flush()
    other = MetricsProvider(path=tmp_path / "m.db")
    Events(other).model(ExecutionContext("other"), usage=Usage(requests=1, cost=Decimal(4)))
    other.close()
    provider._writer.ask()
    assert provider.flush()
    with pytest.raises(DeniedError, match=r"\$10.00 of \$10.00"):
        await agent.run("x")
    assert provider.metrics["cost"].sum == 6


async def test_a_warning_is_given_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The run goes on; the warning is counted, and has the numbers."""
    provider = MetricsProvider(path=tmp_path / "m.db", budgets=budget(run={"warn": 1, "deny": 100}))
    await spending(provider, tmp_path).run("x")
    assert caplog.messages == ["the budget of a run of agent 'triage' is nearly spent: $1.00 of $1.00"]
    assert provider.metrics["budget_warnings"].count == 1
    shown = Command(provider)().stdout
    assert "budgets: 1 (a run of agent 'triage' 1)" in shown
    provider.close()


async def test_nothing_is_guarded_where_there_is_no_budget(tmp_path: Path) -> None:
    """A value hook costs each call, and makes its plugin required."""
    plugins = PluginManager(Settings(state_dir=tmp_path, autoload=False))
    plugins.register(MetricsProvider())
    assert not list(plugins.implementations("model_request"))


def test_budgets_come_from_the_configuration() -> None:
    """Amounts are exact."""
    config = MetricsProvider.Config.model_validate({"budgets": {"run": {"warn": 0.1, "deny": 0.3}}})
    assert config.budgets is not None
    assert config.budgets.run == Limit(warn=Decimal("0.1"), deny=Decimal("0.3"))
    assert hasattr(MetricsProvider.from_config(config), "model_request")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"run": {}}, "a budget needs an amount"),
        ({"run": {"deny": 0}}, "greater than 0"),
        ({"run": {"warn": 2, "deny": 1}}, "warn must not be more than deny"),
        ({"weeek": {"deny": 1}}, "Extra inputs"),
    ],
    ids=["nothing", "zero", "the wrong way round", "unknown key"],
)
def test_a_budget_that_does_not_fit_is_refused(table: dict[str, Any], words: str) -> None:
    """With the reason."""
    with pytest.raises(ValidationError, match=words):
        budget(**table)

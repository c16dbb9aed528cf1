"""The plugin among others: how it is found, configured, started, and what it notes of real runs."""

from __future__ import annotations

import math
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from metrics_support import Events, Rows, query, run_python
from pydantic import ValidationError

from agentcore import Agent, Deny, ExecutionContext, PluginManager, Settings, ToolCall, Usage, hookimpl
from agentcore.models.scripted import ScriptedModel
from agentcore_metrics import MetricsProvider


class Guard:
    """Denies one tool."""

    name = "guard"

    @hookimpl
    def tool_call(self, call: ToolCall) -> None:
        if call.name == "delete":
            raise Deny("nothing is deleted here")


def search(text: str) -> str:
    """Find something."""
    return f"found {text}"


def delete(text: str) -> str:
    """Delete something."""
    return f"deleted {text}"


@pytest.fixture
def plugins(provider: MetricsProvider) -> PluginManager:
    plugins = PluginManager()
    plugins.register(provider)
    plugins.register(Guard())
    return plugins


@pytest.fixture
def triage(plugins: PluginManager) -> Agent[Any]:
    """An agent that asks another one, calls a tool that is denied, and asks its model three times."""
    small = Usage(requests=1, input_tokens=1200, output_tokens=80, cached_tokens=200, cost=Decimal("0.00123"))
    researcher = Agent(
        "researcher",
        input="text: str",
        output="finding: str",
        model=ScriptedModel([ToolCall("1", "search", {"text": "x"}), "found"], name="small", usage=small),
        tools=[search],
        plugins=plugins,
    )
    large = Usage(requests=1, input_tokens=10, output_tokens=5)
    calls = [ToolCall("1", "researcher", {"text": "x"}), ToolCall("2", "delete", {"text": "x"})]
    return Agent(
        "triage",
        input="ticket: str",
        output="label: str",
        model=ScriptedModel([*calls, "bug"], name="large", usage=large),
        tools=[researcher.as_tool(), delete],
        plugins=plugins,
    )


async def test_runs_of_agents_are_in_memory_and_in_the_ledger(
    provider: MetricsProvider, plugins: PluginManager, triage: Agent[Any], rows: Rows
) -> None:
    """Every run, model call, tool call and denial of nested agents is noted once, with its own usage and its total."""
    result = await triage.run(ticket="It is broken.")
    await plugins.aclose()
    assert provider.metrics["run_duration"].count == 2
    assert provider.metrics["denials"].where(plugin="guard", hook="tool_call").count == 1
    assert rows(
        "SELECT agent, parent_id, root_id, requests, input_tokens, total_requests, total_input_tokens FROM runs"
    ) == [
        ("researcher", result.context.context_id, result.context.context_id, 2, 2400, 2, 2400),
        ("triage", None, result.context.context_id, 3, 30, 5, 2430),
    ]
    assert rows("SELECT agent, model, count(*), sum(input_tokens) FROM model_calls GROUP BY 1, 2") == [
        ("researcher", "small", 2, 2400),
        ("triage", "large", 3, 30),
    ]
    assert rows("SELECT agent, tool, outcome, error FROM tool_calls ORDER BY id") == [
        ("researcher", "search", "ok", None),
        ("triage", "researcher", "ok", None),
        ("triage", "delete", "denied", "DeniedError"),
    ]
    assert provider.metrics["input_tokens"].sum == result.usage.input_tokens


async def test_plugin_manager_accepts_every_hook(provider: MetricsProvider, plugins: PluginManager) -> None:
    """Names and arguments fit the hook specifications."""
    hooks = {
        name for name in dir(plugins.hook) if any(each.plugin == "metrics" for each in _implementations(plugins, name))
    }
    assert hooks == {
        "agent_complete",
        "agent_error",
        "agentcore_shutdown",
        "agentcore_startup",
        "knowledge_query",
        "knowledge_update",
        "model_complete",
        "model_delta",
        "model_error",
        "model_retry",
        "plugin_error",
        "register_commands",
        "tool_error",
        "tool_execute",
    }
    assert [each.name for each in await plugins.hook.register_commands()] == ["metrics"]


def _implementations(plugins: PluginManager, hook: str) -> list[Any]:
    return [] if hook.startswith("_") else list(plugins.implementations(hook))


def test_entry_point_names_the_class() -> None:
    """An installed distribution is found by its group and name."""
    (found,) = entry_points(group="agentcore", name="metrics")
    assert found.load() is MetricsProvider


async def test_startup_tells_where_the_ledger_is(tmp_path: Path) -> None:
    """By default it is metrics.db in the state folder; it is made with the first row and not before."""
    plugins = PluginManager(Settings(state_dir=tmp_path / "state"))
    provider = MetricsProvider()
    plugins.register(provider)
    assert provider.path is None
    async with plugins:
        assert provider.path == tmp_path / "state" / "metrics.db"
        assert not provider.path.exists()
        Events(provider).run(ExecutionContext("triage"))
    assert query(tmp_path / "state" / "metrics.db", "SELECT agent FROM runs") == [("triage",)]


async def test_a_path_of_its_own_wins_over_the_state_folder(tmp_path: Path, path: Path) -> None:
    """Startup leaves a ledger that was named where it is."""
    provider = MetricsProvider(path=path)
    plugins = PluginManager(Settings(state_dir=tmp_path / "state"))
    plugins.register(provider)
    async with plugins:
        assert provider.path == path


def test_what_came_before_startup_is_written_after_it(tmp_path: Path) -> None:
    """A plugin that fails to load does so before the state folder is known."""
    provider = MetricsProvider()
    provider.plugin_error(None, "broken", "import", ImportError("gone"))
    assert not provider.flush()
    provider.agentcore_startup(PluginManager(Settings(state_dir=tmp_path)))
    assert provider.flush()
    provider.close()
    assert query(tmp_path / "metrics.db", "SELECT kind, subject, hook, context_id, error FROM incidents") == [
        ("plugin_error", "broken", "import", None, "ImportError")
    ]


def test_without_a_place_memory_alone_is_fed(context: ExecutionContext) -> None:
    """Beyond the first thousand records, which might still find a ledger, none is held for one."""
    provider = MetricsProvider()
    for _ in range(1_005):
        Events(provider).run(context)
    assert provider.metrics["run_duration"].count == 1_005
    assert provider.dropped == 5
    provider.close()


def test_it_can_be_used_again_after_shutdown(provider: MetricsProvider, events: Events, rows: Rows) -> None:
    """A manager that is started up a second time finds it working."""
    for _ in range(2):
        events.run(ExecutionContext("triage"))
        provider.agentcore_shutdown()
    provider.agentcore_shutdown()
    assert rows("SELECT count(*) FROM runs") == [(2,)]


def test_path_is_absolute_and_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that changes its folder keeps its ledger."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert MetricsProvider(path="team/metrics.db").path == tmp_path / "team" / "metrics.db"
    assert MetricsProvider(path="~/metrics.db").path == tmp_path / "metrics.db"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, "state/metrics.db"),
        ({"path": "team.db", "retention_days": "off", "max_rows": 10}, "state/team.db"),
        ({"path": "~/team.db"}, "home/team.db"),
    ],
    ids=["nothing", "relative", "home"],
)
async def test_config_builds_the_provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: dict[str, Any], expected: str
) -> None:
    """A path in the configuration is relative to the state folder, from wherever the program is started."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    provider = MetricsProvider.from_config(MetricsProvider.Config.model_validate(table))
    plugins = PluginManager(Settings(state_dir=tmp_path / "state"))
    plugins.register(provider)
    async with plugins:
        assert provider.path == tmp_path / expected


def test_config_may_keep_rows_for_ever() -> None:
    """In the framework's word, or in TOML's."""
    assert MetricsProvider.Config.model_validate({"retention_days": "off"}).retention_days == math.inf
    assert MetricsProvider.Config.model_validate({"retention_days": math.inf}).retention_days == math.inf


def test_config_may_name_any_file(tmp_path: Path, path: Path) -> None:
    """An absolute path is that."""
    provider = MetricsProvider.from_config(MetricsProvider.Config(path=path))
    assert provider.settle(tmp_path / "state") == path


@pytest.mark.parametrize(
    "table",
    [{"pth": "x"}, {"retention_days": 0}, {"retention_days": math.nan}, {"max_rows": 0}, {"max_rows": "many"}],
    ids=["unknown key", "no time", "not a number", "no rows", "text"],
)
def test_config_that_does_not_fit_is_refused(table: dict[str, Any]) -> None:
    """A mistake in the configuration must not be found out by missing rows."""
    with pytest.raises(ValidationError):
        MetricsProvider.Config.model_validate(table)


def test_constructor_refuses_what_the_config_does() -> None:
    """Both have the same rules."""
    with pytest.raises(ValidationError):
        MetricsProvider(retention_days=-1)


def test_import_is_light() -> None:
    """Neither the database nor the terminal's library is loaded before it is needed."""
    heavy = "apsw", "rich", "click", "sqlite3"
    program = f"import sys, agentcore_metrics; print([each for each in {heavy!r} if each in sys.modules])"
    before = f"import sys, agentcore, pydantic; print([each for each in {heavy!r} if each in sys.modules])"
    assert run_python(program).stdout == run_python(before).stdout


def test_package_has_types() -> None:
    """Type checkers read the package's annotations."""
    import agentcore_metrics

    assert (Path(agentcore_metrics.__file__).parent / "py.typed").exists()

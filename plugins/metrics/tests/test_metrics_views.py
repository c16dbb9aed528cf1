"""``agentcore metrics top``, ``errors``, ``cost`` and ``compare``, and what the documentation shows of all."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from decimal import Decimal
from pathlib import Path

import pytest
from metrics_demo import NOW, PRICES, Clock, live
from metrics_support import Command, Events

from agentcore import ExecutionContext, Usage
from agentcore.errors import RecordedError
from agentcore_metrics import MetricsProvider

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


@pytest.fixture
def demo(path: Path, monkeypatch: pytest.MonkeyPatch) -> MetricsProvider:
    """The ledger of a day that is always the same."""
    clock = Clock()
    monkeypatch.setattr("agentcore_metrics._hooks.time", clock)
    monkeypatch.setattr("agentcore_metrics._command.time", lambda: NOW)
    provider = MetricsProvider(path=path, retention_days=math.inf, prices=PRICES, published_prices=False)
    live(provider, clock)
    return provider


def shown_in_docs() -> list[tuple[int, str, str]]:
    """The commands of the page, how wide their terminal is, and what they print."""
    blocks = re.findall(r"```text\n\$ agentcore metrics ?([^\n]*)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [
        (int(width), arguments, text)
        for arguments, text in blocks
        for width in re.findall(r"# (\d+) columns", arguments) or ["80"]
    ]


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not part of the distribution")
def test_the_documentation_shows_what_is_printed(demo: MetricsProvider) -> None:
    """Each command on the page prints what stands below it, and nothing of it is wider than its terminal."""
    command = Command(demo)
    commands = shown_in_docs()
    views = {"--since", "--by", "--run", "top", "errors", "cost", "compare"}
    assert {arguments.split()[0] for _, arguments, _ in commands} == views
    assert {width for width, _, _ in commands} == {80, 160}
    for width, arguments, expected in commands:
        result = command(*arguments.partition("#")[0].split(), width=width)
        lines = [line.rstrip() for line in result.stdout.splitlines()]
        assert "\n".join(lines).strip() == expected.strip(), arguments
        assert max(map(len, lines)) <= width


VIEWS = ["top", "top --by duration", "top --by tokens", "errors", "cost", "compare triage researcher"]
VIEWS += ["compare --by model openai:gpt-5 house:qwen3-8b", "compare --by tool search researcher"]
VIEWS += [f"--by {by}" for by in ("agent", "model", "tool", "day", "hour", "outcome")]


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("view", VIEWS)
def test_nothing_wraps(demo: MetricsProvider, view: str, width: int) -> None:
    """Every view fits the terminal, and cuts no word of its own."""
    result = Command(demo)(*view.split(), width=width)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= width
    assert "…" not in result.stdout


def test_the_dearest_and_the_slowest_are_marked(demo: MetricsProvider) -> None:
    """Each in its own column, and never the total."""
    shown = Command(demo)("--by", "model", width=160).stdout
    marked = [line for line in shown.splitlines() if "▶" in line]
    assert [line.split()[0] for line in marked] == ["openai:gpt-5"]
    assert marked[0].count("▶") == 2


def test_csv_has_the_numbers_of_json(demo: MetricsProvider) -> None:
    """One row for each group; nested values become columns, and what is unknown is empty."""
    command = Command(demo)
    rows = list(csv.DictReader(io.StringIO(command("--by", "model", "--csv").stdout)))
    groups = command.json("--by", "model")["groups"]
    assert [each["model"] for each in rows] == [each["model"] for each in groups]
    assert [each["duration_p95"] for each in rows] == [str(each["duration"]["p95"]) for each in groups]
    assert rows[-1]["cost_usd"] == ""


@pytest.mark.parametrize("view", ["top", "errors", "cost", "compare triage writer"])
def test_every_view_can_be_read_by_programs(demo: MetricsProvider, view: str) -> None:
    """As JSON, and as CSV with as many rows."""
    command = Command(demo)
    found = command(*view.split(), "--json")
    csv_rows = list(csv.DictReader(io.StringIO(command(*view.split(), "--csv").stdout)))
    name = {"top": "runs", "errors": "errors", "cost": "models"}.get(view, "measures")
    assert len(json.loads(found.stdout)[name]) == len(csv_rows) > 0


def test_top_counts_a_run_with_its_children_once(command: Command, events: Events) -> None:
    """A sub-run is part of the run that asked for it; what has no known cost is not ranked by it."""
    root = ExecutionContext("triage")
    child = root.fork("researcher")
    events.model(child, usage=Usage(requests=1, input_tokens=5, cost=Decimal("0.5")))
    events.run(child)
    events.model(root, usage=Usage(requests=1, input_tokens=1, cost=Decimal("0.25")))
    events.run(root)
    events.run(ExecutionContext("writer"))
    (run,) = json.loads(command("top", "--json").stdout)["runs"]
    assert (run["agent"], run["cost_usd"], run["input_tokens"], run["model_calls"]) == ("triage", "0.75", 6, 2)
    assert len(json.loads(command("top", "--by", "duration", "--json").stdout)["runs"]) == 2


def test_errors_are_named_where_they_happened(command: Command, provider: MetricsProvider, events: Events) -> None:
    """The most frequent first, with the last run; an error out of the journal has the name that it had."""
    context = ExecutionContext("triage")
    for _ in range(2):
        events.tool(context, outcome="error")
    recorded = RecordedError("gone", type="my_package.OutOfStockError")
    provider.tool_error(context, "order", recorded, "9", 0.1, "error")
    provider.plugin_error(context, "vectorstore", "agent_start", ValueError())
    found = json.loads(command("errors", "--json").stdout)["errors"]
    assert [found[0][key] for key in ("kind", "name", "error", "count")] == ["tool", "search", "ValueError", 2]
    assert {each["error"] for each in found} == {"ValueError", "OutOfStockError"}
    assert {each["context_id"] for each in found} == {context.context_id}


def test_compare_names_the_nearest_group(demo: MetricsProvider) -> None:
    """Where there is none of that name."""
    result = Command(demo)("compare", "triage", "writr")
    assert result.exit_code == 1
    assert "the ledger knows no agent 'writr' in that time\nhint: did you mean 'writer'?" in result.stderr


def test_an_option_before_a_command_is_not_forgotten(demo: MetricsProvider) -> None:
    """It would be, silently."""
    result = Command(demo)("--since", "1h", "top")
    assert result.exit_code == 2
    assert "write --since after 'top'" in result.stderr


@pytest.mark.parametrize("view", ["top", "errors", "cost"])
def test_an_empty_ledger_has_nothing_to_show(command: Command, view: str) -> None:
    """That is told, and is no failure."""
    result = command(view)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No metrics yet" in result.stderr


def test_a_run_cannot_be_shown_as_a_table(command: Command, events: Events, context: ExecutionContext) -> None:
    """It is a tree."""
    events.run(context)
    result = command("--run", context.context_id, "--csv")
    assert result.exit_code == 2
    assert "a run is a tree" in result.stderr

"""``agentcore metrics --json``."""

from __future__ import annotations

from pathlib import Path

import pytest
from metrics_support import Command

from agentcore import ExecutionContext

UNUSED = {
    "reasoning_tokens": 0,
    "cache_write_tokens": 0,
    "input_audio_tokens": 0,
    "output_audio_tokens": 0,
    "cached_answers": 0,
}
"""What the runs of the history have used nothing of."""

TRIAGE = {
    "agent": "triage",
    "runs": 4,
    "errors": 3,
    "duration": {"p50": 3.0, "p95": 3.0, "p99": 3.0},
    "trend": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
    "cost_with_children_usd": "0.00123",
    "model_calls": 1,
    "tool_calls": 2,
    "input_tokens": 10,
    "cached_tokens": 0,
    "output_tokens": 5,
    **UNUSED,
    "cost_usd": None,
    "unpriced_calls": 1,
}
RESEARCHER = {
    "agent": "researcher",
    "runs": 1,
    "errors": 0,
    "duration": {"p50": 0.9, "p95": 0.9, "p99": 0.9},
    "trend": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    "cost_with_children_usd": "0.00123",
    "model_calls": 1,
    "tool_calls": 1,
    "input_tokens": 1200,
    "cached_tokens": 200,
    "output_tokens": 80,
    **UNUSED,
    "cost_usd": "0.00123",
    "unpriced_calls": 0,
}
TOTAL = {
    "runs": 5,
    "errors": 3,
    "duration": {"p50": 3.0, "p95": 3.0, "p99": 3.0},
    "trend": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5],
    "cost_with_children_usd": None,
    "model_calls": 2,
    "tool_calls": 3,
    "input_tokens": 1210,
    "cached_tokens": 200,
    "output_tokens": 85,
    **UNUSED,
    "cost_usd": "0.00123",
    "unpriced_calls": 1,
}


def test_json_has_every_number(command: Command, history: ExecutionContext) -> None:
    """Durations in seconds, cost as exact text in dollars, null where nothing is known."""
    found = command.json("--since", "1h")
    assert found == {
        "ledger": found["ledger"],
        "since": "2026-09-22T13:14:20+00:00",
        "by": "agent",
        "groups": [TRIAGE, RESEARCHER],
        "total": TOTAL,
        "knowledge": [],
        "incidents": [
            {"kind": "denial", "subject": "guard", "count": 1},
            {"kind": "plugin_error", "subject": "vectorstore", "count": 1},
            {"kind": "retry", "subject": "small", "count": 1},
        ],
    }
    assert Path(found["ledger"]).name == "metrics.db"


CONSUMPTION = {
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cache_write_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "cached_answers",
    "cost_usd",
    "unpriced_calls",
}
RUNS = ("runs", "errors", "duration", "model_calls", "tool_calls")
FIELDS = {
    "agent": {"agent", "cost_with_children_usd", "trend", *RUNS} | CONSUMPTION,
    "day": {"day", *RUNS} | CONSUMPTION,
    "hour": {"hour", *RUNS} | CONSUMPTION,
    "outcome": {"outcome", "trend", *RUNS} | CONSUMPTION,
    "model": {"model", "model_calls", "errors", "duration", "trend", "time_to_first_token"} | CONSUMPTION,
    "tool": {"tool", "tool_calls", "errors", "duration", "trend"},
}


@pytest.mark.parametrize("by", FIELDS)
def test_json_has_the_same_fields_in_every_group(command: Command, history: ExecutionContext, by: str) -> None:
    """And in the total, except for the group's own name."""
    found = command.json("--by", by)
    assert {frozenset(each) for each in found["groups"]} == {frozenset(FIELDS[by])}
    assert found["total"].keys() == FIELDS[by] - {by}


def test_json_of_a_run_is_its_tree(command: Command, history: ExecutionContext) -> None:
    """Runs, model calls and tool calls below each other, each with its own usage, runs with their total."""
    run = command.json("--run", history.context_id)["run"]
    assert (run["kind"], run["agent"], run["outcome"], run["duration"]) == ("run", "triage", "ok", 1.5)
    assert run["started"] == "2026-09-22T14:13:18.500000+00:00"
    assert [(each["kind"], each["name"]) for each in run["children"]] == [
        ("tool", "researcher"),
        ("run", "researcher"),
        ("model", "small"),
        ("tool", "delete"),
    ]
    child = run["children"][1]
    assert (child["context_id"], child["parent_id"]) != (history.context_id, None)
    assert child["parent_id"] == history.context_id
    assert child["children"][0]["usage"]["cost_usd"] == "0.00123"
    assert child["children"][1]["usage"] is child["children"][1]["total_usage"] is None
    assert (run["usage"]["input_tokens"], run["usage"]["unpriced_calls"]) == (10, 1)
    assert (run["total_usage"]["input_tokens"], run["total_usage"]["unpriced_calls"]) == (1210, 1)
    assert command.json("--run", child["context_id"])["run"] == child

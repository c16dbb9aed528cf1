"""Ledgers that older versions have written: files as those wrote them, with a nested run in each."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from metrics_support import Command, Events, connect, query, run_python

from agentcore import ExecutionContext
from agentcore_metrics import MetricsProvider
from agentcore_metrics._schema import UPGRADES, VERSION

LEDGERS = Path(__file__).parent / "ledgers"

VERSIONS = sorted(UPGRADES)


@pytest.fixture(params=VERSIONS, ids=lambda version: f"version {version}")
def older(request: pytest.FixtureRequest, path: Path) -> Path:
    """A ledger of an older version."""
    return older_ledger(path, request.param)


def older_ledger(path: Path, version: int) -> Path:
    connection = connect(path)
    connection.pragma("journal_mode", "wal")
    connection.execute((LEDGERS / f"version-{version}.sql").read_text())
    assert connection.pragma("user_version") == version
    connection.close()
    return path


def shape(path: Path) -> dict[str, Any]:
    """Every table with its columns, and every index."""
    tables = [name for (name,) in query(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")]
    columns = {each: query(path, f"PRAGMA table_info({each})") for each in tables}
    indexes = query(path, "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY 1")
    return {**columns, "indexes": [(name, table, " ".join(sql.split())) for name, table, sql in indexes]}


def test_every_older_version_has_an_example() -> None:
    """One that is forgotten is not tested."""
    assert list(range(1, VERSION)) == VERSIONS
    assert {each.name for each in LEDGERS.iterdir()} == {f"version-{each}.sql" for each in VERSIONS}


def test_a_run_that_ends_brings_it_up_to_date(older: Path, tmp_path: Path) -> None:
    """Its rows stay as they are, a new one stands beside them, and it has the shape of a new ledger."""
    provider = MetricsProvider(path=older, retention_days=math.inf)
    Events(provider).run(ExecutionContext("writer"))
    provider.close()
    assert query(older, "PRAGMA user_version") == [(VERSION,)]
    new = MetricsProvider(path=tmp_path / "new.db")
    Events(new).run(ExecutionContext("writer"))
    new.close()
    assert shape(older) == shape(tmp_path / "new.db")
    assert query(older, "SELECT agent, total_input_tokens, total_cost, total_cache_write_tokens FROM runs") == [
        ("researcher", 1_000, 12_300_000_000, 0),
        ("triage", 1_120, 12_423_000_000, 0),
        ("writer", 0, None, 0),
    ]


@pytest.mark.parametrize(
    "view", ["", "--by model", "--by day", "top", "errors", "cost", "--run d23f0824", "compare triage researcher"]
)
def test_a_question_is_answered(older: Path, view: str) -> None:
    """No agent has run since the upgrade."""
    result = Command(MetricsProvider(path=older))(*view.split())
    assert (result.exit_code, result.stderr) == (0, "")
    assert "$0.012" in result.stdout or view == "errors"


def test_numbers_are_those_that_were_written(older: Path) -> None:
    """In sum and for each agent."""
    answer = Command(MetricsProvider(path=older)).json()
    assert {each["agent"]: each["cost_usd"] for each in answer["groups"]} == {
        "researcher": "0.0123",
        "triage": "0.000123",
    }
    total = answer["total"]
    assert (total["runs"], total["tool_calls"], total["input_tokens"], total["reasoning_tokens"]) == (2, 2, 1_120, 200)
    assert answer["incidents"] == [{"kind": "denial", "subject": "guard", "count": 1}]


def test_an_upgrade_that_is_interrupted_leaves_it_as_it_was(path: Path) -> None:
    """The process is killed in the middle: the next one finds an older ledger, and upgrades that."""
    older_ledger(path, 1)
    before = shape(path)
    program = """
import os, sys
from pathlib import Path
from agentcore_metrics import _ledger
_ledger.UPGRADES = {**_ledger.UPGRADES, 2: "CREATE TABLE half (a); SELECT kill()"}
connect = _ledger.connect
def connected(path, *, write):
    connection = connect(path, write=write)
    connection.create_scalar_function("kill", lambda: os.kill(os.getpid(), 9))
    return connection
_ledger.connect = connected
_ledger.Ledger(Path(sys.argv[1]))
"""
    assert run_python(program, path).returncode == -9
    assert query(path, "PRAGMA user_version") == [(1,)]
    assert shape(path) == before
    assert Command(MetricsProvider(path=path)).json()["total"]["runs"] == 2

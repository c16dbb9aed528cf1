"""The examples that ship."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_report_can_be_summed_up(command: Any) -> None:
    """The example's agent takes the example's text."""
    result = command(
        "run", str(EXAMPLES / "summary.toml"), "--input", f"@{EXAMPLES / 'report.txt'}", "--model", "scripted:it broke"
    )
    assert (result.stdout, result.returncode) == ("it broke\n", 0), result.stderr


@pytest.mark.model
@pytest.mark.timeout(900)
def test_the_embedded_model_finds_the_cause(command: Any) -> None:
    """The embedded model names what the report calls the cause."""
    result = command("run", str(EXAMPLES / "summary.toml"), "--input", f"@{EXAMPLES / 'report.txt'}")
    assert result.returncode == 0, result.stderr
    assert "expired certificate" in result.stdout


def test_the_batch_fits_the_agent(command: Any) -> None:
    """Each line of the example's batch is an input of the example's agent."""
    batch = EXAMPLES / "batch.jsonl"
    result = command("run", str(EXAMPLES / "summary.toml"), "--batch", str(batch), "--model", "scripted:it broke")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["outcome"] for record in records] == ["ok"] * len(batch.read_text(encoding="utf-8").splitlines())


def test_the_program_runs_offline(environment: dict[str, str], tmp_path: Path) -> None:
    """It has at most 25 lines, and prints what its plugin saw and changed."""
    program = EXAMPLES / "quickstart.py"
    assert len(program.read_text(encoding="utf-8").splitlines()) <= 25
    command = [sys.executable, str(program)]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "triage: My card [number] is refused. -> bug, 1 request",
        "bug",
    ]

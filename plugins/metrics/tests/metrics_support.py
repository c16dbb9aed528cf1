"""The events of runs, the command that reads them, and the ledger read without the provider's own means."""

from __future__ import annotations

import json
import subprocess
import sys
from asyncio import CancelledError
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeAlias

import apsw
from click.testing import CliRunner, Result

from agentcore import DeniedError, ExecutionContext, Usage
from agentcore.types import ModelDelta, ModelResponse, Outcome
from agentcore_metrics import MetricsProvider

_ERRORS: Final[dict[str, BaseException]] = {
    "error": ValueError("bad"),
    "timeout": TimeoutError("late"),
    "cancelled": CancelledError(),
}

Rows: TypeAlias = Callable[[str], list[tuple[Any, ...]]]
"""What a query finds in the ledger."""


LONG_NAME: Final = "a-very-long-name-of-an-agent-that-nobody-would-ever-want-to-type"


class Events:
    """Calls the hooks of a provider as the run loop does."""

    def __init__(self, provider: MetricsProvider) -> None:
        self._provider = provider
        self._numbers = count(1)

    def model(
        self,
        context: ExecutionContext,
        *,
        model: str = "scripted",
        usage: Usage | None = None,
        duration: float = 0.25,
        outcome: Outcome = "ok",
        first_token: float | None = None,
        cached: bool = False,
    ) -> None:
        """A model call ends, and its usage is the run's; one that a plugin answered has none."""
        used = Usage() if cached else usage or Usage(requests=1, input_tokens=10, output_tokens=2)
        context.add_usage(used)
        call_id = str(next(self._numbers))
        if first_token is not None:
            self._provider.model_delta(ModelDelta(text="x", first=True, elapsed=first_token), call_id)
        if outcome == "ok":
            self._provider.model_complete(
                context, model, ModelResponse(cached=cached), call_id, used, duration, outcome
            )
        else:
            error = _error(outcome, "model_request")
            self._provider.model_error(context, model, error, call_id, used, duration, outcome)

    def tool(
        self, context: ExecutionContext, *, tool: str = "search", duration: float = 0.5, outcome: Outcome = "ok"
    ) -> None:
        """A tool call ends."""
        call_id = str(next(self._numbers))
        if outcome == "ok":
            self._provider.tool_execute(context, tool, call_id, duration, outcome)
        else:
            self._provider.tool_error(context, tool, _error(outcome, "tool_call"), call_id, duration, outcome)

    def run(self, context: ExecutionContext, *, duration: float = 1.0, outcome: Outcome = "ok") -> None:
        """A run ends."""
        agent, usage = context.agent_id, context.total_usage
        if outcome == "ok":
            self._provider.agent_complete(context, agent, usage, duration, outcome)
        else:
            self._provider.agent_error(context, agent, _error(outcome, "agent_input"), usage, duration, outcome)


def run_once(provider: MetricsProvider, *, duration: float = 1.0) -> None:
    """A run ends that called nothing."""
    Events(provider).run(ExecutionContext("triage"), duration=duration)


def _error(outcome: Outcome, hook: str) -> BaseException:
    return DeniedError(plugin="guard", hook=hook, reason="no") if outcome == "denied" else _ERRORS[outcome]


class Command:
    """``agentcore metrics`` of a provider."""

    def __init__(self, provider: MetricsProvider) -> None:
        (self._command,) = provider.register_commands()

    def __call__(self, *arguments: str, width: int = 160) -> Result:
        return CliRunner().invoke(self._command, arguments, env={"COLUMNS": str(width), "NO_COLOR": "1"})

    def json(self, *arguments: str) -> dict[str, Any]:
        """Its result with ``--json``, which must be all that is on stdout."""
        result = self("--json", *arguments)
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found


def query(path: Path, text: str) -> list[tuple[Any, ...]]:
    """Ask the database at *path*."""
    connection = connect(path)
    try:
        return list(connection.execute(text))
    finally:
        connection.close()


def connect(path: Path) -> Any:
    """Open the database at *path*.

    Never by :mod:`sqlite3` in a process that has it open by APSW: of two copies of SQLite each takes the other's locks
    away, https://www.sqlite.org/howtocorrupt.html#_multiple_copies_of_sqlite_linked_into_the_same_application
    """
    return apsw.Connection(str(path))


def run_python(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run *program* in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *map(str, arguments)], capture_output=True, text=True, timeout=60
    )

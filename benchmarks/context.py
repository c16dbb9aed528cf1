"""The context of one run: made, forked, and current for a moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agentcore import ExecutionContext, use_context
from agentcore._context.current import reset_current, set_current
from benchmarks._apart import measure_apart
from benchmarks._measure import Repeat
from benchmarks._peers import ADK, OURS, installed_peers
from benchmarks._table import Figure, Row

__all__ = ["PROCESSES", "ROUNDS", "WARM_UP", "contestants", "rows"]

PROCESSES: Final = 3
ROUNDS: Final = 15
WARM_UP: Final = 100
_WHOLE: Final = "context: make, fork, set and reset the context variable"
_PUBLIC: Final = "the same with `use_context`"
_FORK: Final = "context: fork alone"


async def _make(times: int) -> None:
    for _ in range(times):
        ExecutionContext("triage")


async def _whole(times: int) -> None:
    """What a run and a sub-agent's run do between them."""
    for _ in range(times):
        child = ExecutionContext("triage").fork("search")
        token = set_current(child)
        reset_current(token)


async def _public(times: int) -> None:
    for _ in range(times):
        with use_context(ExecutionContext("triage").fork("search")):
            pass


async def _fork(times: int) -> None:
    parent = ExecutionContext("triage")
    for _ in range(times):
        parent.fork("search")


def _adk_fork() -> Repeat:
    """What ADK's agents do to the context that they are called with."""
    from google.adk.agents import LlmAgent
    from google.adk.agents.invocation_context import InvocationContext
    from google.adk.sessions import InMemorySessionService, Session

    agent: Any = LlmAgent(name="triage")
    parent = InvocationContext(
        invocation_id="1",
        agent=agent,
        session=Session(id="1", app_name="benchmark", user_id="user"),
        session_service=InMemorySessionService(),
    )

    async def fork(times: int) -> None:
        for _ in range(times):
            parent.model_copy(update={"agent": agent})

    return fork


def contestants(name: str) -> Mapping[str, Repeat]:
    """Make those of one framework, by what they do."""
    if name == ADK:
        return {_FORK: _adk_fork()}
    return {_WHOLE: _whole, _PUBLIC: _public, "context: make alone": _make, _FORK: _fork}


async def rows() -> list[Row]:
    """Measure.  Nothing else runs meanwhile, and so nothing is lost by not awaiting."""
    names = [OURS, *(name for name in installed_peers() if name == ADK)]
    return [_row(what, figures) for what, figures in measure_apart("context", names).items()]


def _row(what: str, figures: dict[str, Figure]) -> Row:
    return Row(what=what, unit="awaits", ours=figures.pop(OURS), target="≤ 8" if what == _WHOLE else "", others=figures)

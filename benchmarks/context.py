"""The context of one run: made, forked, and current for a moment."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from agentcore import ExecutionContext, use_context
from agentcore._context.current import current
from benchmarks._measure import Repeat, measure
from benchmarks._table import Row

__all__ = ["rows"]

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
        token = current.set(child)
        current.reset(token)


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


async def rows() -> list[Row]:
    """Measure."""
    contestants: dict[str, Repeat] = {"make": _make, _WHOLE: _whole, _PUBLIC: _public, _FORK: _fork}
    with suppress(ImportError):
        contestants["ADK"] = _adk_fork()
    figures = await measure(contestants)
    forks = {"ADK": figures["ADK"]} if "ADK" in figures else {}
    return [
        Row(what=_WHOLE, unit="awaits", ours=figures[_WHOLE], target="≤ 8"),
        Row(what=_PUBLIC, unit="awaits", ours=figures[_PUBLIC]),
        Row(what="context: make alone", unit="awaits", ours=figures["make"]),
        Row(what=_FORK, unit="awaits", ours=figures[_FORK], others=forks),
    ]

"""One whole run of an agent, one after another: a scripted model, and a typed output that is validated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from agentcore import Agent
from benchmarks._measure import Repeat, measure
from benchmarks._ours import AgentObserver, Observer, agent
from benchmarks._peers import peers
from benchmarks._script import TICKET, Label, Run, no_pause
from benchmarks._table import Figure, Row

__all__ = ["rows"]

_ROUNDS: Final = 15
_BARE: Final = "run, nobody listening"
_WHOLE: Final = "run, 2 observers of agent and model, 2 middlewares"
_TOOL: Final = "the same with one tool call"
_OURS: Final[Mapping[str, Agent]] = {
    _BARE: agent(observers=None, middleware=False),
    "run, 2 observers of the agent": agent(observers=AgentObserver, middleware=False),
    "run, 2 observers of agent and model": agent(observers=Observer, middleware=False),
    _WHOLE: agent(observers=Observer, middleware=True),
    _TOOL: agent(observers=Observer, middleware=True, tool=True),
}
_TARGETS: Final = {_WHOLE: "≤ 100", _TOOL: "≤ 200"}
_OTHERS: Final = {_BARE: (False, False), _WHOLE: (True, False), _TOOL: (True, True)}
"""Whether the others have observers, and a tool.  None of them has middleware around its observers."""

Measured = Mapping[tuple[str, str], Figure]
"""By what is run, and by whom."""


def _ours(of: Agent) -> Repeat:
    async def repeat(times: int) -> None:
        for _ in range(times):
            await of.run(ticket=TICKET)

    return repeat


def _repeating(run: Run) -> Repeat:
    async def repeat(times: int) -> None:
        for _ in range(times):
            await run()

    return repeat


async def _check(name: str, run: Run) -> None:
    """Make sure that the run does what it is said to do."""
    made = await run()
    if made != Label(label="bug"):
        raise RuntimeError(f"{name} returned {made!r}")


async def rows() -> list[Row]:
    """Measure."""
    contestants = {f"{what}|agentcore": _ours(each) for what, each in _OURS.items()}
    for name, peer in peers():
        for what, (observers, tool) in _OTHERS.items():
            run = peer.make(observers=observers, tool=tool, pause=no_pause)
            await _check(name, run)
            contestants[f"{what}|{name}"] = _repeating(run)
    figures = await measure(contestants, rounds=_ROUNDS)
    return list(_rows({(key.partition("|")[0], key.partition("|")[2]): each for key, each in figures.items()}))


def _rows(figures: Measured) -> Iterator[Row]:
    for what in _OURS:
        others = {who: figure for (of, who), figure in figures.items() if of == what and who != "agentcore"}
        ours = figures[what, "agentcore"]
        yield Row(what=what, unit="awaits", ours=ours, target=_TARGETS.get(what, ""), others=others)
        if what == _WHOLE and others:
            fastest = min(others, key=lambda name: others[name].median)
            ratio = Figure(others[fastest].median / ours.median)
            yield Row(what=f"its speed, compared with {fastest}", unit="times", ours=ratio, target="≥ 20")

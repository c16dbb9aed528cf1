"""One whole run of an agent, one after another: a scripted model, and a typed output that is validated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from benchmarks._apart import measure_apart
from benchmarks._measure import Repeat
from benchmarks._ours import AgentObserver, Observer, agent
from benchmarks._peers import OURS, installed_peers, peer_named
from benchmarks._script import TICKET, Run, no_pause
from benchmarks._table import Figure, Row

__all__ = ["PROCESSES", "ROUNDS", "WARM_UP", "contestants", "rows"]

PROCESSES: Final = 3
ROUNDS: Final = 9
WARM_UP: Final = 20
_BARE: Final = "run, nobody listening"
_WHOLE: Final = "run, 2 observers of agent and model, 2 middlewares"
_TOOL: Final = "the same with one tool call"
_OURS: Final[Mapping[str, dict[str, Any]]] = {
    _BARE: {"observers": None, "middleware": False},
    "run, 2 observers of the agent": {"observers": AgentObserver, "middleware": False},
    "run, 2 observers of agent and model": {"observers": Observer, "middleware": False},
    _WHOLE: {"observers": Observer, "middleware": True},
    _TOOL: {"observers": Observer, "middleware": True, "tool": True},
}
_OTHERS: Final[Mapping[str, dict[str, bool]]] = {
    _BARE: {"observers": False, "tool": False},
    _WHOLE: {"observers": True, "tool": False},
    _TOOL: {"observers": True, "tool": True},
}
"""None of the others has middleware around its observers: they run without."""
_TARGETS: Final = {_WHOLE: "≤ 100", _TOOL: "≤ 200"}


def contestants(name: str) -> Mapping[str, Repeat]:
    """Make those of one framework, by what they do."""
    if name == OURS:
        return {what: _ours(**options) for what, options in _OURS.items()}
    peer = peer_named(name)
    return {what: _repeating(peer.make(pause=no_pause, **options)) for what, options in _OTHERS.items()}


def _ours(**options: Any) -> Repeat:
    declared = agent(**options)

    async def repeat(times: int) -> None:
        for _ in range(times):
            await declared.run(ticket=TICKET)

    return repeat


def _repeating(run: Run) -> Repeat:
    async def repeat(times: int) -> None:
        for _ in range(times):
            await run()

    return repeat


async def rows() -> list[Row]:
    """Measure.  Nothing else runs meanwhile, and so nothing is lost by not awaiting."""
    figures = measure_apart("run", [OURS, *installed_peers()])
    return [row for what, by_name in figures.items() for row in _rows(what, by_name)]


def _rows(what: str, figures: dict[str, Figure]) -> Iterator[Row]:
    ours = figures.pop(OURS)
    yield Row(what=what, unit="awaits", ours=ours, target=_TARGETS.get(what, ""), others=figures)
    if what == _WHOLE and figures:
        fastest = min(figures, key=lambda name: figures[name].median)
        ratio = Figure(figures[fastest].median / ours.median)
        yield Row(what=f"its speed, compared with {fastest}", unit="times", ours=ratio, target="≥ 20")

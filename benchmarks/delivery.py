"""Delivery: what lanes cost an agent, and what an agent has of it when a provider is bad.

The rows of ``emit`` are CPU time of the agent's thread for one event above a hook that nobody implements.
Those of ``agents`` are what twenty concurrent agents on a model of 5 ms wait for their runs, side by side with the same
agents and no bad provider.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time
from typing import Any, Final

from pydantic import BaseModel

from agentcore import Agent, Delivery, ExecutionContext, PluginManager, Usage, hookimpl, load_settings
from agentcore.models import ScriptedModel
from agentcore.types import DeliveryMode
from benchmarks._table import Figure, Row

__all__ = ["rows"]

_SAMPLES: Final = 25
_EVENTS: Final = 2_000
"""Of one sample; they are delivered before the next."""
_AGENTS: Final = 20
_RUNS: Final = 150
"""Of each agent."""
_DELAY: Final = 0.005
_ACKNOWLEDGED: Final = 5_000

Call = Callable[[PluginManager, ExecutionContext], Awaitable[object]]


class _Answer(BaseModel):
    label: str
    urgent: bool = False


_ANSWER: Final = _Answer(label="crash")
_USAGE: Final = Usage(requests=1, input_tokens=200, output_tokens=20)


async def _tool_start(pm: PluginManager, context: ExecutionContext) -> None:
    await pm.hook.tool_start(context, "search", {"text": "crash"}, "call")


async def _agent_complete(pm: PluginManager, context: ExecutionContext) -> None:
    await pm.hook.agent_complete(context, "triage", {"ticket": "It crashes."}, _ANSWER, _USAGE, 0.5, "ok")


_CALLS: Final[dict[str, Call]] = {
    "`tool_start`": _tool_start,
    "`agent_complete`, with a model as output": _agent_complete,
}


class _Listening:
    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery

    @hookimpl
    async def tool_start(self) -> None:
        """Hear it."""

    @hookimpl
    async def agent_complete(self) -> None:
        """Hear it."""


def _manager(folder: str, **overrides: Any) -> PluginManager:
    settings = load_settings(environ={}, overrides={"state_dir": Path(folder), "shutdown_timeout": 0.2, **overrides})
    return PluginManager(settings)


# --- what an event costs ---

_TARGETS: Final[dict[DeliveryMode, str]] = {"background": "≤ 2", "durable": "≤ 10"}


async def _emitted(call: Call, listening: Sequence[_Listening]) -> Figure:
    """Return microseconds of the agent's thread for one event."""
    with tempfile.TemporaryDirectory() as folder:
        bare, laned = PluginManager(), _manager(folder)
        for number, each in enumerate(listening):
            laned.register(each, f"listening{number}")
        await laned.startup()
        above = list[float]()
        for _ in range(_SAMPLES):
            taken = [await _taken(pm, call) for pm in (bare, laned)]
            above.append((taken[1] - taken[0]) / _EVENTS * 1e6)
            await laned.flush()
        await laned.aclose()
    return Figure(median(above), min(above))


async def _taken(pm: PluginManager, call: Call) -> float:
    context = ExecutionContext("triage")
    # As within a run: what it is promised is waited for at its end, and not here.
    context.plugins = pm
    await call(pm, context)
    begin = thread_time()
    for _ in range(_EVENTS):
        await call(pm, context)
    return thread_time() - begin


def _listeners(mode: DeliveryMode, count: int) -> list[_Listening]:
    return [_Listening(Delivery(mode=mode, queue=_EVENTS * 2)) for _ in range(count)]


async def _emit_rows() -> list[Row]:
    found: list[Row] = []
    for name, call in _CALLS.items():
        for mode, target in _TARGETS.items():
            ours = await _emitted(call, _listeners(mode, 1))
            found.append(Row(what=f"emit: {name}, {mode}", unit="µs/event", ours=ours, target=target))
        three = (await _emitted(call, _listeners("background", 3))).times(1 / 3)
        found.append(
            Row(what=f"emit: {name}, each of three background lanes", unit="µs/event", ours=three, target="≤ 2")
        )
    return found


# --- how many acknowledgements a second ---


async def _acknowledged() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        pm = _manager(folder, journal={"ack": "event"})
        pm.register(_Listening(Delivery(mode="durable", worker=True)), "listening")
        await pm.startup()
        context = ExecutionContext("triage")
        rates = list[float]()

        async def agent() -> None:
            for _ in range(_ACKNOWLEDGED // 100):
                await _agent_complete(pm, context)

        for _ in range(5):
            begin = perf_counter()
            await asyncio.gather(*(agent() for _ in range(100)))
            rates.append(_ACKNOWLEDGED / (perf_counter() - begin))
        await pm.aclose()
    ours = Figure(median(rates), min(rates))
    return Row(what="acknowledged: 100 agents that each await theirs", unit="events/s", ours=ours, target="≥ 3,000")


# --- agents beside bad providers ---


class _Provider:
    def __init__(self, mode: DeliveryMode) -> None:
        self.delivery = mode
        self.heard = 0


class _Hanging(_Provider):
    @hookimpl
    async def agent_complete(self) -> None:
        await asyncio.sleep(5)


class _Blocking(_Provider):
    @hookimpl
    async def agent_complete(self) -> None:
        time.sleep(0.05)  # noqa: ASYNC251 - that is what it is here for


class _Raising(_Provider):
    @hookimpl
    async def agent_complete(self) -> None:
        raise ValueError("always")


class _Fine(_Provider):
    @hookimpl
    async def agent_complete(self) -> None:
        self.heard += 1


_BAD: Final = (_Hanging, _Blocking, _Raising)


async def _latencies(mode: DeliveryMode, runs: int, *, bad: bool) -> list[float]:
    """Return the seconds of each run; raises where the fine provider missed one."""
    with tempfile.TemporaryDirectory() as folder:
        pm = _manager(folder)
        fine = _Fine(mode)
        pm.register(fine)
        for each in _BAD if bad else ():
            pm.register(each(mode))
        model = ScriptedModel.repeating("yes", delay=_DELAY)
        agent = Agent("agent", input="question: str", output="answer: str", model=model, plugins=pm)
        taken = list[float]()

        async def run() -> None:
            for _ in range(runs):
                begin = perf_counter()
                await agent.run(question="?")
                taken.append(perf_counter() - begin)

        await pm.startup()
        # What other benchmarks have left is no part of it: a collection of it takes longer than a run.
        gc.collect()
        gc.freeze()
        await asyncio.gather(*(run() for _ in range(_AGENTS)))
        gc.unfreeze()
        while fine.heard < _AGENTS * runs:
            await asyncio.sleep(0.01)
        await pm.aclose()
    return sorted(taken)


async def _agent_rows(mode: DeliveryMode, runs: int) -> list[Row]:
    without, beside = await _latencies(mode, runs, bad=False), await _latencies(mode, runs, bad=True)
    quantiles = {"p50": (0.5, "≤ 1.05"), "p99": (0.99, "≤ 2")}
    return [
        Row(
            what=f"agents: {name} of a run beside providers that hang, block and raise, {mode}",
            unit="ms",
            ours=Figure(at(beside, quantile) * 1000),
            target=target + " times" if mode != "inline" else "",
            others={
                "without them": Figure(at(without, quantile) * 1000),
                "times": Figure(at(beside, quantile) / at(without, quantile)),
            },
        )
        for name, (quantile, target) in quantiles.items()
    ]


def at(ordered: Sequence[float], quantile: float) -> float:
    """Return a quantile of what is in order."""
    return ordered[int(len(ordered) * quantile)]


async def rows() -> list[Row]:
    """Measure."""
    logging.disable(logging.CRITICAL)
    try:
        return [
            *await _emit_rows(),
            await _acknowledged(),
            *await _agent_rows("background", _RUNS),
            *await _agent_rows("durable", _RUNS),
            *await _agent_rows("inline", 2),
        ]
    finally:
        logging.disable(logging.NOTSET)

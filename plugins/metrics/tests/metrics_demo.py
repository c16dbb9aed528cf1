"""A day in the life of three agents, always the same: what the documentation shows."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from random import Random
from typing import Final

from metrics_support import Events

from agentcore import ExecutionContext, Usage
from agentcore.types import Outcome
from agentcore_metrics import MetricsProvider, Price

NOW: Final = 1_790_000_000.0
"""2026-09-21 14:13:20 UTC."""

PRICES: Final = {
    "openai:gpt-5": Price(input=Decimal("1.25"), cached=Decimal("0.125"), output=Decimal(10)),
    "openai:gpt-5-mini": Price(input=Decimal("0.25"), cached=Decimal("0.025"), output=Decimal(2)),
}

MODELS: Final = {"triage": "openai:gpt-5-mini", "researcher": "openai:gpt-5", "writer": "house:qwen3-8b"}
SECONDS: Final = {"triage": 0.9, "researcher": 4.2, "writer": 2.0}


class Clock:
    """Says what time it is in the story."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def live(provider: MetricsProvider, clock: Clock) -> ExecutionContext:
    """Let the day go by; returns the context of its last run."""
    random, events = Random(5), Events(provider)
    context = ExecutionContext("triage")
    for number in count():
        clock.now = NOW - 86_000 + number * 430 + random.uniform(0, 200)
        if clock.now > NOW:
            return context
        context = _known(ExecutionContext("triage"), random)
        _call(events, context, random, number)
        if number % 3 == 0:
            child = _known(context.fork("researcher"), random)
            for _ in range(3):
                _call(events, child, random, number)
                failed: Outcome = "error" if random.random() < 0.1 else "ok"
                events.tool(child, tool="search", duration=random.expovariate(2), outcome=failed)
            events.run(child, duration=SECONDS["researcher"] * 3.4)
            events.tool(context, tool="researcher", duration=SECONDS["researcher"] * 3.4)
        if number % 4 == 0:
            writer = _known(ExecutionContext("writer"), random)
            _call(events, writer, random, number)
            events.run(writer, duration=random.uniform(1.5, 2.5))
        outcome: Outcome = "timeout" if number % 67 == 66 else "denied" if number % 50 == 49 else "ok"
        events.run(context, duration=random.uniform(1, 2) + (15 if number % 3 == 0 else 0), outcome=outcome)
        provider.metrics["run_duration"]
    raise AssertionError


def _known(context: ExecutionContext, random: Random) -> ExecutionContext:
    """Give *context* an id that is always the same."""
    state = context.__getstate__()
    state["id"] = f"{random.getrandbits(128):032x}"
    context.__setstate__(state)
    return context


def _call(events: Events, context: ExecutionContext, random: Random, number: int) -> None:
    read = random.randrange(800, 4000)
    usage = Usage(
        requests=1,
        input_tokens=read,
        output_tokens=random.randrange(50, 600),
        cached_tokens=read // 2 if number % 2 else 0,
    )
    seconds = SECONDS[context.agent_id] * random.lognormvariate(0, 0.4)
    events.model(context, model=MODELS[context.agent_id], usage=usage, duration=seconds, first_token=seconds / 5)

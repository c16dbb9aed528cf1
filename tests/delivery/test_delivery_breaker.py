"""The circuit breaker of a lane, and when a delivery is repeated."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from delivery_parts import Listener, echo, manager_in

from agentcore import Delivery
from agentcore._delivery import breaker as breaking
from agentcore._delivery.breaker import FIRST_PERIOD, LONGEST_DELAY, LONGEST_PERIOD, THRESHOLD, Breaker, backoff


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def test_breaker_opens_when_different_events_fail(breaker: Breaker) -> None:
    """A row of failures of different events opens it."""
    for position in range(THRESHOLD):
        assert breaker.state == "closed"
        assert breaker.wait == 0
        breaker.failed(position)
    assert breaker.state == "open"
    assert breaker.wait == FIRST_PERIOD


def test_event_that_keeps_failing_opens_nothing(breaker: Breaker) -> None:
    """It says something of itself, and nothing of the provider."""
    for _ in range(THRESHOLD * 3):
        breaker.failed(1)
    assert breaker.state == "closed"


def test_success_in_between_keeps_it_closed(breaker: Breaker) -> None:
    """The failures must follow one another."""
    for position in range(THRESHOLD * 3):
        breaker.failed(position)
        if position % 2:
            breaker.succeeded()
    assert breaker.state == "closed"


def test_probe_decides(breaker: Breaker, clock: Clock) -> None:
    """A probe that fails opens it for twice as long, up to a limit; one that succeeds closes it."""
    for position in range(THRESHOLD):
        breaker.failed(position)
    period = FIRST_PERIOD
    for _ in range(12):
        clock.now += breaker.wait
        assert breaker.state == "half_open"
        breaker.failed(0)
        period = min(LONGEST_PERIOD, period * 2)
        assert breaker.state == "open"
        assert breaker.wait == period
    clock.now += period
    breaker.succeeded()
    assert breaker.state == "closed"
    for position in range(THRESHOLD):
        breaker.failed(position)
    assert breaker.wait == FIRST_PERIOD


def test_delays_grow_up_to_a_limit() -> None:
    """A repetition comes between half and the whole of a time that grows fourfold, and after an hour at most."""
    for attempt in range(1, 40):
        longest = min(LONGEST_DELAY, 0.5 * 4 ** (attempt - 1))
        delays = [backoff(attempt) for _ in range(50)]
        assert longest / 2 <= min(delays) < max(delays) <= longest


async def test_one_probe_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a provider is down and events wait, each half-open period sees exactly one of them; mended, all go."""
    monkeypatch.setattr(breaking, "FIRST_PERIOD", 0.03)
    monkeypatch.setattr(breaking, "LONGEST_PERIOD", 0.06)
    states: list[str] = []
    down = True

    def act(_: Mapping[str, Any]) -> None:
        states.append(lane._worker.breaker.state)
        if down:
            raise ConnectionError("down")

    listener = Listener(Delivery(mode="durable", retries=100), act)
    pm = manager_in(tmp_path)
    pm.register(listener)
    async with pm:
        await pm.startup()
        lane = pm.delivering.laning.lanes._durable["listener"]
        agent = echo(pm)
        for number in range(50):
            await agent.run(number)
        while len(states) < THRESHOLD + 5:
            await asyncio.sleep(0.001)
        probes = len(states)
        assert states[:THRESHOLD] == ["closed"] * THRESHOLD
        assert states[THRESHOLD:probes] == ["half_open"] * (probes - THRESHOLD)
        down = False
        assert await pm.flush(20)
    assert sorted(listener.outputs) == list(range(50))
    # Each probe opened it again: had a second one been let through, it would have found it open.
    assert "open" not in states


async def test_open_breaker_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks at the lanes is told that one leaves its provider alone."""
    monkeypatch.setattr(breaking, "FIRST_PERIOD", 60.0)

    def act(_: Mapping[str, Any]) -> None:
        raise ConnectionError("down")

    async with manager_in(tmp_path, shutdown_timeout=0) as pm:
        pm.register(Listener(Delivery(mode="background", retries=0), act))
        for number in range(THRESHOLD + 1):
            await echo(pm).run(number)
        (status,) = await pm.lanes()
        # What is in hand counts as queued until the batch is settled.
        while status.breaker != "open" or status.queued != 1:
            await asyncio.sleep(0.001)
            (status,) = await pm.lanes()
        assert status.dead == THRESHOLD

"""Days and hours, which no index has: read one after the other where they lie so in the ledger, else sorted."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest
from metrics_demo import NOW, Clock
from metrics_support import Command, Events

from agentcore import ExecutionContext, Usage
from agentcore_metrics import MetricsProvider

_HOUR = 3_600


def _spread(days: int) -> list[float]:
    """Moments of *days*, in order, with hours between in which nothing happens."""
    random = Random(7)
    return sorted(NOW - random.random() ** 2 * days * 24 * _HOUR for _ in range(300))


def _late(moments: list[float]) -> list[float]:
    """The same as they come out of a journal that is read from both ends."""
    return [each for pair in zip(moments, reversed(moments), strict=True) for each in pair][: len(moments)]


MOMENTS = {"in order": _spread(3), "out of the journal": _late(_spread(3)), "over many hours": _spread(40)}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the hooks and the command go by."""
    clock = Clock()
    monkeypatch.setattr("agentcore_metrics._hooks.time", clock)
    monkeypatch.setattr("agentcore_metrics._command.time", lambda: NOW)
    return clock


@pytest.mark.parametrize("since", [None, 30], ids=["all", "30 hours"])
@pytest.mark.parametrize(("by", "form"), [("day", "%Y-%m-%d"), ("hour", "%Y-%m-%d %H:00")])
@pytest.mark.parametrize("moments", MOMENTS.values(), ids=MOMENTS.keys())
def test_each_thing_counts_in_the_time_in_which_it_began(
    path: Path, clock: Clock, moments: list[float], by: str, form: str, since: int | None
) -> None:
    """Whichever way the ledger is read, and none is shown in which nothing began."""
    provider = MetricsProvider(path=path, retention_days=math.inf)
    expected: defaultdict[str, list[int]] = defaultdict(list)
    for number, ended in enumerate(moments):
        clock.now = ended
        _live(provider, number)
        if since is None or ended - number % 50 >= NOW - since * _HOUR:
            expected[f"{datetime.fromtimestamp(ended - number % 50, UTC):{form}}"].append(number)
    arguments = ["--by", by, *(["--since", f"{since}h"] if since else [])]
    groups = {each[by]: each for each in Command(provider).json(*arguments)["groups"]}
    assert {key: _told(each) for key, each in groups.items()} == {
        key: (len(numbers), sum(numbers), len(numbers), median(each % 50 for each in numbers))
        for key, numbers in expected.items()
    }
    assert list(groups) == sorted(groups)
    provider.close()


def _live(provider: MetricsProvider, number: int) -> None:
    """A run with a model call and a tool call; all three take as long."""
    events, context = Events(provider), ExecutionContext("triage")
    seconds = float(number % 50)
    events.model(context, usage=Usage(requests=1, input_tokens=number), duration=seconds)
    events.tool(context, duration=seconds)
    events.run(context, duration=seconds)


def _told(group: dict[str, Any]) -> tuple[int, int, int, float]:
    return group["runs"], group["input_tokens"], group["tool_calls"], group["duration"]["p50"]

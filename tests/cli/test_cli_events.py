"""``agentcore events``."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from time import time
from typing import Any

import pytest
from journal_samples import happened

OTHER = "b2" * 16
USAGE = {"input_tokens": 1200, "output_tokens": 34}


@pytest.fixture
def journalled(keep: Any) -> None:
    """A run of last year with a model call that failed, and one of now."""
    keep(
        happened("agent_start", input={"text": "hello"}),
        happened("model_complete", model="m-1", duration=1.5, outcome="ok", usage=USAGE),
        happened("agent_error", duration=0.012, outcome="timeout"),
        happened("agent_start", OTHER, agent="two\nlines", time=time()),
        happened("tool_execute", OTHER, time=time(), tool="divide", outcome="ok", duration=0.0012),
    )


def positions(result: Any) -> list[int]:
    """Those of the events that were printed."""
    assert result.exit_code == 0, result.stderr
    return [json.loads(line)["position"] for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("journalled")
def test_each_on_a_line(invoke: Any) -> None:
    """With when, whose, what, and how it went."""
    lines = invoke("events").stdout.splitlines()
    assert [line.split(maxsplit=5)[2:] for line in lines[:3]] == [
        ["a1a1a1a1", "echo", "agent_start"],
        ["a1a1a1a1", "echo", "model_complete", "m-1  ok  1.50 s  1,200 → 34 tokens"],
        ["a1a1a1a1", "echo", "agent_error", "timeout  12 ms"],
    ]
    assert lines[3].split()[2:] == ["b2b2b2b2", "two", "lines", "agent_start"]
    assert lines[4].split()[2:] == ["b2b2b2b2", "echo", "tool_execute", "divide", "ok", "1.2", "ms"]
    assert len(lines) == 5


@pytest.mark.usefixtures("journalled")
def test_for_programs(invoke: Any) -> None:
    """Each line is an object with everything that the event carries."""
    first = json.loads(invoke("events", "--json").stdout.splitlines()[0])
    assert first.pop("id").startswith("a1a1")
    assert first == {
        "position": 1,
        "time": "2027-01-15T08:00:00.000Z",
        "hook": "agent_start",
        "agent": "echo",
        "run": "a1" * 16,
        "root": "a1" * 16,
        "lanes": [],
        "payload": {
            "version": 1,
            "sequence": 1,
            "arguments": {"input": {"text": "hello"}},
            "context": {"id": "a1" * 16, "agent": "echo", "start": 1_800_000_000.0},
        },
    }


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        pytest.param(("--run", "b2"), [4, 5], id="a run"),
        pytest.param(("--hook", "agent_start"), [1, 4], id="a hook"),
        pytest.param(("--hook", "agent_start", "--hook", "agent_error"), [1, 3, 4], id="hooks"),
        pytest.param(("--hook", "model_error"), [], id="a hook without events"),
        pytest.param(("--since", "off"), [1, 2, 3, 4, 5], id="since ever"),
        pytest.param(("--limit", "2"), [4, 5], id="the newest"),
        pytest.param(("--limit", "1", "--hook", "agent_start", "--run", "a1"), [1], id="the newest of some"),
        pytest.param(("--limit", "0"), [], id="none"),
        pytest.param(("--limit", "9"), [1, 2, 3, 4, 5], id="more than there are"),
    ],
)
@pytest.mark.usefixtures("journalled")
def test_some_of_them(invoke: Any, arguments: tuple[str, ...], found: list[int]) -> None:
    """Options choose, and the order stays."""
    assert positions(invoke("events", "--json", *arguments)) == found


def test_those_of_late(invoke: Any, keep: Any) -> None:
    """A time is counted back from now."""
    keep(happened("agent_start", time=time() - 7200), happened("agent_complete", time=time() - 60))
    assert positions(invoke("events", "--json", "--since", "1h")) == [2]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("--hook", "agent_strat"), "there is no hook 'agent_strat'", "did you mean 'agent_start'?"),
        (("--run", "c3"), "the journal has no run 'c3'", "the newest are: b2b2b2b2 (echo, "),
        (("--run", ""), "the journal has no run ''", "the newest are: b2b2b2b2 (echo, "),
        (("--since", "soon"), "'soon' is not a duration", "see 'agentcore events --help'"),
    ],
)
@pytest.mark.usefixtures("journalled")
def test_what_is_not_there(invoke: Any, arguments: tuple[str, ...], message: str, hint: str) -> None:
    """It is a mistake on the command line."""
    result = invoke("events", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert hint in result.stderr


def test_where_there_is_no_journal(invoke: Any, project: Path) -> None:
    """It says so, and makes none."""
    result = invoke("events")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "there is no journal yet" in result.stderr
    assert not (project / ".agentcore").exists()


@pytest.mark.parametrize("how", ["Ctrl-C", "nobody reads"])
def test_following(start: Any, keep: Any, how: str) -> None:
    """It begins with the newest ten and goes on with those to come, until it is ended."""
    keep(*(happened("agent_start", f"{number:032x}") for number in range(12)))
    with start("events", "--follow", "--json") as process:
        assert [json.loads(process.stdout.readline())["position"] for _ in range(10)] == list(range(3, 13))
        keep(happened("agent_complete"))
        assert json.loads(process.stdout.readline())["position"] == 13
        if how == "nobody reads":
            process.stdout.close()
        else:
            process.send_signal(signal.SIGINT)
        errors = process.stderr.read().decode()
    assert (process.returncode, errors) == (130 if how == "Ctrl-C" else 141, "")


def test_the_newest_of_many(invoke: Any, keep: Any) -> None:
    """The last runs are found however much came after them that is of no run."""
    keep(happened("agent_start"), *(happened("plugin_error", "", agent="") for _ in range(2500)))
    result = invoke("events", "--run", "ff")
    assert "the newest are: a1a1a1a1 (echo, " in result.stderr
    keep_none = invoke("events", "--run", "a1", "--json")
    assert positions(keep_none) == [1]


def test_a_journal_without_runs(invoke: Any, keep: Any) -> None:
    """There is none to be named."""
    keep(happened("plugin_error", "", agent=""))
    assert "it has none at all" in invoke("events", "--run", "ff").stderr

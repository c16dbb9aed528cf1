"""``agentcore replay``."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

LATE = """
import time
from pathlib import Path

from agentcore import hookimpl


def held():
    try:
        return Path("hold").read_text()
    except FileNotFoundError:
        return None


@hookimpl
def agent_complete(input, event):
    while input["text"] == held():
        time.sleep(0.001)
    if Path("poison").exists() and input["text"] == Path("poison").read_text():
        raise ValueError("poison")
    with open("late.log", "a") as file:
        print(event.id, input["text"], file=file, flush=True)


@hookimpl
def agent_start():
    pass


@hookimpl
def agent_output():
    pass
"""

TEXTS = [f"t{number:03}" for number in range(300)]


@pytest.fixture
def late(command: Any, audit: Any, install: Any, project: Path) -> Any:
    """An inline plugin that is installed after 300 runs; returns what it has seen."""
    lines = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)
    ran = command("run", "crew.py:echo", "--batch", "-", "--concurrency", "1", stdin=lines)
    assert ran.returncode == 0, ran.stderr
    assert audit() == TEXTS
    install("late", LATE)

    def seen() -> list[str]:
        log = project / "late.log"
        # A line without its end is still being written.
        return [line.split()[1] for line in log.read_text().split("\n")[:-1]] if log.exists() else []

    return seen


def test_all_of_it(command: Any, late: Any) -> None:
    """A plugin of today gets what happened before, in order; JSON has the figures."""
    looked = command("replay", "late", "--dry-run")
    assert looked.stdout.splitlines() == [
        "600 events would be sent through 'late'",
        "  agent_start            300",
        "  agent_complete         300",
    ]
    assert late() == []
    result = command("replay", "late", "--json")
    assert json.loads(result.stdout) == {
        "plugin": "late",
        "total": 600,
        "resumed": False,
        "hooks": {},
        "delivered": 600,
        "failed": [],
    }
    assert (result.returncode, late()) == (0, TEXTS)


def test_a_part_of_it(command: Any, late: Any) -> None:
    """By run, by hook, by time."""
    event = json.loads(command("events", "--json", "--hook", "agent_complete", "--limit", "1").stdout)
    chosen = ("--run", event["run"][:12], "--hook", "agent_complete")
    assert command("replay", "late", *chosen).stdout == "1 of 1 event sent through 'late'\n"
    assert late() == [TEXTS[-1]]
    assert json.loads(command("replay", "late", "--since", "0s", "--json").stdout)["total"] == 0
    assert json.loads(command("replay", "late", "--since", "1d", "--dry-run", "--json").stdout)["total"] == 600
    assert json.loads(command("replay", "late", "--from-start", "--dry-run", "--json").stdout)["total"] == 600


def test_one_that_is_given_up(command: Any, late: Any, project: Path) -> None:
    """It is told at once and at the end, and the exit code is 1; it is no dead letter."""
    (project / "poison").write_text("t007")
    result = command("replay", "late")
    assert result.returncode == 1
    first, header, failure = result.stdout.splitlines()
    assert first == "599 of 600 events sent through 'late'"
    assert header.split() == ["position", "hook", "run", "error"]
    assert failure.split()[1::2] == ["agent_complete", "ValueError:"]
    assert "is given up after 1 deliveries" in result.stderr
    assert command("dead", "list", "--json").stdout == "[]\n"
    assert late() == [text for text in TEXTS if text != "t007"]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted(start: Any, command: Any, late: Any, project: Path, end: signal.Signals) -> None:
    """The same command goes on with it; what was delivered before is at most a batch of it delivered again."""
    (project / "hold").write_text("t150")
    with start("replay", "late") as process:
        while len(late()) < 150:
            assert process.poll() is None
        process.send_signal(end)
        if end is not signal.SIGKILL:
            # It blocks the loop, which nothing interrupts; further on it would do so again.
            (project / "hold").write_text("t250")
            while len(late()) < 250 and process.poll() is None:
                time.sleep(0.01)
            (project / "hold").unlink()
        errors = process.stderr.read().decode()
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}.get(end, -end)
    assert ("the same command goes on with it" in errors) is (end is not signal.SIGKILL)
    (project / "hold").unlink(missing_ok=True)
    looked = json.loads(command("replay", "late", "--dry-run", "--json").stdout)
    assert looked["resumed"]
    assert 0 < looked["total"] <= 400
    result = command("replay", "late")
    assert result.stdout.endswith("events sent through 'late', where the last replay was interrupted\n")
    seen = late()
    assert list(dict.fromkeys(seen)) == TEXTS
    assert len(seen) <= len(TEXTS) + 100
    assert command("replay", "late", "--restart", "--dry-run").stdout.startswith("600 events")


def test_two_at_once(start: Any, command: Any, late: Any, project: Path) -> None:
    """The second is refused, and `agentcore lanes` shows who replays."""
    (project / "hold").write_text("t000")
    with start("replay", "late") as process:
        rows: list[Any] = []
        while not rows:
            rows = [each for each in json.loads(command("lanes", "--json").stdout) if each["mode"] == "replay"]
        assert (rows[0]["lane"], rows[0]["owner"]) == ("replay:late", process.pid)
        result = command("replay", "late")
        assert (result.returncode, result.stdout) == (1, "")
        assert "the plugin 'late' is being replayed already" in result.stderr
        (project / "hold").unlink()
        assert process.communicate()[0] == b"600 of 600 events sent through 'late'\n"
    assert [each["lane"] for each in json.loads(command("lanes", "--json").stdout)] == ["audit"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("lat",), 2, "did you mean 'late'?"),
        (("late", "--hook", "agent_strat"), 1, "did you mean 'agent_start'?"),
        (("late", "--hook", "agent_output"), 1, "implements no event 'agent_output'"),
        (("late", "--run", "zz"), 2, "the journal has no run 'zz'"),
        (("late", "--run", "a", "--from-start"), 2, "give one of --since, --run and --from-start"),
        pytest.param(
            ("metrics",),
            1,
            "the plugin 'metrics' is disabled (disabled by AGENTCORE_DISABLED_PLUGINS)",
            marks=pytest.mark.providers,
        ),
    ],
    ids=str,
)
def test_what_cannot_be_replayed(
    command: Any, audit: Any, install: Any, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """The reason is told, with what is near."""
    assert command("run", "crew.py:echo", "-i", "hello").returncode == 0
    install("late", LATE)
    result = command("replay", *arguments)
    assert (result.returncode, result.stdout) == (code, "")
    assert message in result.stderr


def test_where_there_is_no_journal(command: Any, install: Any, project: Path) -> None:
    """There is nothing to replay, and none is made."""
    install("late", LATE)
    result = command("replay", "late")
    assert (result.returncode, result.stdout) == (2, "")
    assert "there is no journal yet" in result.stderr
    assert not (project / ".agentcore").exists()


def test_on_a_terminal(start: Any, late: Any, screen: Any) -> None:
    """How far it is, is shown on stderr."""
    with start("replay", "late", stderr=screen.descriptor, env={"TERM": "xterm"}) as process:
        output = process.communicate()[0]
    assert output == b"600 of 600 events sent through 'late'\n"
    assert b"600/600" in screen.shown()

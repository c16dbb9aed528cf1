"""``agentcore trace``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from journal_samples import happened

ROOT, CHILD, GRANDCHILD, OTHER = "a1" * 16, "b2" * 16, "c3" * 16, "a1ff" + "0" * 28
T = 1_800_000_000.0
USAGE = {"input_tokens": 1200, "output_tokens": 34}


@pytest.fixture
def family(keep: Any) -> None:
    """A run within a run within a run, one of which failed, and another run."""
    child: dict[str, Any] = {"root": ROOT, "parent": ROOT, "agent": "child"}
    grandchild: dict[str, Any] = {"root": ROOT, "parent": CHILD, "agent": "grandchild"}
    keep(
        happened("agent_start", OTHER, agent="other", time=T - 9),
        happened("agent_start", ROOT, time=T, input={"key": "sk-secret"}),
        happened("agent_start", CHILD, time=T + 0.001, **child),
        happened("agent_start", GRANDCHILD, time=T + 0.002, **grandchild),
        happened(
            "model_complete", GRANDCHILD, time=T + 2, model="m-1", usage=USAGE, duration=1.5, outcome="ok", **grandchild
        ),
        happened("agent_complete", GRANDCHILD, time=T + 3, usage=USAGE, duration=2.9, outcome="ok", **grandchild),
        happened("agent_error", CHILD, time=T + 4, usage=USAGE, duration=3.9, outcome="timeout", **child),
    )


TREE = """\
echo a1a1a1a1  TIME  no end
├── agent_start  +0 ms
└── child b2b2b2b2  +1 ms  timeout  3.90 s  1,200 → 34 tokens
    ├── agent_start  +1 ms
    ├── grandchild c3c3c3c3  +2 ms  ok  2.90 s  1,200 → 34 tokens
    │   ├── agent_start  +2 ms
    │   ├── model_complete  +2.00 s  m-1  ok  1.50 s  1,200 → 34 tokens
    │   └── agent_complete  +3.00 s  ok  2.90 s  1,200 → 34 tokens
    └── agent_error  +4.00 s  timeout  3.90 s  1,200 → 34 tokens
"""


@pytest.mark.parametrize("arguments", [(), (ROOT,), ("a1a",)], ids=["the newest", "an id", "its beginning"])
@pytest.mark.usefixtures("family")
def test_a_tree(invoke: Any, arguments: tuple[str, ...]) -> None:
    """Each run has its events and the runs within it, in the order in which they began; nothing that they carry."""
    result = invoke("trace", *arguments)
    first, _, rest = result.stdout.partition("\n")
    assert (first.split()[:2], first.split()[-2:]) == (["echo", "a1a1a1a1"], ["no", "end"])
    assert rest == TREE.partition("\n")[2]
    assert "sk-secret" not in result.output


@pytest.mark.usefixtures("family")
def test_a_part_of_a_tree(invoke: Any) -> None:
    """A run within another is shown from there on, with all that is within it."""
    shown = invoke("trace", "b2").stdout
    assert shown.startswith("child b2b2b2b2  ")
    assert "grandchild c3c3c3c3" in shown
    assert "echo" not in shown


@pytest.mark.usefixtures("family")
def test_for_programs(invoke: Any) -> None:
    """JSON has the same tree."""
    root = json.loads(invoke("trace", "--json").stdout)
    assert (root["run"], root["agent"], root["outcome"], root["duration"]) == (ROOT, "echo", None, None)
    (child,) = root["runs"]
    assert (child["parent"], child["outcome"], child["duration"]) == (ROOT, "timeout", 3.9)
    (grandchild,) = child["runs"]
    assert grandchild["output_tokens"] == 34
    assert grandchild["events"][1] == {
        "position": 5,
        "hook": "model_complete",
        "time": "2027-01-15T08:00:02.000Z",
        "subject": "m-1",
        "outcome": "ok",
        "duration": 1.5,
        "input_tokens": 1200,
        "output_tokens": 34,
    }


@pytest.mark.parametrize(
    ("run", "message", "hint"),
    [
        ("a1", "2 runs begin with 'a1'", f"say which: {ROOT} (echo, "),
        ("ff", "the journal has no run 'ff'", "the newest are: a1a1a1a1 (echo, "),
    ],
    ids=["ambiguous", "unknown"],
)
@pytest.mark.usefixtures("family")
def test_a_run_that_is_not_one(invoke: Any, run: str, message: str, hint: str) -> None:
    """The candidates are named."""
    result = invoke("trace", run)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert hint in result.stderr


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_without_any_run(invoke: Any, keep: Any, arguments: tuple[str, ...]) -> None:
    """There is nothing to show."""
    keep(happened("plugin_error", "", agent=""))
    result = invoke("trace", *arguments)
    assert (result.exit_code, result.stdout) == (0, "null\n" if arguments else "")
    assert "no run has been journalled yet" in result.stderr


def test_where_there_is_no_journal(invoke: Any, project: Path) -> None:
    """It says so, and makes none."""
    result = invoke("trace")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "there is no journal yet" in result.stderr
    assert not (project / ".agentcore").exists()


def test_a_run_whose_parent_is_gone(invoke: Any, keep: Any) -> None:
    """It is shown alone where the rest was pruned, or is in another machine's journal."""
    keep(happened("agent_start", CHILD, agent="child", parent=ROOT, root=ROOT))
    assert invoke("trace").stdout.startswith("child b2b2b2b2  ")


def test_a_parent_that_is_seen_later(invoke: Any, keep: Any) -> None:
    """Where the journal keeps only ends, a run within another ends first."""
    keep(
        happened("agent_complete", CHILD, agent="child", parent=ROOT, root=ROOT, outcome="ok"),
        happened("agent_complete", ROOT, outcome="ok"),
    )
    lines = invoke("trace", ROOT).stdout.splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["child", "└──", "agent_complete"]


@pytest.mark.usefixtures("family")
def test_on_a_terminal(start: Any, screen: Any) -> None:
    """A line is no longer than the terminal is wide: what matters least is left out."""
    with start("trace", stdout=screen.descriptor, env={"COLUMNS": "60", "TERM": "xterm"}) as process:
        process.stderr.read()
    lines = re.sub(r"\x1b\[[0-9;]*m", "", screen.shown().decode()).split("\r\n")
    assert all(len(line) <= 60 for line in lines)
    assert any(line.endswith("…") for line in lines)
    assert len(lines) == len(TREE.splitlines()) + 1


def test_of_a_real_run(command: Any, audit: Any) -> None:
    """What an agent did is there when its run is over."""
    assert command("run", "crew.py:echo", "-i", "hello").returncode == 0
    root = json.loads(command("trace", "--json").stdout)
    assert [each["hook"] for each in root["events"]] == ["agent_start", "model_complete", "agent_complete"]
    assert (root["agent"], root["outcome"]) == ("echo", "ok")


def test_of_a_run_that_ended_the_program(command: Any, audit: Any, project: Path) -> None:
    """Its end is in the journal, too."""
    (project / "leaving.py").write_text(
        "import sys\nfrom agentcore import FunctionAgent\n"
        "def leave(n: int) -> str:\n    sys.exit(n)\nagent = FunctionAgent(leave)\n"
    )
    result = command("run", "leaving.py", "-i", "3", "--stream")
    assert (result.returncode, result.stdout) == (1, "")
    assert "the run tried to end the program" in result.stderr
    assert json.loads(command("trace", "--json").stdout)["outcome"] == "error"

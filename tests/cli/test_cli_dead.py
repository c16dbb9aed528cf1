"""``agentcore dead``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from journal_samples import happened

LANES = ("audit",)


@pytest.fixture
def letters(keep: Any) -> None:
    """Two events that were given up, and one that was not."""
    events = [
        happened("agent_start", lanes=LANES),
        happened("agent_complete", lanes=LANES, output={"answer": "forty-two"}),
        happened("agent_complete", "b2" * 16, lanes=LANES),
    ]
    keep(*events, lane="audit", hooks=["agent_complete"], fails={2: "ValueError: no", 3: "OSError: nor this"})


@pytest.mark.parametrize("arguments", [("list",), ("list", "audit")], ids=" ".join)
@pytest.mark.usefixtures("letters")
def test_a_list(invoke: Any, arguments: tuple[str, ...]) -> None:
    """Each is named by its lane and position, with what it was given up for."""
    lines = [line.split() for line in invoke("dead", *arguments).stdout.splitlines()]
    assert [(line[:2], line[4], line[-3:]) for line in lines[1:]] == [
        (["audit", "2"], "agent_complete", ["3", "ValueError:", "no"]),
        (["audit", "3"], "agent_complete", ["OSError:", "nor", "this"]),
    ]


@pytest.mark.usefixtures("letters")
def test_a_list_for_programs(invoke: Any) -> None:
    """JSON has the whole events; --limit the oldest of them."""
    (letter,) = json.loads(invoke("dead", "list", "--json", "--limit", "1").stdout)
    assert letter["payload"]["arguments"] == {"output": {"answer": "forty-two"}}
    assert (letter["lane"], letter["position"], letter["attempts"], letter["error"]) == (
        "audit",
        2,
        3,
        "ValueError: no",
    )


@pytest.mark.usefixtures("letters")
def test_one_whole(invoke: Any) -> None:
    """It is shown with everything that it carries, for people and for programs."""
    shown = invoke("dead", "show", "audit", "2").stdout
    assert '"answer": "forty-two"' in shown
    assert "error      ValueError: no" in shown
    assert json.loads(invoke("dead", "show", "audit", "2", "--json").stdout)["position"] == 2


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        pytest.param(("list", "audti"), "no lane 'audti'", "did you mean 'audit'?", id="list"),
        pytest.param(("show", "audti", "2"), "no lane 'audti'", "did you mean 'audit'?", id="show"),
        pytest.param(("replay", "audti", "--all"), "no lane 'audti'", "did you mean 'audit'?", id="replay"),
        pytest.param(("drop", "audti", "--all", "--yes"), "no lane 'audti'", "did you mean 'audit'?", id="drop"),
        pytest.param(("show", "audit", "1"), "no dead letter at 1", "there are some at: 2, 3.", id="show position"),
        pytest.param(("replay", "audit", "1", "2", "9"), "at 1, 9", "there are some at: 2, 3.", id="replay position"),
        pytest.param(("drop", "audit", "9"), "no dead letter at 9", "there are some at: 2, 3.", id="drop position"),
        pytest.param(("replay", "audit"), "name the positions", "--help", id="replay what"),
        pytest.param(("drop", "audit", "2", "--all"), "name the positions", "--help", id="drop what"),
    ],
)
@pytest.mark.usefixtures("letters")
def test_what_is_not_there(invoke: Any, arguments: tuple[str, ...], message: str, hint: str) -> None:
    """It is a mistake on the command line, and nothing is changed."""
    result = invoke("dead", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert hint in result.stderr
    assert len(json.loads(invoke("dead", "list", "--json").stdout)) == 2


def test_a_lane_without_any(invoke: Any, keep: Any) -> None:
    """The list is empty, and what is asked of it is not there."""
    keep(lane="audit", hooks=["agent_complete"])
    assert invoke("dead", "list").stdout == ""
    assert "it has none at all" in invoke("dead", "show", "audit", "1").stderr


@pytest.mark.parametrize("arguments", [("list",), ("show", "audit", "1"), ("replay", "audit", "--all")], ids=" ".join)
def test_where_there_is_no_journal(invoke: Any, project: Path, arguments: tuple[str, ...]) -> None:
    """It says so, and makes none; it is a mistake to ask for something that must be there."""
    result = invoke("dead", *arguments)
    assert result.exit_code == (0 if arguments == ("list",) else 2)
    assert "there is no journal yet" in result.stderr
    assert not (project / ".agentcore").exists()


@pytest.mark.usefixtures("letters")
def test_replaying_makes_them_due_again(invoke: Any) -> None:
    """They wait in their lane as if they had never been tried, and who could deliver them is said."""
    result = invoke("dead", "replay", "audit", "3")
    assert result.stdout == "1 dead letter of the lane 'audit' due again\n"
    assert "nobody delivers the lane now" in result.stderr
    (row,) = json.loads(invoke("lanes", "--json").stdout)
    assert (row["dead"], row["waiting"], row["retrying"]) == (1, 1, 1)
    assert json.loads(invoke("dead", "replay", "audit", "--all", "--json").stdout) == {"lane": "audit", "due": 1}


@pytest.mark.usefixtures("letters")
def test_dropping_deletes_them(invoke: Any) -> None:
    """Those that are named, without a question."""
    assert json.loads(invoke("dead", "drop", "audit", "2", "--json").stdout) == {"lane": "audit", "dropped": 1}
    (letter,) = json.loads(invoke("dead", "list", "--json").stdout)
    assert letter["position"] == 3


@pytest.mark.parametrize(
    ("stdin", "options", "left"), [("n\n", (), 2), ("", (), 2), ("y\n", (), 0), ("", ("--yes",), 0)]
)
@pytest.mark.usefixtures("letters")
def test_dropping_all_is_asked_for(invoke: Any, stdin: str, options: tuple[str, ...], left: int) -> None:
    """Nothing is deleted by a slip; --yes is for scripts."""
    result = invoke("dead", "drop", "audit", "--all", *options, stdin=stdin)
    assert ("Delete 2 dead letters" in result.stderr) is not bool(options)
    assert result.exit_code == (1 if left else 0)
    assert len(json.loads(invoke("dead", "list", "--json").stdout)) == left


def test_a_poison_event(command: Any, audit: Any, project: Path) -> None:
    """It is given up and holds nobody up; sent again when the plugin is mended, it arrives, exactly once."""
    (project / "agentcore.toml").write_text("[delivery.audit]\nretries = 0\n")
    (project / "poison").write_text("bad")
    for text in ("bad", "good"):
        assert command("run", "crew.py:echo", "-i", text).returncode == 0
    assert audit() == ["good"]
    (letter,) = json.loads(command("dead", "list", "--json").stdout)
    assert (letter["hook"], letter["attempts"], letter["error"]) == ("agent_complete", 1, "ValueError: poison")
    (project / "poison").unlink()
    assert command("dead", "replay", "audit", str(letter["position"])).returncode == 0
    assert audit() == ["good"]
    assert command("audited").stdout.count("bad") == 1
    assert audit() == ["good", "bad"]
    assert command("dead", "list", "--json").stdout == "[]\n"

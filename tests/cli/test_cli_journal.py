"""``agentcore journal``."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Any

import pytest
from journal_samples import happened

LANES = ("audit",)


@pytest.fixture
def path(project: Path) -> Path:
    """Where the journal is."""
    return project / ".agentcore" / "journal.db"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check",), 0),
        (("stats",), 0),
        (("prune",), 0),
        (("set-aside",), 2),
        (("forget", "audit"), 2),
    ],
    ids=str,
)
def test_where_there_is_no_journal(invoke: Any, project: Path, arguments: tuple[str, ...], code: int) -> None:
    """It says so, and makes none."""
    result = invoke("journal", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert "there is no journal yet" in result.stderr
    assert not (project / ".agentcore").exists()


@pytest.mark.parametrize(
    ("name", "record"), [("check", {"ok": True, "problems": []}), ("stats", None), ("prune", None)]
)
def test_no_journal_for_programs(invoke: Any, path: Path, name: str, record: Any) -> None:
    """JSON says it in its way."""
    found = json.loads(invoke("journal", name, "--json").stdout)
    assert found == (None if record is None else {"journal": str(path), **record})


def test_a_sound_journal(invoke: Any, keep: Any, path: Path) -> None:
    """Nothing is wrong, and the exit code is 0."""
    keep(happened("agent_start"))
    result = invoke("journal", "check")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{path}: sound\n", "")
    assert json.loads(invoke("journal", "check", "--json").stdout)["ok"] is True


@pytest.mark.parametrize("damage", ["in the middle", "cut", "no database", "not a journal"])
def test_a_broken_journal(invoke: Any, keep: Any, path: Path, damage: str) -> None:
    """What is wrong goes to stdout, what to do to stderr, and the exit code is 1."""
    keep(*(happened("agent_start", input={"text": "x" * 500}) for _ in range(200)))
    content = path.read_bytes()
    changed = {
        "in the middle": content[:40_000] + b"\0" * 4096 + content[44_096:],
        "cut": content[:20_000],
        "no database": b"x" * 5000,
        "not a journal": content[:68] + b"\0\0\0\0" + content[72:],
    }
    path.write_bytes(changed[damage])
    result = invoke("journal", "check")
    assert result.exit_code == 1
    assert result.stdout
    assert "hint: `agentcore journal set-aside` moves it away" in result.stderr
    record = json.loads(invoke("journal", "check", "--json").stdout)
    assert not record["ok"]
    assert record["problems"] == result.stdout.splitlines()


def test_how_large_it_is(invoke: Any, keep: Any, path: Path) -> None:
    """The figures are for people, and for programs."""
    keep(happened("agent_start"), happened("agent_complete", time=1_800_000_060.0))
    record = json.loads(invoke("journal", "stats", "--json").stdout)
    assert record.pop("size") > 4096
    assert record == {
        "journal": str(path),
        "events": 2,
        "first": 1,
        "last": 2,
        "oldest": "2027-01-15T08:00:00.000Z",
        "newest": "2027-01-15T08:01:00.000Z",
        "durability": "disk",
    }
    shown = dict(line.split(maxsplit=1) for line in invoke("journal", "stats").stdout.splitlines())
    assert (shown["events"], shown["positions"], shown["durability"]) == ("2", "1 to 2", "disk")


def test_an_empty_one(invoke: Any, keep: Any) -> None:
    """It reaches from nowhere to nowhere."""
    keep()
    assert "positions   - to 0" in invoke("journal", "stats").stdout


def test_pruning(invoke: Any, keep: Any) -> None:
    """Old events go that nobody is owed; who is owed something keeps it."""
    keep(lane="audit", hooks=["agent_complete"])
    old = [happened("agent_start", time=time() - 9 * 86_400) for _ in range(3)]
    keep(*old, happened("agent_complete", time=time() - 9 * 86_400, lanes=LANES), happened("agent_start", time=time()))
    assert json.loads(invoke("journal", "prune", "--keep", "10d", "--json").stdout)["deleted"] == 0
    # A week is what the configuration says where it says nothing.
    assert invoke("journal", "prune").stdout.startswith("3 events deleted; 2 left, ")
    assert json.loads(invoke("journal", "prune", "--keep", "0s", "--json").stdout)["events"] == 1


def test_pruning_by_size(invoke: Any, keep: Any) -> None:
    """The oldest go until the rest is small enough."""
    keep(*(happened("agent_start", time=time(), input={"text": "x" * 4000}) for _ in range(1500)))
    record = json.loads(invoke("journal", "prune", "--max-size", "6MB", "--json").stdout)
    assert record["deleted"] + record["events"] == 1500
    assert 0 < record["events"] < 1000


@pytest.mark.parametrize("arguments", [("--keep", "soon"), ("--max-size", "large")], ids=" ".join)
def test_a_limit_that_is_none(invoke: Any, keep: Any, arguments: tuple[str, ...]) -> None:
    """It is a mistake on the command line."""
    keep(happened("agent_start", time=1.0))
    result = invoke("journal", "prune", *arguments)
    assert result.exit_code == 2
    assert f"{arguments[1]!r} is not a" in result.stderr


@pytest.mark.parametrize("broken", [False, True])
def test_setting_aside(invoke: Any, keep: Any, path: Path, broken: bool) -> None:
    """It lies beside its old place, whole or broken, and the next one begins anew."""
    keep(happened("agent_start"))
    if broken:
        path.write_bytes(b"x" * 5000)
    content = path.read_bytes()
    aside = Path(invoke("journal", "set-aside").stdout.strip())
    assert (aside.parent, aside.read_bytes()) == (path.parent, content)
    assert not path.exists()
    keep(happened("agent_complete"))
    record = json.loads(invoke("journal", "set-aside", "--json").stdout)
    assert record["journal"] == str(path)
    assert Path(record["set_aside"]).exists()


@pytest.mark.parametrize(("stdin", "options", "gone"), [("n\n", (), False), ("y\n", (), True), ("", ("--yes",), True)])
def test_forgetting_a_lane(invoke: Any, keep: Any, stdin: str, options: tuple[str, ...], gone: bool) -> None:
    """What waited in it is owed no more; it is asked whether this is meant."""
    keep(lane="audit", hooks=["agent_complete"])
    keep(happened("agent_complete", lanes=LANES))
    result = invoke("journal", "forget", "audit", *options, stdin=stdin)
    assert ("with 1 waiting event and 0 dead letters" in result.stderr) is not bool(options)
    assert result.stdout == ("the lane 'audit' is forgotten\n" if gone else "")
    assert (invoke("lanes", "--json").stdout == "[]\n") is gone


def test_forgetting_for_programs(invoke: Any, keep: Any) -> None:
    """JSON says what was dropped; another name is a mistake."""
    keep(lane="audit", hooks=["agent_complete"])
    keep(happened("agent_complete", lanes=LANES))
    result = invoke("journal", "forget", "audti", "--yes")
    assert (result.exit_code, "did you mean 'audit'?" in result.stderr) == (2, True)
    record = json.loads(invoke("journal", "forget", "audit", "--yes", "--json").stdout)
    assert record == {"lane": "audit", "waiting": 1, "dead": 0}


@pytest.mark.parametrize("arguments", [("set-aside",), ("forget", "audit", "--yes")], ids=" ".join)
def test_a_journal_in_use(start: Any, command: Any, audit: Any, arguments: tuple[str, ...]) -> None:
    """It is not taken away under a process that delivers out of it."""
    with start("worker") as worker:
        assert any(b"is delivered here" in line for line in worker.stderr)
        result = command("journal", *arguments)
        worker.terminate()
        worker.stderr.read()
    assert result.returncode == 1
    assert f"the lane 'audit' is being delivered by process {worker.pid}" in result.stderr
    assert command("journal", *arguments).returncode == 0

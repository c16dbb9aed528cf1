"""``agentcore lanes``."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from time import time
from typing import Any

import pytest
from attrs import evolve
from journal_samples import happened

from agentcore import load_settings
from agentcore._cli.lane_rows import lane_rows
from agentcore._delivery.journal import LaneState

IDLE = LaneState(
    lane="trail",
    hooks=("agent_complete",),
    cursor=7,
    waiting=0,
    retrying=0,
    dead=0,
    delivered=7,
    retried=0,
    oldest=None,
    owner=None,
    paused_until=None,
)
WAITING = evolve(IDLE, waiting=3, oldest=time() - 60)


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--watch",)], ids=" ".join)
def test_where_there_is_no_journal(invoke: Any, project: Path, arguments: tuple[str, ...]) -> None:
    """It says so, and makes none."""
    result = invoke("lanes", *arguments)
    assert (result.exit_code, result.stdout) == (0, "[]\n" if "--json" in arguments else "")
    assert "there is no journal yet" in result.stderr
    assert not (project / ".agentcore").exists()


def test_a_lane_of_the_journal(invoke: Any, keep: Any) -> None:
    """It is shown with what waits in it, and since when."""
    sent = [happened("agent_complete", lanes=("trail",), time=time() - 7200) for _ in range(3)]
    keep(*sent, lane="trail", hooks=["agent_complete"], fails={1: "no"})
    result = invoke("lanes")
    assert result.exit_code == 0
    header, row, *_ = (re.split(r"\s{2,}", line) for line in result.stdout.splitlines())
    assert dict(zip(header, row[:9], strict=False)) == {
        "lane": "trail",
        "mode": "durable",
        "plugin": "not installed",
        "owner": "none",
        "waiting": "2",
        "retrying": "0",
        "dead": "1",
        "delivered": "0",
        "oldest": "2 h",
    }


def test_a_lane_for_programs(invoke: Any, keep: Any) -> None:
    """JSON has all that the journal knows."""
    keep(happened("agent_complete", lanes=("trail",), time=time() - 60), lane="trail", hooks=["agent_complete"])
    (row,) = json.loads(invoke("lanes", "--json").stdout)
    assert row["age"] >= 60
    assert row["oldest"].endswith("Z")
    assert {**row, "age": 0, "oldest": "", "note": ""} == {
        "lane": "trail",
        "mode": "durable",
        "plugin": "not installed",
        "hooks": ["agent_complete"],
        "owner": None,
        "waiting": 1,
        "retrying": 0,
        "dead": 0,
        "delivered": 0,
        "retried": 0,
        "cursor": 0,
        "oldest": "",
        "age": 0,
        "paused_until": None,
        "note": "",
    }


@pytest.mark.parametrize(
    ("state", "config", "installed", "note"),
    [
        pytest.param(IDLE, "", ["trail"], "", id="nothing waits"),
        pytest.param(evolve(WAITING, owner=7), "", ["trail"], "", id="somebody delivers"),
        pytest.param(WAITING, "", ["trail"], "the next program with this plugin does", id="enabled"),
        pytest.param(WAITING, 'disabled = ["trail"]', ["trail"], "nobody delivers this: disabled in", id="disabled"),
        pytest.param(WAITING, "", [], "no plugin of this name is installed", id="not installed"),
        pytest.param(WAITING, 'enabled = ["trail"]', [], "the next program with this plugin does", id="a module"),
        pytest.param(
            WAITING,
            "[delivery.trail]\nworker = true",
            ["trail"],
            "nobody delivers this: `agentcore worker` does",
            id="w",
        ),
        pytest.param(
            WAITING, '[delivery.trail]\nmode = "inline"', ["trail"], "the delivery is 'inline' now", id="not durable"
        ),
        pytest.param(
            WAITING,
            '[delivery.trail]\nmode = "inline"\nhooks.agent_complete.mode = "durable"',
            ["trail"],
            "the next program with this plugin does",
            id="durable for one hook",
        ),
        pytest.param(
            evolve(WAITING, owner=7, paused_until=time() + 7190), "", ["trail"], "tried again in 2 h", id="paused"
        ),
        pytest.param(evolve(WAITING, owner=7, paused_until=time() - 9), "", ["trail"], "", id="was paused"),
    ],
)
def test_what_an_operator_should_know(
    project: Path, state: LaneState, config: str, installed: list[str], note: str
) -> None:
    """A lane out of which nothing comes says why, and what to do."""
    (project / "agentcore.toml").write_text(config)
    (row,) = lane_rows([state], load_settings(start=project, environ={}), dict.fromkeys(installed, False))
    assert note in row.note
    assert bool(note) == bool(row.note)


def test_lanes_that_are_only_configured(invoke: Any, project: Path) -> None:
    """Those in memory are listed without numbers, and durable ones that nothing has used."""
    (project / "agentcore.toml").write_text(
        '[delivery.a]\nmode = "background"\n[delivery.b]\nmode = "durable"\n[delivery.c]\nmode = "inline"\n'
        '[delivery.d]\nhooks.agent_start.mode = "background"\n'
    )
    rows = json.loads(invoke("lanes", "--json").stdout)
    assert [(row["lane"], row["mode"], row["waiting"]) for row in rows] == [
        ("a", "background", None),
        ("b", "durable", None),
        ("d", "background", None),
    ]
    assert "in memory" in invoke("lanes").stdout


def test_a_plugin_is_not_imported(command: Any, audit: Any, project: Path) -> None:
    """To look at the lanes takes no code of plugins."""
    assert command("run", "crew.py:echo", "-i", "hello").returncode == 0
    assert audit() == ["hello"]
    (project / "imported").unlink()
    result = command("lanes", "--json")
    (row,) = json.loads(result.stdout)
    assert (row["lane"], row["plugin"], row["delivered"], row["note"]) == ("audit", "enabled", 1, "")
    assert not (project / "imported").exists()


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "nobody reads"])
def test_watching(start: Any, keep: Any, how: str) -> None:
    """It goes on until it is ended, and ends in order."""
    keep(happened("agent_complete", lanes=("trail",)), lane="trail", hooks=["agent_complete"])
    process = start("lanes", "--watch", "--json")
    with process:
        for _ in range(2):
            assert json.loads(process.stdout.readline())[0]["waiting"] == 1
        if how == "nobody reads":
            process.stdout.close()
        else:
            process.send_signal(signal.SIGINT if how == "Ctrl-C" else signal.SIGTERM)
        errors = process.stderr.read().decode()
    assert (process.returncode, errors) == ({"Ctrl-C": 130, "SIGTERM": 143, "nobody reads": 141}[how], "")


def test_watching_on_a_terminal(start: Any, keep: Any, screen: Any) -> None:
    """The table is written over the one before."""
    keep(happened("agent_complete", lanes=("trail",)), lane="trail", hooks=["agent_complete"])
    process = start("lanes", "--watch", stdout=screen.descriptor)
    shown = b""
    with process:
        while shown.count(b"trail") < 2:
            shown += os.read(screen.ours, 4096)
        process.send_signal(signal.SIGINT)
        process.stderr.read()
    screen.shown()
    assert process.returncode == 130
    assert b"\x1b[1A" in shown

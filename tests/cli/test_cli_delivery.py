"""Delivery round the commands: what a process leaves, and what the next one finds."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from time import time
from typing import Any

import pytest
from journal_samples import happened


def left(start: Any, project: Path, text: str) -> None:
    """Run an agent, and kill the process as soon as its answer has been printed."""
    (project / "hold").touch()
    with start("run", "crew.py:echo", "-i", text) as process:
        assert process.stdout.readline().decode().strip() == text.upper()
        process.kill()
    (project / "hold").unlink()


@pytest.mark.parametrize(
    "arguments", [("audited",), ("run", "crew.py:echo", "-i", "next")], ids=["a plugin's command", "run"]
)
def test_the_next_command_finishes_what_a_killed_one_left(
    command: Any, start: Any, audit: Any, project: Path, arguments: tuple[str, ...]
) -> None:
    """What was answered is delivered, exactly once, before the command does its own work."""
    left(start, project, "hello")
    assert audit() == []
    result = command(*arguments)
    assert result.returncode == 0, result.stderr
    assert audit()[0] == "hello"
    assert "still waiting" not in result.stderr
    if arguments == ("audited",):
        assert result.stdout.split()[-1] == "hello"
    assert command("audited").stdout.count("hello") == 1
    assert audit().count("hello") == 1


@pytest.mark.parametrize(
    "arguments", [("lanes",), ("events",), ("trace",), ("plugins",), ("hooks",), ("journal", "stats"), ("dead", "list")]
)
def test_a_command_that_looks_delivers_nothing(
    command: Any, start: Any, audit: Any, project: Path, arguments: tuple[str, ...]
) -> None:
    """It leaves everything as it is."""
    left(start, project, "hello")
    assert command(*arguments).returncode == 0
    assert audit() == []


@pytest.mark.parametrize("arguments", [("audited",), ("run", "crew.py:echo", "-i", "next")], ids=["command", "run"])
def test_what_cannot_be_delivered_at_once(
    command: Any, start: Any, audit: Any, project: Path, arguments: tuple[str, ...]
) -> None:
    """The command does not wait for what failed and has its time, and says what is left."""
    (project / "agentcore.toml").write_text("shutdown_timeout = 0\n")
    left(start, project, "bad")
    (project / "poison").write_text("bad")
    result = command(*arguments)
    assert result.returncode == 0
    assert "1 event for 'audit' still waiting; see `agentcore lanes`" in result.stderr
    assert "bad" not in audit()


def test_what_takes_too_long(command: Any, start: Any, audit: Any, project: Path) -> None:
    """After a few seconds the command goes on with its own work."""
    left(start, project, "hello")
    (project / "hold").touch()
    result = command("audited")
    assert (result.returncode, result.stdout) == (0, "")
    assert "1 event for 'audit' still waiting; see `agentcore lanes`" in result.stderr
    (project / "hold").unlink()
    assert command("audited").stdout.endswith("hello\n")


def test_what_another_process_delivers(command: Any, start: Any, audit: Any, project: Path) -> None:
    """It is left to that, without a word."""
    with start("worker") as worker:
        assert any(b"is delivered here" in line for line in worker.stderr)
        (project / "hold").touch()
        assert command("run", "crew.py:echo", "-i", "hello").returncode == 0
        result = command("audited")
        assert (result.stdout, result.stderr) == ("", "")
        (project / "hold").unlink()
        worker.terminate()
        worker.communicate()
    assert audit() == ["hello"]


def test_a_plugin_that_cannot_start(command: Any, start: Any, audit: Any, install: Any, project: Path) -> None:
    """A plugin's command does its work all the same; that nothing could be delivered is said."""
    left(start, project, "hello")
    (project / "agentcore.toml").write_text('required = ["faulty"]\n')
    install("faulty", "from agentcore import hookimpl\n@hookimpl\ndef agentcore_startup():\n    raise OSError('no')\n")
    result = command("audited")
    assert (result.returncode, result.stdout) == (0, "")
    assert "warning: what waits in the journal was not delivered" in result.stderr


def test_a_broken_journal(command: Any, start: Any, audit: Any, project: Path) -> None:
    """A plugin's command does its work all the same; what to do is said."""
    left(start, project, "hello")
    (project / ".agentcore" / "journal.db").write_bytes(b"x" * 5000)
    result = command("audited")
    assert (result.returncode, result.stdout) == (0, "")
    assert "warning: what waits in the journal was not delivered" in result.stderr
    assert "agentcore journal set-aside" in result.stderr


SLOW = """
import asyncio
from agentcore import FunctionAgent
from crew import echo


async def first(text: str) -> str:
    answer = await echo.run(text=text)
    print("answered", flush=True)
    while True:
        await asyncio.sleep(1)


agent = FunctionAgent(first)
"""


@pytest.mark.parametrize("mode", ["durable", "background"])
def test_sigterm_delivers_what_it_can(start: Any, audit: Any, project: Path, mode: str) -> None:
    """A run that is ended from outside drains its lanes before it ends."""
    (project / "slow.py").write_text(SLOW)
    (project / "agentcore.toml").write_text(f'[delivery.audit]\nmode = "{mode}"\n')
    (project / "hold").touch()
    with start("run", "slow.py:agent", "-i", "hello") as process:
        assert any(b"answered" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        (project / "hold").unlink()
        process.communicate()
    assert process.returncode == 143
    assert audit() == ["hello"]


@pytest.mark.parametrize("mode", ["durable", "background"])
def test_sigterm_while_it_drains(start: Any, audit: Any, project: Path, mode: str) -> None:
    """A run that is over goes on draining; its exit code says that it was asked to end."""
    (project / "agentcore.toml").write_text(f'[delivery.audit]\nmode = "{mode}"\n')
    (project / "hold").touch()
    with start("run", "crew.py:echo", "-i", "hello") as process:
        assert process.stdout.readline() == b"HELLO\n"
        process.send_signal(signal.SIGTERM)
        (project / "hold").unlink()
        process.communicate()
    assert process.returncode == 143
    assert audit() == ["hello"]


# --- what the doctor and the list of plugins say of it ---


def findings(result: Any) -> dict[str, dict[str, str]]:
    """By check."""
    return {each["check"]: each for each in json.loads(result.stdout)["checks"]}


def test_the_doctor_on_a_journal(invoke: Any, keep: Any, project: Path) -> None:
    """None is made; one that is there is measured, and what nobody takes out of it is found."""
    (project / "agentcore.toml").write_text('model = "scripted:x"\n')
    assert findings(invoke("doctor", "--json"))["journal"]["message"].startswith("there is none yet")
    assert not (project / ".agentcore").exists()
    events = [happened("agent_complete", lanes=("audit",), time=time() - 7300) for _ in range(3)]
    keep(*events, lane="audit", hooks=["agent_complete"], fails={1: "no"})
    result = invoke("doctor", "--json")
    assert result.exit_code == 0
    found = [each for each in json.loads(result.stdout)["checks"] if each["check"] in ("journal", "lane audit")]
    assert [(each["level"], each["message"].partition(": ")[2] or each["message"]) for each in found][1:] == [
        ("warning", "2 events waiting, the oldest for 2 h"),
        ("warning", "1 event given up"),
    ]
    assert found[0]["level"] == "ok"
    assert "3 events, " in found[0]["message"]


def test_the_doctor_on_a_journal_that_is_too_large(invoke: Any, keep: Any, project: Path) -> None:
    """What is owed to somebody keeps it from being pruned."""
    (project / "agentcore.toml").write_text('model = "scripted:x"\n[journal]\nmax_size = "10kB"\n')
    keep(happened("agent_complete", time=time()))
    found = findings(invoke("doctor", "--json"))["journal"]
    assert (found["level"], "more than 'max_size' (10.0 kB)" in found["message"]) == ("warning", True)


def test_the_doctor_on_a_broken_journal(invoke: Any, keep: Any, project: Path) -> None:
    """It is a problem, with what to do."""
    keep()
    (project / ".agentcore" / "journal.db").write_bytes(b"x" * 5000)
    result = invoke("doctor", "--json")
    found = findings(result)["journal"]
    assert (result.exit_code, found["level"]) == (1, "problem")
    assert "agentcore journal" in found["advice"]


def test_the_delivery_of_a_plugin(command: Any, audit: Any, project: Path) -> None:
    """What holds is shown, and who says so."""
    (project / "agentcore.toml").write_text(
        'hook_timeout = "20s"\n[delivery.audit]\nretries = 3\nworker = true\nhooks.agent_complete.mode = "background"\n'
    )
    facts = json.loads(command("plugins", "info", "audit", "--json").stdout)["delivery"]
    assert {each["name"]: (each["value"], each["origin"]) for each in facts} == {
        "mode": ("durable", "the plugin"),
        "timeout": (20.0, f"hook_timeout ({project}/agentcore.toml)"),
        "retries": (3, "[delivery.audit]"),
        "queue": (10000, "the default"),
        "on_full": ("drop_oldest", "the default"),
        "start": ("now", "the default"),
        "worker": (True, "[delivery.audit]"),
        "mode of agent_complete": ("background", "[delivery.audit.hooks.agent_complete]"),
    }
    shown = command("plugins", "info", "audit").stdout
    assert ["retries", "3", "[delivery.audit]"] in [line.split() for line in shown.splitlines()]
    assert "delivery" not in command("plugins", "info", "metrics").stdout


def test_a_mode_of_one_implementation(command: Any, install: Any) -> None:
    """Where it differs from the plugin's, it is shown with who says so."""
    install(
        "mixed",
        "from agentcore import hookimpl\ndelivery = 'background'\n"
        "@hookimpl(delivery='inline')\ndef agent_start(): pass\n"
        "@hookimpl(wrapper=True)\ndef agent_complete():\n    return (yield)\n",
    )
    facts = json.loads(command("plugins", "info", "mixed", "--json").stdout)["delivery"]
    assert [tuple(each.values()) for each in facts if each["name"].startswith("mode")] == [
        ("mode", "background", "the plugin"),
        ("mode of agent_start", "inline", "the plugin"),
        ("mode of agent_complete", "inline", "a wrapper is awaited"),
    ]

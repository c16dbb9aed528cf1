"""What is kept of failures for those who look later."""

import json
from pathlib import Path

import pytest

from agentcore import PluginManager, hookimpl
from agentcore._plugins import FailureLog, failure_log
from agentcore.errors import ModelError


@pytest.fixture
def log(tmp_path: Path) -> FailureLog:
    return FailureLog(tmp_path / "state")


def test_nothing_is_made_by_looking(log: FailureLog, tmp_path: Path) -> None:
    """Where nothing failed there is nothing to read, and no file."""
    assert log.recent() == []
    assert list(tmp_path.iterdir()) == []


def test_newest_of_each_kind_is_kept(log: FailureLog) -> None:
    """For each plugin and hook, with its message on one line, without its hint."""
    log.note("a", "agent_start", ValueError("one"))
    log.note("a", "agent_start", KeyError("two\nlines"))
    log.note("b", "agent_start", ModelError("down", model="m", hint="start it."))
    assert [(each.plugin, each.type, each.message) for each in log.recent()] == [
        ("a", "KeyError", "'two\\nlines'"),
        ("b", "ModelError", "down"),
    ]


def test_old_ones_are_forgotten(log: FailureLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a week."""
    log.note("a", "agent_start", ValueError("one"))
    monkeypatch.setattr(failure_log, "_KEPT_SECONDS", -1.0)
    assert log.recent() == []


def test_file_does_not_grow(log: FailureLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full file becomes the older one, which is read as well, and takes the place of the one before."""
    monkeypatch.setattr(failure_log, "_LARGEST", 1000)
    for number in range(100):
        log.note(f"plugin{number}", "agent_start", ValueError("x" * 10_000))
    sizes = [each.stat().st_size for each in (tmp_path / "state").glob("plugin-failures*")]
    assert max(sizes) < 2000
    assert log.recent()[-1].plugin == "plugin99"
    assert all(len(each.message) == 500 for each in log.recent())


@pytest.mark.parametrize("line", ["", "{", "[]", '"text"', json.dumps({"plugin": "a"})], ids=repr)
def test_lines_that_cannot_be_read_are_passed_over(log: FailureLog, tmp_path: Path, line: str) -> None:
    """What was cut short, or written by another version, hides nothing else."""
    log.note("a", "agent_start", ValueError("one"))
    with (tmp_path / "state" / failure_log.FILE_NAME).open("a") as file:
        file.write(f"{line}\n")
    log.note("b", "agent_start", ValueError("two"))
    assert [each.plugin for each in log.recent()] == ["a", "b"]


def test_file_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    """The failure is in the program's log all the same."""
    (tmp_path / "state").write_text("a file where the folder should be")
    log = FailureLog(tmp_path / "state")
    log.note("a", "agent_start", ValueError("one"))
    assert log.recent() == []


async def test_manager_keeps_the_first_of_each_kind(log: FailureLog) -> None:
    """A plugin that fails at every event does not fill the file; a manager made by hand keeps none."""

    class Broken:
        @hookimpl
        def knowledge_update(self) -> None:
            raise ValueError("no")

    by_hand, kept = PluginManager(), PluginManager()
    kept.failure_log = log
    for pm in (by_hand, kept):
        pm.register(Broken())
        for _ in range(3):
            await pm.hook.knowledge_update(context=None, documents=[])
    assert [(each.plugin, each.hook) for each in log.recent()] == [("broken", "knowledge_update")]

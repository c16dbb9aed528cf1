"""Lines that vouch for each other, in a file that several may write."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentcore.locking import locked
from agentcore.providers import _trail
from agentcore.providers._trail import Trail, TrailError, check_trail


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the trail is; its name holds what has a meaning in patterns."""
    return tmp_path / "deep" / "trail[1].jsonl"


@pytest.fixture
def trail(path: Path) -> Callable[..., Trail]:
    """Makes a trail at the path."""
    return lambda **more: Trail(path, **{"fsync": True, "max_bytes": 10_000, "keep": None, **more})


def test_an_event_is_kept_once(trail: Any, path: Path) -> None:
    """By whoever it is sent, and after the file was opened anew."""
    one, other = trail(), trail()
    assert [one.append("a", b'{"x":1}'), other.append("a", b'{"x":1}'), other.append("b", b"{}")] == [True, False, True]
    assert not one.append("b", b"{}")
    one.close()
    assert not one.append("a", b"{}")
    assert check_trail(path)[0] == 2
    one.close()
    other.close()


def test_two_go_on_over_renamed_files(trail: Any, path: Path) -> None:
    """Each notices that the other has renamed the file, and goes on with its chain."""
    pair = [trail(max_bytes=600, keep=3), trail(max_bytes=600, keep=3, fsync=False)]
    for number in range(30):
        assert pair[number % 2].append(f"event-{number}", b'{"text":"some text"}')
        assert not pair[(number + 1) % 2].append(f"event-{number}", b'{"text":"some text"}')
    kept = sorted(each.name for each in path.parent.glob("*.jsonl") if each != path)
    assert len(kept) == 3
    assert kept[0] > "trail[1].000003.jsonl"
    assert 6 <= check_trail(path)[0] < 30
    for each in pair:
        each.close()


@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_what_is_not_on_disk_is_not_there(
    failing: str, trail: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of which only a part was written, or that the disk did not confirm, is taken back, and may come again."""
    kept = trail()
    kept.append("a", b"{}")
    before = path.read_bytes()
    real = os.write

    def broken(*arguments: Any) -> int:
        if failing == "write":
            return real(arguments[0], arguments[1][:20])
        raise OSError(errno.EIO, "the disk is broken")

    with monkeypatch.context() as patch:
        patch.setattr(f"agentcore.providers._trail.os.{failing}", broken)
        with pytest.raises(OSError, match="disk"):
            kept.append("b", b"{}")
    assert path.read_bytes() == before
    assert kept.append("b", b"{}")
    assert check_trail(path)[0] == 2
    kept.close()


def test_a_line_that_was_half_written(trail: Any, path: Path) -> None:
    """What whoever died has left is taken away, by the next one who writes."""
    first = trail()
    first.append("a", b"{}")
    with path.open("ab") as file:
        file.write(b'{"hash":"0123')
    assert check_trail(path)[0] == 1
    assert trail().append("b", b"{}")
    assert first.append("c", b"{}")
    assert check_trail(path)[0] == 3


def test_another_keeps_it_locked(trail: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits too long says so, and the event is sent again later."""
    monkeypatch.setattr(_trail, "_PATIENCE", 0.0)
    path.parent.mkdir()
    with locked(path.with_suffix(".lock"), waiting=lambda: None), pytest.raises(TrailError, match="keeps .* locked"):
        trail().append("a", b"{}")
    assert trail().append("a", b"{}")


def test_a_file_of_somebody_else(trail: Any, path: Path) -> None:
    """What is no trail is not continued; the error says what to do."""
    path.parent.mkdir()
    path.write_text("my notes\n")
    with pytest.raises(TrailError, match="a line that is none of its own") as caught:
        trail().append("a", b"{}")
    assert "move it away" in caught.value.hint
    assert path.read_text() == "my notes\n"

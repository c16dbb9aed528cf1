"""The state folder."""

import multiprocessing
import os
import shutil
import subprocess
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from agentcore._config import ensure_state_dir
from agentcore.errors import ConfigError


def test_state_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """With the folders above it, and whatever the process's usual mode."""
    path = tmp_path / "a" / "b"
    assert ensure_state_dir(path) == path
    assert path.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(shutil.which("git") is None, reason="asks git")
def test_state_folder_ignores_itself_for_git(tmp_path: Path) -> None:
    """git sees nothing of it."""
    path = ensure_state_dir(tmp_path / ".agentcore")
    (path / "journal.db").write_text("state")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    status = subprocess.run(
        ["git", "-C", tmp_path, "status", "--porcelain", "--untracked-files=all"], check=True, capture_output=True
    )
    assert status.stdout == b""


def test_state_folder_is_left_as_it_is_when_it_is_there(tmp_path: Path) -> None:
    """Neither its mode nor its .gitignore is changed."""
    path = ensure_state_dir(tmp_path / "state")
    path.chmod(0o755)
    (path / ".gitignore").write_text("*.db\n")
    ensure_state_dir(path)
    assert path.stat().st_mode & 0o777 == 0o755
    assert (path / ".gitignore").read_text() == "*.db\n"


def test_folder_with_other_files_is_not_hidden_from_git(tmp_path: Path) -> None:
    """A project's own folder, named as the state folder, keeps its files in git."""
    (tmp_path / "main.py").write_text("")
    ensure_state_dir(tmp_path)
    assert not (tmp_path / ".gitignore").exists()


def test_empty_folder_gets_its_gitignore(tmp_path: Path) -> None:
    """Also one that an end in between has left so, with a half-written file of another process in it."""
    (tmp_path / ".gitignore_half").write_text("")
    ensure_state_dir(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("name", ["file", "file/state", "a\0b"])
def test_state_folder_that_cannot_be_made_is_an_error(tmp_path: Path, name: str) -> None:
    """The error names the folder, the reason and the ways to name another."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"the state folder .* cannot be made: .") as caught:
        ensure_state_dir(tmp_path / name)
    assert "'state_dir'" in caught.value.hint
    assert "AGENTCORE_STATE_DIR" in caught.value.hint
    assert caught.value.__cause__ is not None


def test_threads_may_make_it_at_once(tmp_path: Path) -> None:
    """Each finds it whole, and nothing is left over."""
    for turn in range(20):
        path = tmp_path / str(turn)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(made, [path] * 8))
        assert found == ["*\n"] * 8
        assert os.listdir(path) == [".gitignore"]


def test_processes_may_make_it_at_once(tmp_path: Path) -> None:
    """As threads may."""
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        for turn in range(20):
            path = tmp_path / str(turn)
            assert list(pool.map(made, [path] * 6)) == ["*\n"] * 6
            assert os.listdir(path) == [".gitignore"]


def made(path: Path) -> str:
    """Make the folder, and return what its .gitignore says then."""
    return (ensure_state_dir(path) / ".gitignore").read_text()

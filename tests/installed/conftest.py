"""Commands as a user runs them: of the installed packages, each in a process of its own."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

Result = subprocess.CompletedProcess[str]
Command = Callable[..., Result]

SCRIPT = Path(sysconfig.get_path("scripts")) / ("agentcore.exe" if os.name == "nt" else "agentcore")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of a user's, with nothing in it."""
    return tmp_path


@pytest.fixture
def environ() -> dict[str, str]:
    """The environment, without what would choose a model or plugins."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_API_KEY") and (not name.startswith("AGENTCORE_") or name == "AGENTCORE_CACHE_DIR")
    }


@pytest.fixture
def command(project: Path, environ: dict[str, str]) -> Command:
    """Runs ``agentcore`` in the project's folder."""

    def run(*arguments: str, env: dict[str, str] | None = None, check: bool = True) -> Result:
        return _run([str(SCRIPT), *arguments], project, environ | (env or {}), check)

    return run


@pytest.fixture
def start(project: Path, environ: dict[str, str]) -> Callable[..., "subprocess.Popen[str]"]:
    """Starts ``agentcore`` in the project's folder; what it says on stderr is not kept."""

    def begin(*arguments: str) -> "subprocess.Popen[str]":
        command = [str(SCRIPT), *arguments]
        return subprocess.Popen(
            command,
            cwd=project,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    return begin


@pytest.fixture
def python(project: Path, environ: dict[str, str]) -> Command:
    """Runs a program in the project's folder."""

    def run(program: str, *, env: dict[str, str] | None = None, check: bool = True) -> Result:
        return _run([sys.executable, "-c", program], project, environ | (env or {}), check)

    return run


def _run(command: Sequence[str], folder: Path, environ: dict[str, str], check: bool) -> Result:
    result = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, encoding="utf-8", timeout=600, check=False
    )
    if check:
        assert result.returncode == 0, f"{command} said:\n{result.stdout}\n{result.stderr}"
    return result


@pytest.fixture
def plugins(command: Command) -> Callable[..., dict[str, Any]]:
    """What ``agentcore plugins --json`` says, by name."""

    def listed(*options: str, env: dict[str, str] | None = None) -> dict[str, Any]:
        rows = json.loads(command(*options, "plugins", "--json", env=env).stdout)
        return {row["name"]: row for row in rows}

    return listed

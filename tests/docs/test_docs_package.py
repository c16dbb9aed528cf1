"""The package that the tutorial makes is one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.providers

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "published-package.md").read_text(encoding="utf-8")
FIRST = (ROOT / "docs" / "first-agent.md").read_text(encoding="utf-8")


def _file(page: str, name: str) -> str:
    """The block below the name of a file."""
    found = re.search(rf"`{re.escape(name)}`:\n\n```\w+\n(.*?)```", page, re.DOTALL)
    assert found is not None, name
    return found[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reader of both tutorials has arrived: the package is installed, and ``desk.py`` stands beside it."""
    folder = tmp_path_factory.mktemp("tutorial")
    for name in ("pyproject.toml", "src/agentcore_tokens/__init__.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_file(PAGE, name), encoding="utf-8")
    agent = re.search(r"Put this into `desk.py`:\n\n```python\n(.*?)```", FIRST, re.DOTALL)
    assert agent is not None
    (folder / "desk.py").write_text(agent[1], encoding="utf-8")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--target", "site", "."], cwd=folder, check=True, timeout=120)
    return folder


def _agentcore(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder / "site")}
    command = [sys.executable, "-m", "agentcore", *arguments]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def test_it_is_listed(folder: Path) -> None:
    """The plugin is loaded, from its distribution, with the config that the page promises."""
    shown = _agentcore(folder, "plugins", "info", "tokens")
    assert re.search(r"^status +loaded$", shown, re.MULTILINE)
    assert re.search(r"^distribution +agentcore-tokens$", shown, re.MULTILINE)
    assert re.search(r"^quiet +bool +false +false +Whether nothing is printed", shown, re.MULTILINE)


def test_it_acts(folder: Path) -> None:
    """A run ends with the line that the page shows, and without it where the plugin is disabled."""
    line = re.search(r"The last line is the plugin's own: `(.+)`\.", PAGE)
    assert line is not None
    shown = _agentcore(folder, "run", "desk.py:triage", "--input", "ticket=It crashes.")
    assert shown.rstrip().splitlines()[-1] == line[1]
    assert line[1] not in _agentcore(
        folder, "-p", "no:tokens", "run", "desk.py:triage", "--input", "ticket=It crashes."
    )

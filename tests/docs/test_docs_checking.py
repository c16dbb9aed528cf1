"""What the page on plugins says of checking one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from agentcore._cli.program import program

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")


def test_the_check_says_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of the file on the page, word for word, but for the time and the modules that the import takes."""
    found = re.search(
        r"`shouting.py`:\n.*?```python\n(.*?)```.*?```console\n\$ agentcore (.+?)\n(.*?)```", PAGE, re.DOTALL
    )
    assert found is not None
    text, command, shown = found.groups()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shouting.py").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(program, command.split())
    assert done.exit_code == 1
    assert _still(done.stdout) == _still(shown)


def _still(text: str) -> str:
    return re.sub(r"\d+ ms, with \d+ modules?", "… ms, with …", text)

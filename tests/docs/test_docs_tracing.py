"""What the page on operation says of seeing every call."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "operation.md").read_text(encoding="utf-8")


def test_the_trace_is_what_the_page_shows(tmp_path: Path):
    """Of the program on the page, but for times and ids; nothing goes to stdout."""
    found = re.search(
        r"`traced.py`:\n.*?```python\n(.*?)```.*?\$ (\w+)=(\w+) python traced.py\n(.*?)```", PAGE, re.DOTALL
    )
    assert found is not None
    text, variable, value, shown = found.groups()
    (tmp_path / "traced.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "traced.py"],
        cwd=tmp_path,
        env={**os.environ, variable: value, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert _still(done.stderr) == _still(shown)
    runs = re.findall(r"^trace: writer (\w{8}) ", done.stderr, re.MULTILINE)
    assert len(set(runs)) == len(set(re.findall(r"^trace: writer (\w{8}) ", shown, re.MULTILINE))) == 2


def _still(text: str) -> str:
    return re.sub(r"\d+\.\d\d ms", "… ms", re.sub(r"writer \w{8} ", "writer ", text))

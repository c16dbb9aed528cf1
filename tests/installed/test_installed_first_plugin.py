"""A plugin of one's own: from the command that writes its package to the agents that it takes part in.

In environments that hold nothing: agentcore comes from the wheels of this tree, and the rest from the index.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

WHEELS = os.environ.get("AGENTCORE_TEST_WHEELS")
PAGE = (Path(__file__).parents[2] / "docs" / "first-plugin.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:`(?P<file>[\w./-]+)`:\n\n(?:<!--[^>]*-->\n\n)?)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL
)
"""A block of code of the page, and the file that it is, where it is one."""

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(WHEELS is None, reason="needs the built wheels: tox -e wheels has them"),
    pytest.mark.skipif(shutil.which("bash") is None, reason="the commands are for a shell"),
]


class Shell:
    """A shell in an empty folder, in which a new virtual environment is active; as a user has one open for a while."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir(parents=True)
        (folder / "tmp").mkdir()
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, timeout=300)
        foreign = ("AGENTCORE_", "COVERAGE_", "PYTEST_", "PYTHON", "TOX_")
        self._process = subprocess.Popen(
            ["bash"],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith(foreign)}
            | {
                # Other Pythons, and the tools of the one who tests, are not a new user's.
                "PATH": os.pathsep.join([str(folder / "venv" / "bin"), "/usr/bin", "/bin"]),
                "PIP_FIND_LINKS": f"{WHEELS} {os.environ.get('PIP_FIND_LINKS', '')}",
                # Of what is installed, little is imported; half the files are compiled ones otherwise.
                "PIP_NO_COMPILE": "1",
                "TMPDIR": str(folder / "tmp"),
                "VIRTUAL_ENV": str(folder / "venv"),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def __call__(self, line: str, *, code: int = 0) -> str:
        """Run *line*, which must end with *code*; returns what it printed, with what programs behind it did."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\necho @@$?\n")
        self._process.stdin.flush()
        printed = ""
        while not printed.endswith("\n") or (ended := re.search(r"@@(\d+)\n\Z", printed)) is None:
            printed += (said := self._process.stdout.readline())
            assert said, f"the shell has ended: {printed}"
        assert int(ended[1]) == code, f"$ {line}\n{printed}"
        return printed[: ended.start()]

    def close(self) -> None:
        """End it, and what it has in the background."""
        assert self._process.stdin is not None
        with self._process:
            self._process.stdin.write("kill $(jobs -p)\n")


@contextmanager
def opened(folder: Path) -> Iterator[Shell]:
    """A shell whose files are removed afterwards: they are many, and pytest would keep them."""
    shell = Shell(folder)
    try:
        yield shell
    finally:
        shell.close()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def developed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell in a package as the command writes it, with tox at hand."""
    with opened(tmp_path_factory.mktemp("developed")) as shell:
        shell("python -m pip install --quiet agentcore-framework tox")
        shell("agentcore new-plugin error-webhook")
        yield shell


def test_a_new_package_passes_its_own_tox(developed: Shell) -> None:
    """Tests, style and types, in environments that tox makes, beside the framework as it is built."""
    said = developed("tox -c agentcore-error-webhook")
    major, minor = sys.version_info[:2]
    assert re.search(rf"^  py{major}{minor}: OK", said, re.MULTILINE), said
    assert re.search(r"^  check: OK", said, re.MULTILINE), said
    assert re.search(r"^=+ \d+ passed", said, re.MULTILINE), said


def write(shell: Shell, block: re.Match[str]) -> None:
    """Write the file that *block* is, or change the one of which it is a line."""
    if block["file"]:
        (shell.folder / block["file"]).write_text(block["text"], encoding="utf-8")
    elif block["language"] == "toml":
        depend(shell.folder / "agentcore-error-webhook" / "pyproject.toml", block["text"])


def depend(file: Path, table: str) -> None:
    """Put the line of *table* into the place of the one with the dependencies, to which it may only add."""
    text = file.read_text(encoding="utf-8")
    [before], [after] = (re.findall(r"^dependencies = .*\n", each, re.MULTILINE) for each in (text, table))
    assert set(re.findall('".*?"', before)) < set(re.findall('".*?"', after))
    file.write_text(text.replace(before, after), encoding="utf-8")


def test_the_plugin_of_the_first_page_passes_the_same_checks(developed: Shell) -> None:
    """In the place of the template's example, it is as clean in style and types."""
    for block in BLOCK.finditer(PAGE):
        write(developed, block)
    assert re.search(r"^  check: OK", developed("tox run -c agentcore-error-webhook -e check"), re.MULTILINE)


def timeless(text: str) -> str:
    """Without the times."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.+]+", "(time)", text)


def test_the_first_page_leads_to_a_plugin_that_acts(tmp_path: Path) -> None:
    """Its commands, ten at most, given word for word: the plugin is tested, listed, and posts what an agent raised."""
    printed: dict[str, str] = {}
    command = ""
    with opened(tmp_path / "first") as shell:
        for block in BLOCK.finditer(PAGE):
            write(shell, block)
            for command in block["text"].splitlines() if block["language"] == "shell" else ():
                # The agent is to fail.
                printed[command] = shell(command, code=1 if command.startswith("agentcore run") else 0)
            if block["language"] == "text":
                assert timeless(block["text"]) in timeless(printed[command])
    assert len(printed) <= 10
    assert re.search(r"^=+ \d+ passed", printed["python -m pytest agentcore-error-webhook"], re.MULTILINE)
    assert re.search(
        r"^error-webhook +loaded +0\.1\.0 +agentcore-error-webhook ", printed["agentcore plugins"], re.MULTILINE
    )
    assert re.search(r"^error-webhook +durable +enabled +none +0 +0 +0 +1$", printed["agentcore lanes"], re.MULTILINE)

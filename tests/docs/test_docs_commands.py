"""The commands that the pages show are there."""

from __future__ import annotations

import re
import shlex
from itertools import takewhile
from pathlib import Path

import click
import pytest

from agentcore._cli.program import program

pytestmark = pytest.mark.providers

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("plugins/*/README.md"))]


def _shown() -> list[str]:
    """Every line of a block that calls ``agentcore``: after a prompt, or anywhere in a block for a shell."""
    found: set[str] = set()
    for page in PAGES:
        for language, block in re.findall(r"```(\w*)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            prompt = "(?:.*&& )?" if language in ("sh", "shell") else r"\$ "
            found |= set(re.findall(rf"^{prompt}agentcore (.+)$", block, re.MULTILINE))
    return sorted(found)


@pytest.mark.parametrize("line", _shown())
def test_a_command_that_is_shown(line: str) -> None:
    """Its name, its arguments and its options are those of the program."""
    command: click.Command = program
    words = list(takewhile(lambda each: each not in "<>|", shlex.split(line, comments=True)))
    context = click.Context(program)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, words[0]
        command, words = found, words[1:]
    command.make_context("shown", words, parent=context)


def test_commands_are_shown() -> None:
    """The pages do show commands, in blocks of every kind."""
    assert {"lanes", "doctor"} <= set(_shown())

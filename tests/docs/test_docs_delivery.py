"""The page about delivery shows commands that there are."""

import re
from pathlib import Path

import click
import pytest

from agentcore._cli.program import program

PAGE = Path(__file__).parents[2] / "docs" / "delivery.md"
SHOWN = sorted(set(re.findall(r"^\$ agentcore (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)))


@pytest.mark.parametrize("line", SHOWN)
def test_a_command_that_is_shown(line: str) -> None:
    """Its name, its arguments and its options are those of the program."""
    command: click.Command = program
    words = line.split()
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(program), words[0])
        assert found is not None, words[0]
        command, words = found, words[1:]
    command.make_context("shown", words)

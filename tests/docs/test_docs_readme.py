"""The README says what is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
INDEX = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")


def _fence(language: str, containing: str) -> str:
    fences = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    found: list[str] = [each for each in fences if containing in each]
    assert len(found) == 1, found
    return found[0]


def test_the_program_is_the_one_that_ships() -> None:
    """The program in the README is ``examples/quickstart.py``, of at most 25 lines, to the letter."""
    program = (ROOT / "examples" / "quickstart.py").read_text(encoding="utf-8")
    assert _fence("python", "Desk") == program
    assert len(program.splitlines()) <= 25


def test_the_program_prints_what_the_readme_says(tmp_path: Path) -> None:
    """Run as it is, the program prints the lines below it."""
    command = [sys.executable, str(ROOT / "examples" / "quickstart.py")]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    assert _fence("text", "triage: ") == result.stdout


def test_ci_runs_the_second_command() -> None:
    """What CI runs is the command that the README gives for the tests."""
    second = _fence("shell", "tox").strip()
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def differing(readme: str, index: str) -> dict[str, tuple[list[str], list[str]]]:
    """The blocks of code below each heading that both have, where they are not the same; one that has none is left out.

    At least one heading must be shared, so that a new title makes no difference vanish.
    """
    there, here = _sections(readme), _sections(index)
    shared = there.keys() & here.keys()
    assert shared
    return {title: (there[title], here[title]) for title in shared if there[title] != here[title]}


def _sections(text: str) -> dict[str, list[str]]:
    """The blocks of code below each heading that has some."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    blocks = {
        title: re.findall(r"```\w*\n.*?```", body, re.DOTALL)
        for title, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    return {title: each for title, each in blocks.items() if each}


def test_the_first_page_shows_the_same_code() -> None:
    """Below the headings that the README and the documentation's first page share, the code is the same."""
    assert differing(README, INDEX) == {}


@pytest.mark.parametrize(
    "index",
    [
        INDEX.replace("result.output.label", "result.output", 1),
        INDEX.replace("```text", "```console", 1),
        re.sub(r"```text\n.*?```\n", "", INDEX, count=1, flags=re.DOTALL),
    ],
    ids=["another program", "another language", "no output"],
)
def test_a_difference_is_found(index: str) -> None:
    """Be it in a line, in what kind of block it is, or that a block is missing."""
    assert list(differing(README, index)) == ["An agent and a plugin"]


def test_a_first_page_that_shares_nothing_is_found() -> None:
    """A heading that was changed on one side alone is a difference, too."""
    with pytest.raises(AssertionError):
        differing(README, INDEX.replace("## An agent and a plugin", "## First steps"))


def test_the_first_plugin_begins_with_the_same_commands() -> None:
    """Those that the README gives for a plugin of one's own are the tutorial's, which has ten at most."""
    page = (ROOT / "docs" / "first-plugin.md").read_text(encoding="utf-8")
    commands = "".join(re.findall(r"```shell\n(.*?)```", page, re.DOTALL)).splitlines()
    [shown] = _sections(README)["Write a plugin"]
    assert shown == "```shell\n{}\n```".format("\n".join(commands[1:5]))
    assert len(commands) <= 10
    assert page.split("\n\n")[1].startswith({8: "Eight", 9: "Nine", 10: "Ten"}[len(commands)])


@pytest.mark.parametrize("page", ["README.md", "docs/comparison.md"])
def test_its_figures_are_those_that_were_measured(page: str) -> None:
    """What a call and a run cost is said where it was measured, and quoted elsewhere."""
    measured = set(re.findall(FIGURE, (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")))
    quoted = re.findall(r"^.*awaited no-op coroutines.*$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    figures = [each for line in quoted for each in re.findall(FIGURE, line)]
    assert figures
    assert [each for each in figures if each not in measured] == []


FIGURE = r"\b\d+(?:[.,]\d+)*\b"

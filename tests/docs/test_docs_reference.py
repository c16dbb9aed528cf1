"""The reference that is generated from the code is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from agentcore._cli.program import program
from agentcore._config import KNOWN_VARIABLES
from agentcore._config.environment import VARIABLES
from agentcore._config.options import Options

if TYPE_CHECKING:
    from _reference.pages import Page

pytestmark = pytest.mark.providers

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The text of every page, by name."""
    reference: Any = import_module("_reference")
    made: list[Page] = list(reference.pages())
    assert len({each.name for each in made}) == len(made)
    return {each.name: each.text for each in made}


def test_every_key_has_a_meaning(pages: dict[str, str]) -> None:
    """No cell of the last column is empty."""
    rows = pages["configuration"].split("   * - ")[1:]
    empty = [row.partition("\n")[0] for row in rows if row.split("     -")[-1].partition("\n")[0].strip() == ""]
    assert empty == []


def test_every_table_is_there(pages: dict[str, str]) -> None:
    """Each key that may stand at the top is a row, or has a table of its own."""
    text = pages["configuration"]
    missing = [each for each in Options.model_fields if f"``{each}``" not in text and f"``[{each}" not in text]
    assert missing == []


def test_every_variable_is_there() -> None:
    """Each variable that is read stands for a key, or has a meaning of its own."""
    configuration: Any = import_module("_reference.configuration")
    assert {*configuration.VARIABLE_DOCS, *(each.name for each in VARIABLES)} == set(KNOWN_VARIABLES)


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, f"{path} {name}")


def test_every_command_is_there(pages: dict[str, str]) -> None:
    """Each command, those of plugins among them, has a section, and it and each of its options say what they do."""
    commands = list(_commands(program, "agentcore"))
    assert "agentcore knowledge add" in dict(commands)
    for path, command in commands:
        assert f"\n``{path}``\n" in pages["commands"]
        assert command.help, path
        options = [each for each in command.params if isinstance(each, click.Option)]
        assert [each.name for each in options if not each.help] == [], path


def test_no_list_of_commands_is_cut(pages: dict[str, str]) -> None:
    """On a terminal of 80 columns, what a command does is said in full where commands are listed."""
    lists = re.findall(r"^   Commands(?: of plugins)?:\n((?:     .+\n)+)", pages["commands"], re.MULTILINE)
    assert lists
    assert [line for each in lists for line in each.splitlines() if line.endswith("...")] == []


def test_every_error_is_there(pages: dict[str, str]) -> None:
    """Each error of the packages has an entry under its code, with its contract."""
    errors: Any = import_module("_reference.errors")
    for name in errors.MODULES:
        module = import_module(name)
        for each in module.__all__:
            value = getattr(module, each)
            if hasattr(value, "code"):
                assert f".. _error-{value.code}:\n\n``{value.code}``\n" in pages["errors"], each
                assert f".. autoexception:: {name}.{each}\n" in pages["errors"], each


def test_every_public_name_is_there(pages: dict[str, str]) -> None:
    """Each name that a public module exports is on the module's page."""
    api: Any = import_module("_reference.api")
    for name in api.MODULES:
        text = pages[f"api/{name}"]
        missing = [
            each for each in import_module(name).__all__ if f"{name}.{each}\n" not in text and f"``{each}``" not in text
        ]
        assert missing == []
        assert f":doc:`{name}`" in pages["api/index"]


def test_every_public_module_is_there() -> None:
    """Each module without an underscore in its path is one of the reference's, or is exported whole by another."""
    api: Any = import_module("_reference.api")
    named = {*api.MODULES, "agentcore.errors", "agentcore.hookspecs", "agentcore_vectorstore.errors"}
    sources = [TESTS.parent / "src", *(TESTS.parent / "plugins").glob("*/src")]
    found = {
        ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        for source in sources
        for path in source.rglob("*.py")
    }
    public = {each for each in found if not any(part.startswith("_") for part in each.split("."))}
    assert {each for each in public if each not in named and each not in api.EXPORTED_WHOLE} == set()

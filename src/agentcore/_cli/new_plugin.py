"""``agentcore new-plugin``."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import click

from agentcore._cli.messages import note
from agentcore._cli.options import common_options
from agentcore._cli.output import Output
from agentcore._cli.plugin_names import PluginNames, names_of
from agentcore._cli.rendering import LICENSES, License, NewPackage
from agentcore.errors import ConfigError

__all__ = ["new_plugin"]


@click.command("new-plugin", short_help="Write a package that holds a new plugin.")
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The folder to write, new or empty; else agentcore-NAME.",
)
@click.option("--description", metavar="TEXT", help="What it does, in one sentence.")
@click.option("--author", metavar="TEXT", help="Who writes it; else as git says, or the name of the user.")
@click.option("--license", type=click.Choice(LICENSES), default="MIT", show_default=True, help="What others may do.")
@common_options
def new_plugin(
    name: str, directory: Path | None, description: str | None, author: str | None, license: License
) -> None:
    """Write a package that holds the new plugin NAME, as error-webhook: code, configuration, tests, types and CI.

    It can be installed, tested and published as it is.
    Nothing that is there is overwritten.
    """
    names = names_of(name)
    package = NewPackage(
        names=names,
        description=_one_line("--description", _description(names) if description is None else description),
        author=_one_line("--author", _author() if author is None else author),
        license=license,
    )
    folder = directory or Path(names.distribution)
    Output().text("".join(f"{line}\n" for line in _tree(folder, package.write(folder))))
    note(_next(folder))


def _one_line(option: str, text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ConfigError(f"{option} takes one line of text, and not {text!r}")
    return text.strip()


def _description(names: PluginNames) -> str:
    return f"A plugin for agentcore: {names.plugin}."


def _author() -> str:
    """Return who git says commits here, else the name of the user."""
    try:
        done = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, check=False)  # noqa: S607
    except OSError:
        return _user()
    return done.stdout.strip() or _user()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # KeyError until Python 3.12: a user that the system does not know, as in a container
        return "The author"


def _tree(folder: Path, paths: Sequence[str]) -> list[str]:
    """Draw the files, folders first where they begin."""
    lines = [f"{folder}{os.sep}"]
    shown: set[str] = set()
    for path in paths:
        parts = path.split("/")
        for depth, part in enumerate(parts, 1):
            here = "/".join(parts[:depth])
            if here not in shown:
                shown.add(here)
                lines.append(f"{'  ' * depth}{part}{'' if depth == len(parts) else '/'}")
    return lines


def _next(folder: Path) -> str:
    place = f'"{folder}"' if " " in str(folder) else str(folder)
    return f"next:\n  python -m pip install --editable {place} pytest\n  python -m pytest {place}\n  agentcore plugins"

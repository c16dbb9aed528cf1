"""Every command with its ``--help``, out of the parsers themselves."""

from __future__ import annotations

from collections.abc import Iterator

import click

from agentcore._cli.program import program
from agentcore._cli.session import Session

from .pages import Page, code, heading

__all__ = ["pages"]

_COLUMNS = 80
_OFF = ("audit",)
"""Plugins that have commands, and are off until somebody names them."""


def pages() -> Iterator[Page]:
    """Yield the one page."""
    text = heading("Commands") + (
        "What ``agentcore --help`` and the ``--help`` of each command print on a terminal of 80 columns, those of the "
        "plugins of this repository among them.\n\n"
        "Results go to stdout, all else to stderr. The exit code is 0 where all went well, 1 where something failed, "
        "2 where the command line or the configuration cannot be used, and 130 after Ctrl-C.\n\n"
    )
    yield Page("commands", text + "".join(_section(path, command) for path, command in _commands()))


def _commands() -> Iterator[tuple[click.Context, click.Command]]:
    """Yield every command with its context, groups before what is in them."""
    session = Session()
    session.flags += _OFF
    waiting = [_context(program, "agentcore", None)]
    waiting[0].obj = session
    while waiting:
        context = waiting.pop(0)
        command = context.command
        yield context, command
        if isinstance(command, click.Group):
            names = command.list_commands(context)
            found = [(name, command.get_command(context, name)) for name in names]
            waiting[:0] = [_context(each, name, context) for name, each in found if each and not each.hidden]


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return command.context_class(
        command, info_name=name, parent=parent, terminal_width=_COLUMNS, max_content_width=_COLUMNS
    )


def _section(context: click.Context, command: click.Command) -> str:
    line = "-" if context.parent is None or context.parent.parent is None else "~"
    return heading(f"``{context.command_path}``", line) + code(command.get_help(context), "text")

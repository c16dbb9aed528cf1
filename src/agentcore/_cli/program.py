"""The command ``agentcore`` itself: its options, its commands, and those that plugins add."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final

import click

from agentcore._cli.additions import Additions
from agentcore._cli.ending import terminable
from agentcore._cli.failures import FAILED, PIPE_CLOSED, ended
from agentcore._cli.messages import note, plain_messages, warn
from agentcore._cli.options import common_options
from agentcore._cli.session import Session
from agentcore._cli.waiting import after_catching_up
from agentcore.errors import AgentCoreError

__all__ = ["program"]

_BUILT_IN: Final = (
    "dead",
    "doctor",
    "events",
    "hooks",
    "journal",
    "lanes",
    "new-plugin",
    "plugins",
    "replay",
    "run",
    "trace",
    "worker",
)
"""Each in the module of its name, which is imported when the command is asked for."""


class Program(click.Group):
    """The commands that are built in, and those of plugins, which are loaded only where a name is not built in."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_BUILT_IN, *sorted(self._added(ctx))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _BUILT_IN:
            module = cmd_name.replace("-", "_")
            command: click.Command = getattr(import_module(f"agentcore._cli.{module}"), module)
            return command
        added = self._additions(ctx).commands.get(cmd_name)
        return None if added is None else after_catching_up(added, ctx.ensure_object(Session).plugins())

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            raise self._unknown(ctx, name)
        return name if command else None, command, args[1:]

    def _unknown(self, ctx: click.Context, name: str) -> click.UsageError:
        additions = self._additions(ctx)
        close = get_close_matches(name, [*_BUILT_IN, *additions.commands], n=1)
        message = f"there is no command {name!r}{f'; did you mean {close[0]!r}?' if close else ''}"
        if additions.failed:
            failed = ", ".join(map(repr, additions.failed))
            message += f" (not loaded, and its commands with it: {failed}; see '{ctx.command_path} plugins')"
        return click.UsageError(message, ctx)

    def _additions(self, ctx: click.Context) -> Additions:
        additions = ctx.meta.get(_ADDITIONS)
        if not isinstance(additions, Additions):
            plugins = ctx.ensure_object(Session).plugins()
            additions = ctx.meta[_ADDITIONS] = Additions.of(plugins, taken=_BUILT_IN)
        return additions

    def _added(self, ctx: click.Context) -> Sequence[str]:
        """The names of the plugins' commands; help is given even where the configuration is broken."""
        try:
            return list(self._additions(ctx).commands)
        except AgentCoreError as error:
            warn(f"plugins' commands are not listed: {error}")
            ctx.meta[_ADDITIONS] = Additions({}, ())
            return ()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in (("Commands", list(_BUILT_IN)), ("Commands of plugins", self._added(ctx))):
            commands = [(name, self.get_command(ctx, name)) for name in sorted(names)]
            width = formatter.width - 6 - max(map(len, names), default=0)
            rows = [(name, each.get_short_help_str(width)) for name, each in commands if each and not each.hidden]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> None:
        # What a plugin's command returns is no exit code.
        super().invoke(ctx)

    def main(  # type: ignore[override]  # its overloads say only which call returns
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **options: Any,
    ) -> int:
        session = Session()
        with plain_messages(), terminable():
            code = _flushed(
                ended(
                    lambda: self._main(session, args, prog_name, complete_var, options),
                    verbosity=lambda: session.verbosity,
                )
            )
        if standalone_mode:
            sys.exit(code)
        return code

    def _main(
        self,
        session: Session,
        args: Sequence[str] | None,
        prog_name: str | None,
        complete_var: str | None,
        options: dict[str, Any],
    ) -> Any:
        try:
            return super().main(args, prog_name, complete_var, standalone_mode=False, obj=session, **options)
        finally:
            session.close()


_ADDITIONS: Final = f"{__name__}.additions"


def _flushed(code: int) -> int:
    """Return the exit code after stdout has taken everything."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # The interpreter would try again at its end, and complain in its own words.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED
        if code == 0:
            note(f"error: the results cannot be written: {error.strerror}")
        return code or FAILED
    return code


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("agentcore-framework")
    except PackageNotFoundError:
        return "(not installed as a package)"


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"agentcore {_version()}")
        ctx.exit()


@click.group("agentcore", cls=Program, invoke_without_command=True)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@common_options
@click.pass_context
def program(ctx: click.Context) -> None:
    """Run agents, with every installed plugin taking part.

    Results go to stdout, all else to stderr.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())

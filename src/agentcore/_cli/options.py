"""The options that every command takes, before its name or after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from agentcore._cli.messages import set_verbosity
from agentcore._cli.session import Session

__all__ = ["common_options", "json_option", "start_option"]

F = TypeVar("F", bound=Callable[..., Any])


def session_of(context: click.Context) -> Session:
    """Return the session of the command line that *context* is part of."""
    return context.ensure_object(Session)


def _remember_flags(context: click.Context, _option: click.Parameter, flags: tuple[str, ...]) -> None:
    session_of(context).flags.extend(flags)


def _remember_config(context: click.Context, _option: click.Parameter, path: Path | None) -> None:
    if path is not None:
        session_of(context).config = path


def _remember_verbosity(context: click.Context, _option: click.Parameter, count: int) -> None:
    session = session_of(context)
    session.verbosity += count
    set_verbosity(session.verbosity)


_OPTIONS: Final = (
    click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="PATH",
        expose_value=False,
        callback=_remember_config,
        help="The configuration file; else AGENTCORE_CONFIG's, else agentcore.toml or pyproject.toml, upwards.",
    ),
    click.option(
        "-p",
        "flags",
        multiple=True,
        metavar="[no:]NAME",
        expose_value=False,
        callback=_remember_flags,
        help="Enable the plugin NAME, or with no:NAME disable it; may be given again.",
    ),
    click.option(
        "-v",
        "--verbose",
        count=True,
        expose_value=False,
        callback=_remember_verbosity,
        help="Say what happens; -vv says everything, and shows the tracebacks of errors.",
    ),
)


def common_options(command: F) -> F:
    """Add the options to *command*."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


start_option: Final = click.option(
    "--start", is_flag=True, help="Start the plugins up, as a run would, and shut them down again."
)

json_option: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

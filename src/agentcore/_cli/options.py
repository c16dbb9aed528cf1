"""The options that every command takes, before its name or after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from agentcore._cli.messages import set_verbosity
from agentcore._cli.session import Session
from agentcore._config import parse_duration, parse_size
from agentcore.errors import ConfigError

__all__ = ["DURATION", "SIZE", "common_options", "json_option", "start_option", "yes_option"]

F = TypeVar("F", bound=Callable[..., Any])


def _parsed(parse: Callable[[object], float]) -> Callable[[object], float]:
    """Make a type of values that are written as in the configuration."""

    def read(value: object) -> float:
        try:
            return parse(value)
        except ConfigError as error:
            raise click.BadParameter(f"{value!r} is {error.message}: {error.hint}") from error

    return read


DURATION: Final = _parsed(parse_duration)
"""Seconds; infinity for ``off``."""
SIZE: Final = _parsed(parse_size)
"""Bytes; infinity for ``off``."""


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

yes_option: Final = click.option("--yes", is_flag=True, help="Do not ask whether this is meant.")

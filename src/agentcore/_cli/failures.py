"""How a command that failed ends: what it says on stderr, and its exit code."""

from __future__ import annotations

import importlib
import os
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import click

import agentcore
from agentcore._cli.messages import note
from agentcore.errors import AgentCoreError, ConfigError, InputError, ModelNotFoundError, PluginNotFoundError

__all__ = ["FAILED", "INTERRUPTED", "PIPE_CLOSED", "FailureError", "PipeClosedError", "ended", "innermost", "report"]

FAILED: Final = 1
MISUSED: Final = 2
"""A command line or a configuration that cannot be used."""
INTERRUPTED: Final = 130
"""128 and the number of SIGINT, as shells have it."""
PIPE_CLOSED: Final = 141
"""128 and the number of SIGPIPE."""

_MISUSES: Final = (ConfigError, InputError, ModelNotFoundError, PluginNotFoundError)
_OURS: Final = tuple(f"{Path(each).parent}{os.sep}" for each in (agentcore.__file__, importlib.__file__))
"""What calls a user's code, and is not what the user wants to see."""
_INSTALLED: Final = tuple(sysconfig.get_path(each) for each in ("stdlib", "platstdlib", "purelib", "platlib"))


class PipeClosedError(Exception):
    """Nobody reads stdout any more."""


class FailureError(Exception):
    """A command failed on something that is no :class:`AgentCoreError`: somebody else's code raised the cause.

    Args:
        message: What failed.
        hint: What to do; None advises to look at the traceback.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = "run it again with -vv to see the traceback." if hint is None else hint


def ended(work: Callable[[], Any], *, verbosity: Callable[[], int]) -> int:
    """Do *work*, and return the exit code that it ends with; what it raises is said on stderr.

    Args:
        work: Returns an exit code, or something else, which stands for success.
        verbosity: Asked when it has failed; from 2 on tracebacks are shown.
    """
    try:
        code = work()
    except click.UsageError as error:
        return _misused(error)
    except click.ClickException as error:
        note(f"error: {error.format_message()}")
        return error.exit_code
    except click.Abort as error:
        interrupted = isinstance(error.__cause__, KeyboardInterrupt)
        note("interrupted" if interrupted else "aborted")
        return INTERRUPTED if interrupted else FAILED
    except PipeClosedError:
        return PIPE_CLOSED
    except (AgentCoreError, FailureError) as error:
        report(error, verbosity=verbosity())
        return MISUSED if isinstance(error, _MISUSES) else FAILED
    except OSError as error:  # as from a plugin's command that cannot write its results
        failure = FailureError(f"{type(error).__name__}: {error}")
        failure.__cause__ = error
        report(failure, verbosity=verbosity())
        return FAILED
    return code if isinstance(code, int) else 0


def _misused(error: click.UsageError) -> int:
    hint = "" if error.ctx is None else f"\nhint: see '{error.ctx.command_path} --help'."
    note(f"error: {error.format_message()}{hint}")
    return error.exit_code


def report(error: AgentCoreError | FailureError, *, verbosity: int) -> None:
    """Say what failed, and what to do."""
    if verbosity > 1:
        cause = error.__cause__ if isinstance(error, FailureError) and error.__cause__ is not None else error
        note("".join(traceback.format_exception(cause)).rstrip())
    hint = f"\nhint: {error.hint}" if error.hint and not (verbosity > 1 and "-vv" in error.hint) else ""
    note(f"error: {error.message}{hint}")


def innermost(tb: TracebackType | None) -> traceback.FrameSummary | None:
    """Return the last call in *tb* that the user's own code made; else the last that anybody but agentcore made.

    None where there is none.
    """
    frames = [each for each in traceback.extract_tb(tb) if not each.filename.startswith((*_OURS, "<"))]
    own = [each for each in frames if not each.filename.startswith(_INSTALLED)]
    return next(reversed(own or frames), None)

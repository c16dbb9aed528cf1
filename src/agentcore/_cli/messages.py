"""What is said on stderr."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["note", "plain_messages", "set_verbosity", "warn"]

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def note(text: str) -> None:
    """Say *text* on stderr."""
    print(text, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Say that something is not as it should be, and that the command goes on."""
    note(f"warning: {text}")


class _PlainHandler(logging.Handler):
    """Writes to the stderr of the moment: a progress bar takes its place for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        note(f"{record.levelname.lower()}: {self.format(record)}")


def set_verbosity(verbosity: int) -> None:
    """Let agentcore's own log through: warnings, from 1 on what it does, from 2 on every detail."""
    logging.getLogger("agentcore").setLevel(_LEVELS[min(verbosity, len(_LEVELS) - 1)])


@contextmanager
def plain_messages() -> Generator[None, None, None]:
    """Show log and warnings as plain lines on stderr for as long as this lasts."""
    logger = logging.getLogger("agentcore")
    level, propagate = logger.level, logger.propagate
    handler = _PlainHandler()
    logger.addHandler(handler)
    logger.propagate = False
    set_verbosity(0)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


def _show_warning(message: Warning | str, *_where: object, **_more: object) -> None:
    warn(str(message))

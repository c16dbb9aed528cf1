"""What failed in runs, for those who look later and from another process."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any, Final

from agentcore._data import data
from agentcore.errors import AgentCoreError, ConfigError

__all__ = ["FailureLog", "LoggedFailure"]

logger = logging.getLogger("agentcore.plugins")

FILE_NAME: Final = "plugin-failures.jsonl"

_KEPT_SECONDS: Final = 7 * 86_400.0
_LARGEST: Final = 256 * 1024
"""Bytes of one file; there are at most two."""
_LONGEST: Final = 500
"""Characters of a message."""


@data(kw_only=True)
class LoggedFailure:
    """The first failure of its kind in a process."""

    plugin: str
    hook: str
    type: str
    """The error's class."""
    message: str
    time: float
    """In seconds since the epoch."""


class FailureLog:
    """A file of JSON lines in the state folder; any number of processes may use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE_NAME
        self._older = folder / f"{FILE_NAME}.1"

    def note(self, plugin: str, hook: str, error: BaseException) -> None:
        """Add a failure.  Where that cannot be, a line in the program's log has to do."""
        import json  # Here and below: where nothing fails, and nobody asks, nothing more is imported.

        message = error.message if isinstance(error, AgentCoreError) else str(error)
        line = {
            "plugin": plugin,
            "hook": hook,
            "type": type(error).__name__,
            "message": " ".join(message.split())[:_LONGEST],
            "time": time(),
        }
        try:
            self._append(json.dumps(line))
        except (OSError, ConfigError) as problem:
            logger.debug("the failure of plugin %r cannot be kept: %s", plugin, problem)

    def _append(self, line: str) -> None:
        from agentcore._config import ensure_state_dir

        ensure_state_dir(self._folder)
        # In one write: what several processes append does not mix.
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, f"{line}\n".encode())
            full = os.fstat(handle).st_size > _LARGEST
        finally:
            os.close(handle)
        if full:
            self._path.replace(self._older)

    def recent(self) -> list[LoggedFailure]:
        """Return the newest failure of each plugin in each hook, within the last week, oldest first."""
        since = time() - _KEPT_SECONDS
        found = {(each.plugin, each.hook): each for each in self._read() if each.time >= since}
        return sorted(found.values(), key=lambda each: each.time)

    def _read(self) -> Iterator[LoggedFailure]:
        for path in (self._older, self._path):
            try:
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            except OSError:
                continue
            for line in lines:
                if (failure := _parsed(line)) is not None:
                    yield failure


def _parsed(line: str) -> LoggedFailure | None:
    """Return what a line says; None where it was cut short by a full disk, or is another version's."""
    import json

    try:
        found: dict[str, Any] = json.loads(line)
        return LoggedFailure(**found)
    except (ValueError, TypeError):
        return None

"""The state folder."""

import os
import tempfile
from pathlib import Path

from agentcore._config.reasons import reason
from agentcore.errors import ConfigError

__all__ = ["ensure_state_dir"]

_IGNORE = ".gitignore"


def ensure_state_dir(path: Path) -> Path:
    """Return *path* after making it, readable by its owner alone, with a ``.gitignore`` by which it ignores itself.

    A folder that is there already keeps its mode; where it holds anything, it gets no ``.gitignore``: it may be a
    project's own.
    May be called by any number of threads and processes at once.

    Raises:
        ConfigError: The folder cannot be made or written to.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_fresh(path):
            _ignore_itself(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ConfigError(
            f"the state folder {str(path)!r} cannot be made: {reason(error)}",
            hint="name another one, by 'state_dir' in the configuration or by AGENTCORE_STATE_DIR.",
        ) from error
    return path


def _is_fresh(path: Path) -> bool:
    # Another process may be at this very point: what it has in hand begins with the same name.
    names = os.listdir(path)
    return _IGNORE not in names and all(name.startswith(_IGNORE) for name in names)


def _ignore_itself(path: Path) -> None:
    # Written aside and renamed: nobody sees half of it, and a crash leaves no empty one behind.
    handle, name = tempfile.mkstemp(prefix=_IGNORE, dir=path)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("*\n")
    os.replace(name, path / _IGNORE)

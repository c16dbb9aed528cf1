"""Finding and reading the configuration file."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from agentcore._config.positions import Position, locate
from agentcore._config.reasons import reason
from agentcore._config.shapes import is_mapping
from agentcore._data import data
from agentcore.errors import ConfigError

__all__ = ["CONFIG_VARIABLE", "ConfigFile", "error_at", "find_config", "find_position", "position_in", "read_config"]

CONFIG_VARIABLE: Final = "AGENTCORE_CONFIG"
"""The environment variable that names the file."""

_OWN: Final = "agentcore.toml"
_SHARED: Final = "pyproject.toml"
_TABLE: Final = ("tool", "agentcore")


@data
class ConfigFile:
    """A configuration file that was read."""

    path: Path
    """Absolute."""
    table: Mapping[str, Any]
    """agentcore's own part, as TOML values."""


def find_config(start: Path, environ: Mapping[str, str]) -> ConfigFile | None:
    """Return the file that ``AGENTCORE_CONFIG`` names, else the one nearest to *start*, upwards; None without any.

    Raises:
        ConfigError: The file cannot be used, or one folder holds two.
    """
    if named := environ.get(CONFIG_VARIABLE, "").strip():
        return _named(start, named)
    for folder in (start, *start.parents):
        own, shared = _read(folder / _OWN), _read(folder / _SHARED)
        if own is not None and shared is not None:
            raise ConfigError(
                f"two configurations in one folder: {str(own.path)!r} and [tool.agentcore] in {str(shared.path)!r}",
                hint=f"keep one of them, as the other would be ignored, or name one by --config or {CONFIG_VARIABLE}.",
            )
        if found := own or shared:
            return found
    return None


def _named(start: Path, name: str) -> ConfigFile:
    try:
        path = start / Path(name).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"{CONFIG_VARIABLE}: {error}") from error
    return read_config(path, origin=CONFIG_VARIABLE)


def read_config(path: Path, *, origin: str) -> ConfigFile:
    """Return the configuration file at *path*.

    Args:
        path: Absolute.
        origin: Who names the file, for messages.

    Raises:
        ConfigError: It cannot be used.
    """
    found = _read(path)
    if found is not None:
        return found
    if _contents(path) is None:
        raise ConfigError(f"{origin} names a file that does not exist: {str(path)!r}")
    raise ConfigError(f"{origin} names a file without a [tool.agentcore] table", path=path)


def _read(path: Path) -> ConfigFile | None:
    """Return what *path* configures; None where there is no such file, or it is not about agentcore."""
    content = _contents(path)
    # Most projects' pyproject.toml says nothing of us, and is then nothing that we could complain about.
    if content is None or (_is_shared(path) and b"agentcore" not in content):
        return None
    table = _parse(_decode(content, path), path)
    own = _own_part(table, path) if _is_shared(path) else table
    return None if own is None else ConfigFile(path, own)


def _is_shared(path: Path) -> bool:
    return path.name == _SHARED


def _own_part(table: Mapping[str, Any], path: Path) -> Mapping[str, Any] | None:
    tool = table.get("tool")
    own = tool.get("agentcore") if is_mapping(tool) else None
    if own is None or is_mapping(own):
        return own
    raise error_at("[tool.agentcore] must be a table", (), path=path)


def _contents(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError as error:
        raise ConfigError("this is a folder, not a configuration file", path=path) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ConfigError(f"the configuration cannot be read: {reason(error)}", path=path) from error


def _decode(content: bytes, path: Path) -> str:
    # Some editors put a byte order mark in front, which TOML has no place for.
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
    # Outside of the handler, as the error holds the whole file, secrets and all.
    line_start = before.rfind(b"\n") + 1
    raise ConfigError(
        "not UTF-8 text",
        hint="save the file in the encoding UTF-8.",
        path=path,
        line=before.count(b"\n") + 1,
        column=len(before[line_start:].decode("utf-8", "replace")) + 1,
    )


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, (line, column) = position_in(error, text)
        raise ConfigError(
            f"not TOML: {message}",
            hint="a text needs quotes." if message == "Invalid value" else "",
            path=path,
            line=line,
            column=column,
        ) from error
    except (RecursionError, ValueError) as error:  # ValueError: a number of thousands of digits
        fault = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(f"not TOML: {fault}", path=path) from error


def position_in(error: ValueError, text: str) -> tuple[str, Position]:
    """Return what *error*, tomllib's, says about *text*, and the place that it says it of.

    Python 3.14 has the place as attributes; older ones write it into the message.
    """
    line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
    message, _, place = str(error).rpartition(" (at ")
    if isinstance(line, int) and isinstance(column, int):
        return message, Position(line, column)
    if numbers := re.fullmatch(r"line (\d+), column (\d+)\)", place):
        return message, Position(int(numbers[1]), int(numbers[2]))
    return message, Position(text.count("\n") + 1, len(text) - text.rfind("\n"))


def error_at(message: str, keys: Sequence[str | int], *, path: Path | None, hint: str = "") -> ConfigError:
    """Return an error about the setting at *keys*, with its place in the file at *path*.

    Args:
        message: What is wrong.
        keys: The path to the setting, without ``tool.agentcore``.  Where it is not in the file, the place is that of
            the nearest table around it.
        path: The configuration file; None where the setting comes from elsewhere.  It is read again.
        hint: What to do.
    """
    position = find_position(path, keys) if path is not None else None
    line, column = position or (None, None)
    return ConfigError(message, hint=hint, path=path, line=line, column=column)


def find_position(path: Path, keys: Sequence[str | int]) -> Position | None:
    """Return where the setting at *keys* stands in the file at *path*, as :func:`error_at` finds it."""
    try:
        text = _decode(path.read_bytes(), path)
        prefix = _TABLE if _is_shared(path) else ()
        places = (locate(text, (*prefix, *keys[:length])) for length in range(len(keys), -1, -1))
        return next((place for place in places if place), None)
    except (OSError, ValueError):
        # The file has changed since it was read: an error without a line is all there is to say.
        return None

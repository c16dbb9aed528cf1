"""A source of settings with what it says and how it is called."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from agentcore._config.files import ConfigFile
from agentcore._config.options import Options
from agentcore._config.problems import Where, check, dotted
from agentcore._data import data

__all__ = ["Layer", "argument_layer", "file_layer"]


@data(kw_only=True)
class Layer:
    """One source."""

    options: Options
    folder: Path
    """To which its relative paths are relative; absolute."""
    preposition: Literal["in", "by"]
    """Settings are made "in" a file, "by" anything else."""
    place: Callable[[str, str], str]
    """Names the place of a setting, given its key and, for lists of plugins, the plugin."""


def file_layer(file: ConfigFile, start: Path) -> Layer:
    """Return what *file* says.

    Raises:
        ConfigError: The settings are wrong; every problem is listed.
    """
    return Layer(
        options=check(Options, file.table, Where(path=file.path)),
        # There is nothing beside a pipe or a device.
        folder=file.path.parent if file.path.is_file() else start,
        preposition="in",
        place=lambda _key, _plugin: str(file.path),
    )


def argument_layer(overrides: Mapping[str, Any], start: Path) -> Layer:
    """Return what the caller's keyword arguments say; None says nothing.

    Raises:
        ConfigError: The arguments are wrong; every problem is listed.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    return Layer(
        options=check(Options, given, Where(name=_as_argument)),
        folder=start,
        preposition="by",
        place=lambda key, _plugin: _as_argument((key,)),
    )


def _as_argument(keys: Sequence[str | int]) -> str:
    return f"argument {dotted(keys)!r}"

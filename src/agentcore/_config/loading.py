"""Putting the settings together: code over flags over environment over file over defaults."""

import os
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from agentcore._config.decisions import statements
from agentcore._config.environment import environment_layer, warn_of_misspelt
from agentcore._config.files import ConfigFile, find_config
from agentcore._config.flags import flag_layer
from agentcore._config.layers import Layer, argument_layer, file_layer
from agentcore._config.settings import STATE_DIR, Settings
from agentcore._config.shapes import is_mapping
from agentcore.errors import ConfigError

__all__ = ["combined_settings", "load_settings", "working_folder"]

_SINGLE: Final = ("model", "autoload", "strict", "hook_timeout", "shutdown_timeout", "middleware")
_TABLES: Final = ("plugins", "hooks", "delivery", "journal", "models", "agents")

T = TypeVar("T")


def load_settings(
    *,
    start: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Return the settings that hold for a program.

    A stronger source overrides a weaker one setting by setting, plugin by plugin, and key by key within a table:
    *overrides*, then *flags*, then *environ*, then the file, then the defaults.
    Reads one file, and imports nothing.

    Args:
        start: The folder from which the file is searched, upwards; None is the current folder.
        environ: The environment; None is the process's.
        flags: The values of the command line's ``-p``: ``NAME`` enables a plugin, ``no:NAME`` disables it.
        overrides: Settings by their name in the file; a value of None says nothing.

    Raises:
        ConfigError: A source cannot be used; the message names it, and lists every problem in it.

    Warns:
        ConfigWarning: A variable looks like a misspelt one.
    """
    environ = os.environ if environ is None else environ
    folder = working_folder(start)
    warn_of_misspelt(environ)
    file = find_config(folder, environ)
    return combined_settings(file, folder=folder, environ=environ, flags=flags, overrides=overrides)


def combined_settings(
    file: ConfigFile | None,
    *,
    folder: Path,
    environ: Mapping[str, str],
    flags: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Return the settings that hold with this *file*; see :func:`load_settings`.

    Args:
        file: None where there is none.
        folder: The one that is current, absolute.
        environ: The environment, whose ``AGENTCORE_CONFIG`` is not looked at.
        flags: The values of ``-p``.
        overrides: Settings by their name in the file.

    Raises:
        ConfigError: A source cannot be used.
    """
    layers = [
        argument_layer(overrides or {}, folder),
        flag_layer(flags, folder),
        environment_layer(environ, folder),
        *([] if file is None else [file_layer(file, folder)]),
    ]
    return Settings(
        config_path=None if file is None else file.path,
        state_dir=_state_dir(layers),
        statements=tuple(statements(layers)),
        **_singles(layers),
        **_tables(layers),
    )


def working_folder(start: Path | None = None) -> Path:
    """Return the folder from which relative paths start, absolute; None is the current one."""
    try:
        return (start or Path.cwd()).resolve()
    except FileNotFoundError as error:
        raise ConfigError("the current folder does not exist any more", hint="change to one that does.") from error


def _state_dir(layers: Sequence[Layer]) -> Path:
    """Return the strongest layer's folder; the usual one of the weakest layer, the file if there is one, without."""
    for layer in layers:
        if layer.options.state_dir is not None:
            try:
                return layer.folder / layer.options.state_dir.expanduser()
            except RuntimeError as error:
                raise ConfigError(f"{layer.place('state_dir', '')}: 'state_dir': {error}") from error
    return layers[-1].folder / STATE_DIR


def _singles(layers: Sequence[Layer]) -> dict[str, Any]:
    """Return what the strongest layers say, and where they say it."""
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for key in (*_SINGLE, "state_dir"):
        for layer in layers:
            if (value := getattr(layer.options, key)) is not None:
                found[key], origins[key] = value, layer.place(key, "")
                break
    found.pop("state_dir", None)
    return {**found, "origins": origins}


def _tables(layers: Sequence[Layer]) -> dict[str, Any]:
    weakest_first = [layer.options for layer in reversed(layers)]
    return {key: reduce(_merged, (getattr(options, key) for options in weakest_first)) for key in _TABLES}


def _merged(weak: Any, strong: Any) -> Any:
    """Return *weak* overridden by *strong*, key by key as far down as both are tables; neither is changed."""
    if isinstance(weak, BaseModel) and isinstance(strong, BaseModel):
        said = {key: _merged(getattr(weak, key), getattr(strong, key)) for key in strong.model_fields_set}
        return weak.model_copy(update=said)
    if not is_mapping(weak) or not is_mapping(strong):
        return strong
    return {**weak, **{key: _merged(weak[key], value) if key in weak else value for key, value in strong.items()}}

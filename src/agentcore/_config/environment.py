"""The environment variables ``AGENTCORE_*``."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from agentcore._config.files import CONFIG_VARIABLE
from agentcore._config.layers import Layer
from agentcore._config.options import Options
from agentcore._config.problems import Keys, Where, check
from agentcore._data import data

__all__ = ["KNOWN_VARIABLES", "VARIABLES", "ConfigWarning", "environment_layer", "warn_of_misspelt"]

_PREFIX: Final = "AGENTCORE_"
_SWITCHES: Final = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
_NEAR: Final = 0.75
"""How alike, by difflib's ratio of what follows the prefix, a name is to be taken for a slip.

Below it stand names that plugins might well use themselves, as ``AGENTCORE_MODEL_KEY``.
"""


class ConfigWarning(UserWarning):
    """Something in the configuration is likely not what was meant."""


def _text(value: str) -> str:
    return value


def _names(value: str) -> list[str]:
    return [name for part in value.split(",") if (name := part.strip())]


def _switch(value: str) -> bool | str:
    # What is not understood stays a text, which the model then refuses together with all else that is wrong.
    return _SWITCHES.get(value.casefold(), value)


def _opposite(value: str) -> bool | str:
    switch = _switch(value)
    return switch if isinstance(switch, str) else not switch


@data
class Variable:
    """A variable that stands for a key."""

    name: str
    key: str
    read: Callable[[str], Any]


VARIABLES: Final = (
    Variable("AGENTCORE_PLUGINS", "enabled", _names),
    Variable("AGENTCORE_DISABLED_PLUGINS", "disabled", _names),
    Variable("AGENTCORE_REQUIRED_PLUGINS", "required", _names),
    Variable("AGENTCORE_OPTIONAL_PLUGINS", "optional", _names),
    Variable("AGENTCORE_DISABLE_PLUGIN_AUTOLOAD", "autoload", _opposite),
    Variable("AGENTCORE_STRICT", "strict", _switch),
    Variable("AGENTCORE_STATE_DIR", "state_dir", _text),
    Variable("AGENTCORE_MODEL", "model", _text),
    Variable("AGENTCORE_HOOK_TIMEOUT", "hook_timeout", _text),
)
"""Those that stand for a key."""
_NAMES: Final = {variable.key: variable.name for variable in VARIABLES}

KNOWN_VARIABLES: Final = frozenset(_NAMES.values()) | {
    CONFIG_VARIABLE,
    "AGENTCORE_CACHE_DIR",
    "AGENTCORE_LOCAL_MODEL",
    "AGENTCORE_TRACE",
}
"""Every variable that agentcore reads."""


def environment_layer(environ: Mapping[str, str], start: Path) -> Layer:
    """Return what *environ* says; an empty variable says nothing.

    Raises:
        ConfigError: Variables hold what they cannot; every one is listed.
    """
    given = {
        variable.key: variable.read(value)
        for variable in VARIABLES
        if (value := environ.get(variable.name, "").strip())
    }
    return Layer(
        options=check(Options, given, Where(name=_as_variable)),
        folder=start,
        preposition="by",
        place=lambda key, _plugin: _NAMES[key],
    )


def _as_variable(keys: Keys) -> str:
    return _NAMES[str(keys[0])]


def warn_of_misspelt(environ: Mapping[str, str]) -> None:
    """Warn of each variable that nothing reads and whose name is near to that of one that is read."""
    for name, near in _misspelt(environ):
        warnings.warn(
            f"the environment variable {name!r} is not known and ignored\nhint: did you mean {near!r}?",
            ConfigWarning,
            stacklevel=3,
        )


def _misspelt(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    known = sorted(name.removeprefix(_PREFIX) for name in KNOWN_VARIABLES)
    for name in sorted(set(environ) - KNOWN_VARIABLES):
        if name.startswith(_PREFIX):
            for near in get_close_matches(name.removeprefix(_PREFIX), known, n=1, cutoff=_NEAR):
                yield name, _PREFIX + near

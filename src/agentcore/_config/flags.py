"""The command line's ``-p NAME`` and ``-p no:NAME``."""

from collections.abc import Sequence
from pathlib import Path

from agentcore._config.layers import Layer
from agentcore._config.options import Options
from agentcore._config.problems import Where, check
from agentcore.errors import ConfigError

__all__ = ["flag_layer"]

_NO = "no:"


def flag_layer(flags: Sequence[str], start: Path) -> Layer:
    """Return what *flags* say, each the value of one ``-p``.

    Raises:
        ConfigError: A flag names no plugin.
    """
    named = {"enabled": [flag for flag in flags if not flag.startswith(_NO)]}
    named["disabled"] = [flag.removeprefix(_NO) for flag in flags if flag.startswith(_NO)]
    if not all(name.strip() for names in named.values() for name in names):
        raise ConfigError("the flag -p without a plugin's name", hint="write -p NAME to enable, -p no:NAME to disable.")
    return Layer(
        options=check(Options, named, Where(name=lambda _keys: "flag -p")),
        folder=start,
        preposition="by",
        place=lambda key, plugin: f"-p {_NO if key == 'disabled' else ''}{plugin}",
    )

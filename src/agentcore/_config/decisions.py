"""Which plugins are enabled and which required, and who said so."""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from agentcore._config.layers import Layer
from agentcore._data import data

__all__ = ["Decision", "Requirement", "Statement", "Verb", "statements"]

Verb: TypeAlias = Literal["disabled", "enabled", "required", "optional"]
"""What a source says of a plugin; within one source, the first in this order decides."""

_VERBS: tuple[Verb, ...] = ("disabled", "enabled", "required", "optional")


@data
class Statement:
    """What one source says of one plugin."""

    plugin: str
    verb: Verb
    reason: str
    """As a person reads it: ``disabled by AGENTCORE_DISABLED_PLUGINS``."""


@data
class Decision:
    """Whether a plugin is loaded."""

    enabled: bool
    reason: str
    """Who decided, as a person reads it."""


@data
class Requirement:
    """Whether the program refuses to start without a plugin."""

    required: bool
    reason: str
    """Who decided, as a person reads it."""


def statements(layers: Sequence[Layer]) -> Iterator[Statement]:
    """Yield what *layers*, strongest first, say of plugins, in the order in which it counts."""
    for layer in layers:
        for verb in _VERBS:
            for plugin in getattr(layer.options, verb):
                yield Statement(plugin, verb, f"{verb} {layer.preposition} {layer.place(verb, plugin)}")

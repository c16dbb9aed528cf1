"""A model's own settings beneath those of a request."""

from __future__ import annotations

from agentcore.types import ModelSettings

__all__ = ["merged"]

_NONE = ModelSettings()


def merged(asked: ModelSettings, own: ModelSettings) -> ModelSettings:
    """Return *asked* with *own* where it leaves a setting to the model; *asked* itself where *own* sets nothing."""
    if own == _NONE:
        return asked
    return ModelSettings(
        temperature=own.temperature if asked.temperature is None else asked.temperature,
        top_p=own.top_p if asked.top_p is None else asked.top_p,
        max_tokens=own.max_tokens if asked.max_tokens is None else asked.max_tokens,
        seed=own.seed if asked.seed is None else asked.seed,
        stop=asked.stop or own.stop,
        timeout=own.timeout if asked.timeout is None else asked.timeout,
        extra={**own.extra, **asked.extra},
    )

"""Amounts of storage as people write them: ``"512MB"``, ``"2GiB"``."""

import math
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, ByteSize, TypeAdapter, ValidationError, WithJsonSchema

from agentcore.errors import ConfigError

__all__ = ["Size", "parse_size"]

_HINT = "write a number and a unit as in '512MB' or '2GiB', a number of bytes, or 'off'."


def parse_size(value: object) -> float:
    """Return the bytes that *value* stands for; infinity for ``"off"``.

    Raises:
        ConfigError: It is no size.
    """
    if value == "off" or value == math.inf:
        return math.inf
    try:
        size = TypeAdapter(ByteSize).validate_python(value)
    except ValidationError:
        raise ConfigError("not a size", hint=_HINT) from None
    if isinstance(value, bool) or size <= 0:
        raise ConfigError("not a size", hint=_HINT)
    return float(size)


Size: TypeAlias = Annotated[
    float,
    BeforeValidator(parse_size),
    WithJsonSchema({"type": ["number", "string"], "examples": ["512MB", "2GiB", "off"]}),
]
"""Bytes, infinity for no limit, read by :func:`parse_size`."""

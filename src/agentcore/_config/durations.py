"""Lengths of time as people write them: ``"5s"``, ``"1.5m"``, ``"off"``."""

import math
import re
from decimal import Decimal
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from agentcore.errors import ConfigError

__all__ = ["Duration", "Timeout", "parse_duration"]

_SECONDS: Final = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
}
_TEXT: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|m|h|d)?")
_ENDLESS: Final = ("off", "inf")
_HINT: Final = "write a number and a unit (ms, s, m, h or d) as in '5s' or '1.5m', a number of seconds, or 'off'."


def parse_duration(value: object) -> float:
    """Return the seconds that *value* stands for; infinity for ``"off"`` and ``"inf"``.

    Args:
        value: A number of seconds, or a text: a number with one of the units ms, s, m, h, d.  A text without a unit
            is in seconds, as an environment variable has no other way to say a number.

    Raises:
        ConfigError: It is neither, negative, or too long to count.  The value is not repeated, as it may be a secret
            that was written to the wrong key.
    """
    if isinstance(value, str):
        return math.inf if value in _ENDLESS else _finite(_seconds(value))
    # Written so that it is true of NaN as well.
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ConfigError("not a duration", hint=_HINT)
    return math.inf if value == math.inf else _finite(value)


def _seconds(text: str) -> Decimal:
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ConfigError("not a duration", hint=_HINT)
    return Decimal(match[1]) * _SECONDS[match[2] or "s"]


def _finite(seconds: Decimal | float) -> float:
    try:
        result = float(seconds)
    except OverflowError:
        result = math.inf
    if result == math.inf:
        raise ConfigError("too long for a duration", hint="write 'off' for no end at all.")
    return result


def _positive(seconds: float) -> float:
    if seconds == 0:
        raise ConfigError("a timeout must be longer than zero", hint="write 'off' to wait for ever.")
    return seconds


def _written(seconds: float) -> float | str:
    # JSON has no infinity.
    return "off" if seconds == math.inf else seconds


Duration: TypeAlias = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(_written, return_type=float | str, when_used="json"),
    WithJsonSchema({"type": ["number", "string"], "minimum": 0, "examples": ["5s", "1.5m", "off"]}),
]
"""Seconds, infinity for no end, read by :func:`parse_duration`."""

Timeout: TypeAlias = Annotated[Duration, AfterValidator(_positive)]
"""A :data:`Duration` longer than zero."""

"""Lengths of time as people write them."""

from __future__ import annotations

import re
from typing import Final

from agentcore_vectorstore.errors import QueryError

__all__ = ["parse_ttl"]

_TEXT: Final = re.compile(r"(\d+(?:\.\d+)?)([smhdw]?)")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_ttl(value: float | str) -> float:
    """Return the seconds that *value* stands for: a number of seconds, or a text as ``"12h"`` (s, m, h, d, w).

    Raises:
        QueryError: It is neither, or not above 0.
    """
    if isinstance(value, str):
        match = _TEXT.fullmatch(value)
        seconds = 0.0 if match is None else float(match[1]) * _SECONDS[match[2]]
    else:
        seconds = float(value)
    if not 0 < seconds < float("inf"):
        raise QueryError(
            f"{value!r} is no time to live",
            hint="write seconds, or a number and one of the units s, m, h, d and w, as '30d'.",
        )
    return seconds

"""JSON texts that can be compared."""

from __future__ import annotations

import json
from typing import Any, Final

__all__ = ["canonical_json"]

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)


def canonical_json(value: Any) -> str:
    """Return the one JSON text of *value*: no spaces, keys sorted.

    Raises:
        ValueError: It is not JSON: NaN, a reference to itself, text that is not valid Unicode.
        TypeError: It is not JSON: another type.
        RecursionError: It is nested too deep.
    """
    text = _ENCODER.encode(value)
    text.encode("utf-8")
    return text

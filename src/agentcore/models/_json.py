"""Looking into JSON that somebody else wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

__all__ = ["as_list", "as_mapping"]


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return *value* if it is a JSON object, else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def as_list(value: object) -> list[object]:
    """Return *value* if it is a JSON array, else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []

"""Telling tables and lists apart from the rest."""

from collections.abc import Mapping
from typing import Any, TypeGuard

__all__ = ["is_list", "is_mapping", "is_set"]


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Tell whether *value* is a table."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Tell whether *value* is a list or a tuple."""
    return isinstance(value, list | tuple)


def is_set(value: object) -> TypeGuard[set[Any] | frozenset[Any]]:
    """Tell whether *value* is a set."""
    return isinstance(value, set | frozenset)

"""The tree that a filter is read into, and that every backend compiles."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

__all__ = ["EVERYTHING", "And", "Compare", "Contains", "Exists", "Filter", "Not", "Operator", "Or", "Path"]

Path: TypeAlias = tuple[str, ...]
"""The keys that lead from a document's metadata to a value; at least one."""

Operator: TypeAlias = Literal["==", "<", "<=", ">", ">="]


@frozen
class Compare:
    """A value of the metadata compared with a constant.

    It is false where the two are of different types or the value is missing: text is compared with text by code point,
    numbers with numbers as float64 (``1`` equals ``1.0``), and nothing else has an order.
    """

    path: Path
    operator: Operator
    value: Any
    """Any JSON value for ``==``; text or a number for the others."""


@frozen
class Contains:
    """A list of the metadata has an element equal to a constant, or a text has it as a part."""

    path: Path
    value: Any


@frozen
class Exists:
    """The metadata have the key, be its value null."""

    path: Path


@frozen
class Not:
    """The opposite."""

    part: Filter


@frozen
class And:
    """All of them; true where there are none."""

    parts: tuple[Filter, ...]


@frozen
class Or:
    """At least one of them; false where there are none."""

    parts: tuple[Filter, ...]


Filter: TypeAlias = Compare | Contains | Exists | Not | And | Or
"""A filter that has been read."""

EVERYTHING: Final = And(())
"""The filter that every document passes."""

"""What a point says of its metadata, in the terms that Qdrant can filter by.

Qdrant's own conditions mean something else: one on a list is true of any of its elements, and text has no order.
So each point carries *facts*, hashes of statements such as "this path has this value", and its numbers by path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from math import copysign, isfinite
from sys import float_info
from typing import Any

from agentcore_vectorstore._filters import Path
from agentcore_vectorstore._filters.meaning import as_double, is_list, is_number, is_object
from agentcore_vectorstore._json import canonical_json

__all__ = ["fact", "facts_of", "finite", "number_name", "numbers_of"]


def fact(kind: str, path: Path, value: Any = None) -> str:
    """Return the hash of a statement; *kind* is ``exists``, ``is`` or ``contains``, and *value* a JSON scalar."""
    spelled = canonical_json(as_double(value) + 0.0 if _is_finite(value) else value)
    return blake2b(f"{kind}\n{canonical_json(list(path))}\n{spelled}".encode(), digest_size=10).hexdigest()


def facts_of(metadata: Mapping[str, Any]) -> list[str]:
    """Return every fact that a filter may ask for."""
    return sorted({each for path, value in _values(metadata, ()) for each in _facts(path, value)})


def numbers_of(metadata: Mapping[str, Any]) -> dict[str, float]:
    """Return every number by the name of its path."""
    return {number_name(path): finite(value) for path, value in _values(metadata, ()) if is_number(value)}


def number_name(path: Path) -> str:
    """Return a name for *path* that is no path to Qdrant."""
    return blake2b(canonical_json(list(path)).encode(), digest_size=10).hexdigest()


def finite(number: float) -> float:
    """Return *number* as float64, the largest one instead of infinity, which JSON does not have."""
    double = as_double(number)
    return double if isfinite(double) else copysign(float_info.max, double)


def _facts(path: Path, value: Any) -> Iterator[str]:
    yield fact("exists", path)
    if is_list(value):
        for element in value:
            if not is_list(element) and not is_object(element):
                yield fact("contains", path, element)
    elif not is_object(value):
        yield fact("is", path, value)


def _values(metadata: Mapping[str, Any], above: Path) -> Iterator[tuple[Path, Any]]:
    for key, value in metadata.items():
        path = (*above, key)
        yield path, value
        if is_object(value):
            yield from _values(value, path)


def _is_finite(value: Any) -> bool:
    return is_number(value) and isfinite(as_double(value))

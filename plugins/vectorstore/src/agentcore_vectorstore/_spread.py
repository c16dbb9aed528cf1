"""How far the scores of all documents are spread, from those that are known."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["deviation", "expected_spread", "spread"]


def spread(scores: NDArray[np.floating[Any]], documents: int) -> float:
    """Return the standard deviation of the scores of all documents, and of that of a text with nothing in common.

    With that one, whose score is 0, there is a deviation even where there is one document, or all are equal.

    Args:
        scores: Those that are not 0.
        documents: How many there are.
    """
    # Not as a product: of so many numbers that is computed by several threads, which cost more than it takes.
    return deviation(documents, float(scores.sum()), float(np.square(scores).sum()))


def deviation(documents: int, total: float, squares: float) -> float:
    """Return what :func:`spread` does, by the sum of the scores and the sum of their squares."""
    mean = total / (documents + 1)
    return math.sqrt(max(0.0, squares / (documents + 1) - mean * mean))


def expected_spread(scores: NDArray[np.floating[Any]], words: Iterable[tuple[float, int]], documents: int) -> float:
    """Return the standard deviation that the BM25 scores of all documents are to be expected to have.

    As if words came independently of each other, and once in a text of average length; and at least what the best
    alone bring, for where documents are few, or one is like no other.

    Args:
        scores: The best.
        words: Of the question: the weight of each, and how many documents have it.
        documents: How many there are.
    """
    variance = 0.0
    for weight, having in words:
        share = min(1.0, (having + 0.5) / (documents + 1))
        variance += weight * weight * share * (1 - share)
    return max(math.sqrt(variance), spread(scores, max(documents, scores.size)))

"""From the scores of two searches to one ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ALPHA", "POOL", "fuse", "top"]

ALPHA: Final = 0.5
"""The weight of meaning; words have the rest."""

POOL: Final = 100
"""How many of each search's best take part in the fusion, at least."""


def fuse(meaning: NDArray[np.floating[Any]], words: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return one score for each candidate: the weighted sum of its two z-scores.

    Cosines and BM25 scores have neither scale nor spread in common; in standard deviations from the mean of the
    candidates they have both.

    Args:
        meaning: The cosine of every candidate.
        words: The BM25 score of every candidate; 0 for one in which no word was found.
    """
    return ALPHA * _standardised(meaning) + (1 - ALPHA) * _standardised(words)


def top(scores: NDArray[np.floating[Any]], limit: int) -> NDArray[np.intp]:
    """Return the indices of the *limit* largest scores, best first; of equal ones the later first."""
    chosen = np.arange(scores.size)
    if scores.size > limit:
        edge = np.partition(scores, scores.size - limit)[scores.size - limit]
        chosen = np.flatnonzero(scores >= edge)
    return chosen[np.lexsort((-chosen, -scores[chosen]))][:limit]


def _standardised(scores: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    values = scores.astype(np.float64)
    spread = values.std() if values.size else 0.0
    return (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)

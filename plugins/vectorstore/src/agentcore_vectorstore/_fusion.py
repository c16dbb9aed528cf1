"""From the scores of two searches to one ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from agentcore_vectorstore._spread import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agentcore_vectorstore.protocols import Candidates, Fusion

__all__ = ["ALPHA", "POOL", "diverse", "fused", "top"]

ALPHA: Final = 0.5
"""The weight of meaning; words have the rest."""

POOL: Final = 100
"""How many of each search's best take part in the fusion, at least."""

_RRF: Final = 60
"""The constant of reciprocal rank fusion, from Cormack, Clarke and Buettcher (2009)."""


def fused(candidates: Candidates, fusion: Fusion, alpha: float) -> NDArray[np.float64]:
    """Return one score for each candidate; where a search took no part, the other's alone."""
    meaning, words = candidates.meaning, candidates.words
    if meaning is None or words is None:
        only = words if meaning is None else meaning
        return np.zeros(0) if only is None else only
    if fusion == "rrf":
        return alpha * _reciprocal_ranks(meaning) + (1 - alpha) * np.where(words > 0, _reciprocal_ranks(words), 0.0)
    near, wordy = candidates.spread_of_meaning, candidates.spread_of_words
    if near is None or wordy is None:
        near, wordy = spread(meaning, meaning.size), spread(words, words.size)
    return alpha * _standardised(meaning, near) + (1 - alpha) * _standardised(words, wordy)


def top(scores: NDArray[np.floating[Any]], limit: int) -> NDArray[np.intp]:
    """Return the indices of the *limit* largest scores, best first; of equal ones the later first."""
    chosen = np.arange(scores.size)
    if scores.size > limit:
        edge = np.partition(scores, scores.size - limit)[scores.size - limit]
        chosen = np.flatnonzero(scores >= edge)
    return chosen[np.lexsort((-chosen, -scores[chosen]))][:limit]


def diverse(
    scores: NDArray[np.float64], vectors: NDArray[np.float32], diversity: float, limit: int
) -> NDArray[np.intp]:
    """Choose by maximal marginal relevance (Carbonell and Goldstein, 1998).

    Args:
        scores: Of each candidate, best first.
        vectors: Of each candidate, in unit length; a row of zeros for one that has none.
        diversity: How much likeness to what has been chosen counts against a candidate, from 0 to 1.
        limit: How many to choose.
    """
    span = float(scores[0] - scores[-1]) if scores.size else 0.0
    relevance = (scores - scores[-1]) / span if span > 0 else np.ones_like(scores)
    likeness = np.zeros(scores.size)
    left = np.ones(scores.size, dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(limit, scores.size):
        gain = np.where(left, (1 - diversity) * relevance - diversity * likeness, -np.inf)
        best = int(np.argmax(gain))
        chosen.append(best)
        left[best] = False
        likeness = np.maximum(likeness, np.vecdot(vectors, vectors[best]))
    return np.array(chosen, dtype=np.intp)


def _standardised(scores: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Return each score in standard deviations above that of a text with nothing in common.

    Cosines and BM25 scores have neither scale nor spread in common; in standard deviations they have both.
    The difference to z-scores, the mean, is the same for all candidates and changes no order; without it a score
    tells something on its own.
    """
    return scores / spread if spread > 0 else np.zeros_like(scores)


def _reciprocal_ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (60 + rank) for each; equal scores have equal ranks."""
    higher = np.searchsorted(np.sort(-scores), -scores, side="left")
    return 1.0 / (_RRF + 1 + higher)

"""From texts to vectors that can be stored."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from agentcore_vectorstore.errors import EmbedderError
from agentcore_vectorstore.protocols import Backend, Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PART", "embed_missing", "unit_vectors"]

PART: Final = 256
"""Documents that are embedded and written at once."""

_logger = logging.getLogger(__name__)


def unit_vectors(embedder: Embedder, texts: Sequence[str], given: ArrayLike | None = None) -> NDArray[np.float32]:
    """Embed *texts*, and see to it that what comes back can be stored: one finite row of unit length for each.

    Args:
        embedder: Makes the vectors.
        texts: What to embed.
        given: The vectors, where there are some already.

    Raises:
        EmbedderError: It cannot.
    """
    import numpy as np

    source = f"embedder {embedder.id!r} returned" if given is None else "the caller passed"
    made = embedder.embed([_readable(text) for text in texts]) if given is None else given
    try:
        vectors = np.asarray(made, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise EmbedderError(f"{source} something that is no array of numbers: {error}") from error
    expected = (len(texts), embedder.dimension)
    if vectors.shape != expected:
        raise EmbedderError(f"{source} an array of shape {vectors.shape}, not {expected}")
    # One by one: mostly there is one, and a function for whole arrays costs more than all else that is done here.
    lengths = [math.sqrt(row.dot(row)) for row in vectors]
    for text, length in zip(texts, lengths, strict=True):
        if not 0 < length < math.inf:
            raise EmbedderError(
                f"{source} a vector without a direction (zero, NaN or infinite) for the text {text[:80]!r}"
            )
    return vectors / np.array(lengths, dtype=np.float32)[:, np.newaxis]


def embed_missing(backend: Backend, embedder: Embedder, progress: Callable[[int], object] | None = None) -> int:
    """Make up for the time in which the store was written without *embedder*, and return how many vectors it took.

    Args:
        backend: What keeps the documents.
        embedder: Makes the vectors.
        progress: Is told how many more there are; None writes to the log.
    """
    total = 0
    while waiting := backend.without_vector(PART):
        if not total and progress is None:
            _logger.warning("%s holds texts that were stored without an embedder: embedding them", backend.location)
        vectors = unit_vectors(embedder, [text for _, text in waiting])
        backend.attach((key, vector) for (key, _), vector in zip(waiting, vectors, strict=True))
        total += len(waiting)
        if progress is not None:
            progress(len(waiting))
    if total and progress is None:
        _logger.warning("%s: texts embedded, and found by meaning from now on: %d", backend.location, total)
    return total


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")

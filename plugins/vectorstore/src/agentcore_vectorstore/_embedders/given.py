"""No model at all: whoever adds and searches brings the vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentcore_vectorstore.errors import EmbedderError, EmbedderNotFoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["GivenVectors"]


class GivenVectors:
    """Stands for vectors that are made elsewhere: ``embedder="given:384"``."""

    fingerprint: str = ""

    def __init__(self, dimension: str = "") -> None:
        """Say how many numbers each vector has.

        Raises:
            EmbedderNotFoundError: *dimension* is no number above 0.
        """
        if not dimension.isdigit() or not int(dimension):
            raise EmbedderNotFoundError(
                f"the embedder 'given' must be told how many numbers a vector has, not {dimension!r}",
                hint="write 'given:384'.",
            )
        self.dimension = int(dimension)
        self.id = f"given-{dimension}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Refuse: there is no model."""
        raise EmbedderError(
            "the store was opened for vectors that are given, and none were",
            hint="pass vectors= to add() and vector= to search(), or search with fusion='bm25'.",
        )

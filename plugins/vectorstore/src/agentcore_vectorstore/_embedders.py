"""From an embedder's name to an embedder."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from agentcore.errors import nearest
from agentcore_vectorstore._registry import EMBEDDERS
from agentcore_vectorstore.errors import EmbedderError, EmbedderNotFoundError, KeywordOnlyWarning
from agentcore_vectorstore.protocols import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DEFAULT_EMBEDDER", "NO_EMBEDDER", "load_embedder", "unit_vectors"]

DEFAULT_EMBEDDER: Final = "minilm"
"""Where it is not installed, the store searches by keywords and says so."""

NO_EMBEDDER: Final = "none"
"""Keywords only, on purpose."""


def load_embedder(name: str) -> Embedder | None:
    """Return the embedder called *name*; None for keywords only.

    Warns:
        KeywordOnlyWarning: *name* is the default, and it is not installed.

    Raises:
        EmbedderNotFoundError: No other embedder of that name is installed.
    """
    if name == NO_EMBEDDER:
        return None
    kind, _, model = name.partition(":")
    factory = EMBEDDERS.find(kind)
    if factory is None:
        _complain(kind)
        return None
    embedder: Embedder = factory(model) if model else factory()
    return embedder


def _complain(kind: str) -> None:
    if kind != DEFAULT_EMBEDDER:
        raise EmbedderNotFoundError(
            f"no embedder {kind!r} is installed", hint=nearest(kind, [NO_EMBEDDER, *EMBEDDERS.names()])
        )
    warnings.warn(
        "search by meaning is off, and only words are found, because the embedder 'minilm' is not installed: "
        "run `python -m pip install agentcore-minilm`, or choose embedder='none' to have it so",
        KeywordOnlyWarning,
        stacklevel=4,
    )


def unit_vectors(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Embed *texts*, and see to it that what comes back can be stored: one finite row of unit length for each.

    Raises:
        EmbedderError: It cannot.
    """
    import numpy as np

    vectors = np.asarray(embedder.embed(texts), dtype=np.float32)
    expected = (len(texts), embedder.dimension)
    if vectors.shape != expected:
        raise EmbedderError(f"embedder {embedder.id!r} returned an array of shape {vectors.shape}, not {expected}")
    lengths = np.linalg.norm(vectors, axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if bad.size:
        raise EmbedderError(
            f"embedder {embedder.id!r} returned a vector without a direction (zero, NaN or infinite) "
            f"for the text {texts[int(bad[0])][:80]!r}"
        )
    unit: NDArray[np.float32] = (vectors / lengths[:, np.newaxis]).astype(np.float32, copy=False)
    return unit

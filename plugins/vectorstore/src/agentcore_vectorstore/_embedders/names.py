"""From an embedder's name to an embedder."""

from __future__ import annotations

import warnings
from typing import Final

from agentcore.errors import nearest
from agentcore_vectorstore._registry import EMBEDDERS
from agentcore_vectorstore.errors import EmbedderNotFoundError, KeywordOnlyWarning
from agentcore_vectorstore.protocols import Embedder

__all__ = ["DEFAULT_EMBEDDER", "NO_EMBEDDER", "load_embedder"]

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

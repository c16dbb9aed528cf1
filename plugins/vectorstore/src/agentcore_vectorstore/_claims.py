"""Whose vectors lie in a store."""

from __future__ import annotations

from typing import TypeAlias

from agentcore_vectorstore.errors import EmbedderMismatchError

__all__ = ["Identity", "mismatch"]

Identity: TypeAlias = tuple[str, int, str]
"""Id, dimension and fingerprint of an embedder."""


def mismatch(location: str, written: Identity, mine: Identity) -> EmbedderMismatchError:
    """Return the error to raise where they are another embedder's."""
    return EmbedderMismatchError(
        f"the vectors in {location} are those of embedder {_described(written)}, not {_described(mine)}",
        hint="open it with the embedder that wrote it, or with embedder='none' for words only; "
        "`agentcore knowledge reembed` makes all vectors anew.",
    )


def _described(embedder: Identity) -> str:
    id_, dimension, fingerprint = embedder
    return f"{id_!r} ({dimension} numbers{f', fingerprint {fingerprint[:12]}' if fingerprint else ''})"

"""What the parts of the contract share."""

from __future__ import annotations

from typing import Any, Final, get_args

from agentcore_vectorstore import Fusion, SyncStore

__all__ = ["FUSIONS", "ids", "texts"]

FUSIONS: Final[tuple[Fusion, ...]] = get_args(Fusion)


def texts(store: SyncStore, query: str, **options: Any) -> list[str]:
    """The texts that a search finds, best first."""
    return [hit.document.text for hit in store.search(query, **options)]


def ids(store: SyncStore, query: str, **options: Any) -> list[str | None]:
    """The ids that a search finds, best first."""
    return [hit.document.id for hit in store.search(query, **options)]

"""The memory of agents: a store on disk that finds texts by meaning and by words, and the plugin that fills it."""

from agentcore.types import Document, Hit
from agentcore_vectorstore._open import open_store
from agentcore_vectorstore._provider import VectorStoreProvider
from agentcore_vectorstore._store import Store
from agentcore_vectorstore.errors import KeywordOnlyWarning, StoreError
from agentcore_vectorstore.protocols import Mode

__all__ = [
    "Document",
    "Hit",
    "KeywordOnlyWarning",
    "Mode",
    "Store",
    "StoreError",
    "VectorStoreProvider",
    "open_store",
]

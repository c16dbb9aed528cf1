"""The memory of agents: a store on disk that finds texts by meaning and by words, and the plugin that fills it."""

from agentcore.types import Document, Hit
from agentcore_vectorstore._async_store import Store
from agentcore_vectorstore._open import open_store, open_store_sync
from agentcore_vectorstore._provider import VectorStoreProvider
from agentcore_vectorstore._recall import Memory, ScopedQuery, memory_option
from agentcore_vectorstore._store import SyncStore
from agentcore_vectorstore._transfer import copy, export_jsonl, import_jsonl
from agentcore_vectorstore.errors import FilterError, KeywordOnlyWarning, StoreError
from agentcore_vectorstore.protocols import FilterSpec, Fusion, Match, Stored, VectorStore

__all__ = [
    "Document",
    "FilterError",
    "FilterSpec",
    "Fusion",
    "Hit",
    "KeywordOnlyWarning",
    "Match",
    "Memory",
    "ScopedQuery",
    "Store",
    "StoreError",
    "Stored",
    "SyncStore",
    "VectorStore",
    "VectorStoreProvider",
    "copy",
    "export_jsonl",
    "import_jsonl",
    "memory_option",
    "open_store",
    "open_store_sync",
]

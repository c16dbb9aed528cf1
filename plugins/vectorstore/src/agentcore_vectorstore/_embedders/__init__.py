"""What makes vectors of texts, and how it is found by name."""

from agentcore_vectorstore._embedders.names import DEFAULT_EMBEDDER, NO_EMBEDDER, load_embedder

__all__ = ["DEFAULT_EMBEDDER", "NO_EMBEDDER", "load_embedder"]

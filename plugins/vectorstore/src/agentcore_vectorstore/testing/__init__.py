"""The test kit: what every backend must do, and an embedder without a model.  Needs pytest and Hypothesis."""

import pytest

for _part in ("adding", "deleting", "filters", "listing", "namespaces", "processes", "ranking", "searching", "using"):
    pytest.register_assert_rewrite(f"agentcore_vectorstore.testing._{_part}")

from agentcore_vectorstore.testing._contract import VectorStoreContract  # noqa: E402
from agentcore_vectorstore.testing._embedder import WordEmbedder  # noqa: E402

__all__ = ["VectorStoreContract", "WordEmbedder"]

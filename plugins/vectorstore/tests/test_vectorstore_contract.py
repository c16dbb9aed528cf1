"""The plugin is what every provider must be."""

from agentcore.testing import ProviderContract
from agentcore_vectorstore import VectorStoreProvider
from agentcore_vectorstore.testing import WordEmbedder


class TestVectorStoreProvider(ProviderContract):
    """With a store in the state folder."""

    name = "vectorstore"

    def make_provider(self) -> VectorStoreProvider:
        return VectorStoreProvider(embedder=WordEmbedder())

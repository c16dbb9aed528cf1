"""The embedding model all-MiniLM-L6-v2 as a package of weights: texts to vectors, without any network."""

from agentcore_minilm._embedder import MiniLMEmbedder
from agentcore_minilm._weights import DIMENSION, ID, MAX_TOKENS, SHA256, model_path, tokenizer_path

__all__ = ["DIMENSION", "ID", "MAX_TOKENS", "SHA256", "MiniLMEmbedder", "model_path", "tokenizer_path"]

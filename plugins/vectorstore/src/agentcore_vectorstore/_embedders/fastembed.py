"""The models of the library fastembed: ``embedder="fastembed:BAAI/bge-small-en-v1.5"``."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from agentcore_vectorstore.errors import EmbedderError, EmbedderNotFoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FastEmbedder"]

_DEFAULT: Final = "BAAI/bge-small-en-v1.5"


class FastEmbedder:
    """Models in ONNX format; fastembed fetches one from its hub when it is first used."""

    def __init__(self, model: str = _DEFAULT, **options: Any) -> None:
        """Prepare, and fetch nothing yet.

        Args:
            model: As fastembed calls it.
            **options: Of fastembed's ``TextEmbedding``, as ``cache_dir``.

        Raises:
            EmbedderNotFoundError: fastembed is not installed.
        """
        try:
            self._library: Any = import_module("fastembed")
        except ImportError as error:
            raise EmbedderNotFoundError(
                f"the embedder 'fastembed:{model}' needs the library fastembed: {error}",
                hint="run `python -m pip install 'agentcore-vectorstore[fastembed]'`.",
            ) from error
        self.id = f"fastembed:{model}"
        self.fingerprint = f"fastembed {version('fastembed')}"
        self._model = model
        self._options = options
        self._lock = threading.Lock()

    @cached_property
    def dimension(self) -> int:
        """Numbers in each vector."""
        return int(self.embed(["dimension"]).shape[1])

    @cached_property
    def _embedding(self) -> Any:
        try:
            return self._library.TextEmbedding(self._model, **self._options)
        except Exception as error:  # the library and its hub raise what they like
            raise EmbedderError(f"the model of embedder {self.id!r} cannot be loaded: {error}") from error

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text, in order.  Blocks; the first call may go over the network."""
        import numpy as np

        with self._lock:
            embedding = self._embedding
        # One by one: a quantised model would give a text another vector in other company.
        return np.array([next(iter(embedding.embed([text]))) for text in texts], dtype=np.float32)

"""Texts to vectors."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from agentcore_minilm._weights import DIMENSION, ID, SHA256

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from agentcore_minilm._encoder import Encoder

__all__ = ["MiniLMEmbedder"]

_WORTH_THREADS: Final = 8
"""Texts from which on starting threads pays: below, the call is over within about 10 ms."""


class MiniLMEmbedder:
    """all-MiniLM-L6-v2: texts that mean the same get vectors that point the same way.

    The model is loaded at the first call (about 0.1 s and 90 MB) and never goes over the network.
    One instance serves any number of threads, and goes on working in a forked child.
    """

    id: str = ID
    """Names the space that the vectors live in."""
    dimension: int = DIMENSION
    """Numbers in each vector."""
    fingerprint: str = SHA256
    """Changes whenever the same text may get another vector."""

    def __init__(self, *, threads: int = 2) -> None:
        """Prepare, and load nothing yet.

        Args:
            threads: Texts that are computed at once, each on one thread, of all callers together; at least 1.

        Raises:
            ValueError: *threads* is smaller than 1.
        """
        if threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        self._threads = threads
        self._lock = threading.Lock()
        self._turns = self._made_turns()
        self._encoder: Encoder | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text, in order.  Blocks while it computes, about 1 to 20 ms for each text.

        The same text always gets the same vector, whatever else is in *texts*.
        Only the first :data:`~agentcore_minilm.MAX_TOKENS` tokens of a text count; case and accents do not.

        Returns:
            float32 of shape ``(len(texts), 384)``; each row has unit length, so that a dot product is a cosine.

        Raises:
            TypeError: *texts* is one string.
        """
        if isinstance(texts, str):
            raise TypeError("texts must be a sequence of strings, not one string: write embed([text])")
        import numpy as np

        if not texts:
            return np.empty((0, DIMENSION), dtype=np.float32)
        return np.stack(self._encode_all(texts))

    def _encode_all(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        encoder, turns = self._load(), self._turns_here()

        def encode(text: str) -> NDArray[np.float32]:
            # However many callers there are, no more threads compute than there is work for.
            with turns:
                return encoder.encode(text)

        # Texts are not put into one tensor: the quantised model scales its activations over a whole batch, so that a
        # text's vector would depend on its neighbours (cosine down to .967), and padding eats what batching saves.
        # No thread can be started once the main thread has ended, and what is stored at exit must be embedded too.
        if self._threads == 1 or len(texts) < _WORTH_THREADS or not threading.main_thread().is_alive():
            return [encode(text) for text in texts]
        # The longest first: else the last one may keep one thread busy while the others have nothing left.
        order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))
        with ThreadPoolExecutor(self._threads, thread_name_prefix="minilm") as pool:
            rows = dict(zip(order, pool.map(encode, (texts[number] for number in order)), strict=True))
        return [rows[number] for number in range(len(texts))]

    def _made_turns(self) -> tuple[int, threading.Semaphore]:
        return os.getpid(), threading.Semaphore(self._threads)

    def _turns_here(self) -> threading.Semaphore:
        """What gives out turns; a forked child, in which nobody else computes, begins with all of them."""
        if self._turns[0] != os.getpid():
            self._turns = self._made_turns()
        return self._turns[1]

    def _load(self) -> Encoder:
        with self._lock:
            if self._encoder is None:
                from agentcore_minilm._encoder import Encoder

                self._encoder = Encoder()
            return self._encoder

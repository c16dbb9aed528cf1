"""Any server that speaks OpenAI's ``/embeddings``: OpenAI, Ollama, vLLM, llama.cpp, LM Studio …"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from agentcore.errors import ConfigError
from agentcore_vectorstore.errors import EmbedderError, EmbedderNotFoundError

if TYPE_CHECKING:
    import httpx2
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["OpenAIEmbedder"]

_URL: Final = "https://api.openai.com/v1"
_BATCH: Final = 128
"""Texts in one request; servers take at least as many."""
_TRIES: Final = 4
_PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Status codes after which the same request may succeed."""
_LONGEST_WAIT: Final = 30.0
"""Seconds between two tries, whatever the server asks for."""


class OpenAIEmbedder:
    """``embedder="openai:text-embedding-3-small"``; the server is that of ``OPENAI_BASE_URL``."""

    fingerprint: str = ""
    """What a server runs under a name cannot be known."""

    def __init__(
        self, model: str = "", *, url: str | None = None, key: str | None = None, timeout: float = 60.0
    ) -> None:
        """Prepare, and ask nothing yet.

        Args:
            model: As the server calls it.
            url: Up to ``/v1``; None takes ``OPENAI_BASE_URL``, else OpenAI's.
            key: None takes ``OPENAI_API_KEY``; a server without keys needs none.
            timeout: Seconds for one request.

        Raises:
            EmbedderNotFoundError: No model is named.
        """
        if not model:
            raise EmbedderNotFoundError(
                "the embedder 'openai' needs the name of a model", hint="write 'openai:text-embedding-3-small'."
            )
        self.id = f"openai:{model}"
        self._model = model
        self._url = (url or os.environ.get("OPENAI_BASE_URL") or _URL).rstrip("/")
        self._key = key or os.environ.get("OPENAI_API_KEY") or ""
        self._timeout = timeout
        self._lock = threading.Lock()

    @cached_property
    def dimension(self) -> int:
        """Numbers in each vector, which a first request tells."""
        return int(self.embed(["dimension"]).shape[1])

    @cached_property
    def _client(self) -> httpx2.Client:
        import httpx2

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            return httpx2.Client(base_url=f"{self._url}/", headers=headers, timeout=self._timeout)
        except (httpx2.InvalidURL, UnicodeEncodeError) as error:
            raise ConfigError(
                f"no request can be sent to {self._url!r}: {type(error).__name__}",
                hint="see OPENAI_BASE_URL and OPENAI_API_KEY.",
            ) from None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text, in order.  Blocks, and goes over the network.

        Raises:
            EmbedderError: The server cannot be reached, refuses, or answers with something else.
        """
        import numpy as np

        rows = [row for start in range(0, len(texts), _BATCH) for row in self._asked(texts[start : start + _BATCH])]
        try:
            return np.array(rows, dtype=np.float32)
        except ValueError as error:
            raise self._fault("answered with something that is no array of numbers") from error

    def _asked(self, texts: Sequence[str]) -> list[Any]:
        answer = self._sent({"model": self._model, "input": list(texts), "encoding_format": "float"})
        try:
            data = sorted(answer["data"], key=lambda each: each.get("index", 0))
            rows = [each["embedding"] for each in data]
        except (KeyError, TypeError, AttributeError) as error:
            raise self._fault("answered with something that holds no embeddings") from error
        if len(rows) != len(texts):
            raise self._fault(f"answered with {len(rows)} vectors for {len(texts)} texts")
        return rows

    def _sent(self, body: dict[str, Any]) -> Any:
        import httpx2

        with self._lock:
            client = self._client
        for attempt in range(1, _TRIES + 1):
            try:
                response = client.post("embeddings", json=body)
            except httpx2.HTTPError as error:
                if attempt == _TRIES or not isinstance(error, httpx2.TransportError):
                    raise self._fault(f"cannot be reached: {type(error).__name__}: {error}") from error
                time.sleep(_delay(attempt, None))
                continue
            if response.status_code not in _PASSING or attempt == _TRIES:
                return self._read(response)
            time.sleep(_delay(attempt, response.headers.get("Retry-After")))
        raise AssertionError("the last try returns or raises")

    def _read(self, response: httpx2.Response) -> Any:
        if response.status_code in (401, 403):
            raise self._fault("refused the key", hint="set OPENAI_API_KEY.")
        if response.status_code != 200:
            raise self._fault(f"answered with status {response.status_code}: {response.text[:200]}")
        try:
            return response.json()
        except ValueError as error:
            raise self._fault("answered with something that is no JSON") from error

    def _fault(self, what: str, *, hint: str = "") -> EmbedderError:
        return EmbedderError(f"the server of embedder {self.id!r}, {self._url}, {what}", hint=hint)


def _delay(attempt: int, asked: str | None) -> float:
    """Seconds until the next try: what the server asked for, else 0.5, 1, 2 …"""
    try:
        return min(_LONGEST_WAIT, max(0.0, float(asked or "")))
    except ValueError:
        return 0.25 * 2.0**attempt
